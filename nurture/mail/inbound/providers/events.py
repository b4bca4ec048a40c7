"""One thing that a provider tells, as a value, and how its parts are made. What is missing or of another type
is passed over."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from nurture.mail.inbound.fields import addresses_in
from nurture.mail.inbound.report import COMPLAINT, HARD, IGNORE, SOFT, UNSUBSCRIBED, Failed, Report
from nurture.mail.inbound.traces import tokens
from nurture.rules import bounces
from nurture.rules import bounces_meanings as means
from nurture.rules.bounces import Refusal
from nurture.rules.words import _


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a provider tells. `key` is the provider's own name for it, so that telling it again changes
    nothing; `raw` is what it said, as JSON."""

    key: str
    report: Report
    raw: bytes


class NotReadable(ValueError):
    """The body is no JSON of the kind that this provider posts."""


def bounced(
    said: Mapping[str, Any],
    key: str,
    refusal: Refusal,
    address: str,
    ids: list[str],
    sender: str,
    *,
    hard: bool = False,
    soft: bool = False,
    unclear: str = "",
    instead: str = "",
) -> Event:
    """`hard`, `soft`: what the provider says for sure; `unclear`: its reason where the words give none;
    `instead`: its reason whatever they say."""
    verdict = bounces.judge(refusal)
    if instead or (unclear and not hard and verdict.reason == bounces.UNCLEAR):
        verdict = bounces.soft_for(instead or unclear, verdict.status)
    elif hard and verdict.reason == bounces.UNCLEAR:
        verdict = replace(verdict, reason=means.UNKNOWN_USER)
    kind = HARD if hard else SOFT if soft else verdict.kind
    reason = verdict.reason
    diagnostic = " ".join(" ".join(refusal.replies).split())[:1_000]
    found = addresses_in(address)
    return event_of(
        said,
        key,
        Report(
            kind=kind,
            reason=reason,
            recipients=tuple(
                Failed(one, kind, reason, verdict.counts, verdict.status, diagnostic) for one in found[:1]
            ),
            status=verdict.status,
            diagnostic=diagnostic,
            sentence=bounces.sentence(reason),
            counts=verdict.counts,
            message_ids=_ids(ids),
            tokens=tokens(sender),
        ),
    )


def complained(
    said: Mapping[str, Any], key: str, address: str, ids: list[str], sender: str, word: str
) -> Event:
    kind = IGNORE if word == "not-spam" else COMPLAINT
    return event_of(
        said,
        key,
        Report(
            kind=kind,
            reason=word[:40] or "abuse",
            recipients=tuple(Failed(one, kind, word, False, "", "") for one in addresses_in(address)[:1]),
            sentence=_("The reader has marked the mail as unwanted."),
            message_ids=_ids(ids),
            tokens=tokens(sender),
        ),
    )


def left(said: Mapping[str, Any], key: str, address: str, ids: list[str], sender: str) -> Event:
    return event_of(
        said,
        key,
        Report(
            kind=UNSUBSCRIBED,
            recipients=tuple(
                Failed(one, UNSUBSCRIBED, "", False, "", "") for one in addresses_in(address)[:1]
            ),
            sentence=_("The reader has unsubscribed by a means of the provider."),
            message_ids=_ids(ids),
            tokens=tokens(sender),
            leaves=True,
        ),
    )


def event_of(said: Mapping[str, Any], key: str, report: Report) -> Event:
    return Event(
        key[:500] or digest(said),
        report,
        json.dumps(said, ensure_ascii=False, default=str).encode("utf-8", "replace"),
    )


def is_mild(refusal: Refusal) -> bool:
    """Whether the words name a passing or foreign trouble, whatever the provider calls it."""
    verdict = bounces.judge(refusal)
    return verdict.kind == SOFT and verdict.reason != bounces.UNCLEAR


def _ids(ids: list[str]) -> tuple[str, ...]:
    return tuple(one.strip().strip("<>") for one in ids if one and len(one) < 400)


def digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def object_of(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def objects_of(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text_of(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)[:100]
    if not isinstance(value, str):
        return ""
    # JSON can hold halves of surrogate pairs and NUL; nothing behind this can.
    return value[:20_000].replace("\x00", "").encode("utf-8", "replace").decode()
