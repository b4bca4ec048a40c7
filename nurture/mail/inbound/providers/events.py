"""One thing that a provider tells, as a value, and how its parts are made. What is missing or of another type
is passed over."""

import hashlib
import json
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class About:
    """What a provider `said` of one mail to one reader, whatever it says: its own name (`key`) for that, the
    reader's `address`, the `ids` under which the mail may be known, and its return path (`sender`)."""

    said: Mapping[str, Any]
    key: str
    address: str
    ids: Sequence[str]
    sender: str = ""

    def failed(self, failed: Failed) -> tuple[Failed, ...]:
        """The reader as the one whom it did not reach; nobody where no address can be read."""
        return tuple(replace(failed, address=one) for one in addresses_in(self.address)[:1])

    def event(self, report: Report) -> Event:
        """The report, with the names of the mail."""
        named = tuple(one.strip().strip("<>") for one in self.ids if one and len(one) < 400)
        return event_of(self.said, self.key, replace(report, message_ids=named, tokens=tokens(self.sender)))


def bounced(
    about: About,
    refusal: Refusal,
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
    return about.event(
        Report(
            kind=kind,
            reason=reason,
            recipients=about.failed(Failed("", kind, reason, verdict.counts, verdict.status, diagnostic)),
            status=verdict.status,
            diagnostic=diagnostic,
            sentence=bounces.sentence(reason),
            counts=verdict.counts,
        )
    )


def complained(about: About, word: str = "abuse") -> Event:
    """`word`: the kind of complaint as the provider calls it (RFC 5965, section 7.3)."""
    kind = IGNORE if word == "not-spam" else COMPLAINT
    return about.event(
        Report(
            kind=kind,
            reason=word[:40] or "abuse",
            recipients=about.failed(Failed("", kind, word, False, "", "")),
            sentence=_("The reader has marked the mail as unwanted."),
        )
    )


def left(about: About) -> Event:
    """The reader wants no more mails."""
    return about.event(
        Report(
            kind=UNSUBSCRIBED,
            recipients=about.failed(Failed("", UNSUBSCRIBED, "", False, "", "")),
            sentence=_("The reader has unsubscribed by a means of the provider."),
            leaves=True,
        )
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
