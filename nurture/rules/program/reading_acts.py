"""The plain form of steps that divide leads, or tell others of them."""

import json
import re
from typing import Any

from nurture.rules import addresses
from nurture.rules.program.kinds import ROLES
from nurture.rules.program.steps import CallWebhook, EmitSignal, HoldOut, Notify
from nurture.rules.tables import NAME, Table
from nurture.rules.words import _

_FEWEST, _MOST_WAYS = 2, 20
_HEAVIEST = 1_000_000
_LONGEST = 5_000
_MOST_ADDRESSES = 20
_LARGEST = 20_000
_DEEPEST = 10
# Scheme, host and port are written out: who is posted to is never a lead's to say.
_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:[/?].*)?")
# Words that mean something else in a step.
_TAKEN = ("key", "split", "then", "else", "steps", "when")


def split_weights(table: Table) -> tuple[str, dict[str, float]]:
    """The name of a split, and its ways with their weights."""
    inside = table.table("split")
    name = inside.name("name")
    given = inside.table("weights")
    weights = {arm: _weight(given, arm) for arm in given.raw if isinstance(arm, str) and _is_way(given, arm)}
    if not given.raw or len(given.raw) < _FEWEST or len(given.raw) > _MOST_WAYS:
        inside.expected("weights", _("at least two ways with their weights, such as {a: 50, b: 50}"))
    elif weights and not sum(weights.values()):
        inside.expected("weights", _("at least one weight above zero"))
    inside.done()
    return name, weights


def _is_way(weights: Table, arm: str) -> bool:
    if arm in _TAKEN or not NAME.fullmatch(arm):
        weights.fault(
            arm, _('A way of a split has a name of its own, such as a, not "{name}".').format(name=arm)
        )
        return False
    return True


def _weight(weights: Table, arm: str) -> float:
    return weights.number(arm, 0.0, least=0, most=_HEAVIEST)


def hold_out(table: Table, key: str) -> HoldOut:
    raw = table.get("holdout")
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return HoldOut(key, table.number("holdout", 0.0, least=0, most=100), key)
    inside = table.table("holdout")
    if inside.get("percent") is None:
        inside.expected("percent", _("a number from {a} to {b}").format(a="0", b="100"))
    percent = inside.number("percent", 0.0, least=0, most=100)
    name = inside.name("name", key)
    inside.done()
    return HoldOut(key, percent, name)


def record_signal(table: Table, key: str) -> EmitSignal:
    inside = table.table("signal")
    kind = inside.name("kind")
    data = inside.get("data")
    if data is not None and (not isinstance(data, dict) or not _is_plain(data)):
        inside.expected("data", _("names with plain values"))
        data = None
    inside.done()
    return EmitSignal(key, kind, data or {})


def notify(table: Table, key: str) -> Notify:
    inside = table.table("notify")
    owner = inside.flag("owner")
    role = inside.choice("role", ROLES, "")
    to = _addresses(inside)
    if not (owner or role or inside.raw.get("to")):
        inside.fault("owner", _("Say who is told: owner: true, a role, or to: an address."))
    subject = inside.text("subject")
    if inside.get("text") is None:
        inside.expected("text", _("what is told"))
    text = inside.text("text", most=_LONGEST)
    inside.done()
    return Notify(key, owner, role, to, subject, text)


def _addresses(table: Table) -> tuple[str, ...]:
    given = table.many("to")
    good = tuple(one.strip() for one in given if isinstance(one, str) and addresses.check(one).norm)
    if len(good) != len(given) or len(good) > _MOST_ADDRESSES:
        table.expected("to", _("one or more e-mail addresses, at most {n}").format(n=_MOST_ADDRESSES))
    return good


def webhook(table: Table, key: str) -> CallWebhook:
    inside = table.table("webhook")
    url = inside.get("url")
    if not isinstance(url, str) or not _URL.fullmatch(url.strip()) or len(url) > 2000:
        inside.expected("url", _("an address such as https://crm.example/hooks, its host written out"))
        url = ""
    body = inside.get("body")
    if body is not None and not _is_plain(body):
        inside.expected("body", _("plain values, not too many and not too deep"))
        body = None
    inside.done()
    return CallWebhook(key, url.strip(), body)


def _is_plain(value: Any) -> bool:
    """Whether a value is JSON of a reasonable size."""
    if not _shallow(value, _DEEPEST):
        return False
    try:
        return len(json.dumps(value, allow_nan=False)) <= _LARGEST
    except (TypeError, ValueError):
        return False


def _shallow(value: Any, left: int) -> bool:
    if isinstance(value, dict):
        return left > 0 and all(isinstance(k, str) and _shallow(v, left - 1) for k, v in value.items())
    if isinstance(value, list):
        return left > 0 and all(_shallow(one, left - 1) for one in value)
    return True
