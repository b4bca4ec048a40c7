"""What mail providers post: their words for bounces and complaints, read into reports.

Shapes as the providers document them: Amazon SES through SNS, Mailgun, Postmark, SendGrid, Mailjet, and a
plain one for everything else. What is missing or of another type is passed over; reading never fails.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nurture.mail.inbound.fields import addresses_in
from nurture.mail.inbound.report import (
    COMPLAINT,
    HARD,
    IGNORE,
    SOFT,
    UNKNOWN,
    Failed,
    Report,
)
from nurture.mail.inbound.traces import tokens
from nurture.rules import bounces
from nurture.rules.bounces import Refusal
from nurture.rules.words import _

SUBSCRIPTION = "subscription"
_MOST_EVENTS = 1_000
_FILTER = re.compile(r"\.(?:filter|recvd)")
# What Postmark files under bounces without anything having bounced.
_NO_BOUNCES = frozenset(("AutoResponder", "Subscribe", "OpenRelayTest", "ChallengeVerification"))


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a provider tells. `key` is the provider's own name for it, so that telling it again changes
    nothing; `raw` is what it said, as JSON."""

    key: str
    report: Report
    raw: bytes


class NotReadable(ValueError):
    """The body is no JSON of the kind that this provider posts."""


def read_events(provider: str, body: bytes) -> list[Event]:
    """The events in a body; those of no concern (opens, deliveries) are left out. Raises NotReadable."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise NotReadable(str(fault)) from fault
    return [one for one in PROVIDERS[provider](said) if one is not None][:_MOST_EVENTS]


def _ses(said: Any) -> Iterator[Event | None]:
    """A notification of SNS around one of SES, or that one alone (raw delivery)."""
    outer = _object(said)
    kind = _text(outer, "Type")
    if kind in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
        yield _subscription(outer)
        return
    inner = outer
    if kind == "Notification":
        try:
            inner = _object(json.loads(_text(outer, "Message") or "{}"))
        except (ValueError, RecursionError) as fault:
            raise NotReadable(str(fault)) from fault
    told = (_text(inner, "notificationType") or _text(inner, "eventType")).lower()
    mail = _object(inner.get("mail"))
    ids = [_text(_object(mail.get("commonHeaders")), "messageId"), *_header(mail, "message-id"),
           _text(mail, "messageId")]  # fmt: skip
    source = _text(mail, "source")
    if told == "bounce":
        detail = _object(inner.get("bounce"))
        permanent = _text(detail, "bounceType").lower() == "permanent"
        sub = _text(detail, "bounceSubType").lower()
        for one in _objects(detail.get("bouncedRecipients")):
            refusal = Refusal(
                _text(one, "status"), _text(one, "action").lower(), [_text(one, "diagnosticCode")]
            )
            yield _bounced(
                said, inner, f"{_text(detail, 'feedbackId')}:{_text(one, 'emailAddress')}", refusal,
                _text(one, "emailAddress"), ids, source,
                # Their own list of addresses that bounced before says so of the address as well.
                hard=permanent and sub in ("noemail", "suppressed", "onaccountsuppressionlist", "general")
                and not _mild(refusal),
            )  # fmt: skip
    elif told == "complaint":
        detail = _object(inner.get("complaint"))
        for one in _objects(detail.get("complainedRecipients")):
            key = f"{_text(detail, 'feedbackId')}:{_text(one, 'emailAddress')}"
            yield _complained(inner, key, _text(one, "emailAddress"), ids, source,
                              _text(detail, "complaintFeedbackType"))  # fmt: skip


def _mailgun(said: Any) -> Iterator[Event | None]:
    data = _object(_object(said).get("event-data"))
    told, severity = _text(data, "event"), _text(data, "severity")
    message = _object(data.get("message"))
    ids = [_text(_object(message.get("headers")), "message-id")]
    sender = _text(_object(data.get("envelope")), "sender")
    address, key = _text(data, "recipient"), _text(data, "id")
    if told == "failed":
        status = _object(data.get("delivery-status"))
        words = [_text(status, "message"), _text(status, "description")]
        code = _text(status, "code")
        replies = [f"{code} {word}" if code[:1] in "45" and code else word for word in words if word]
        action = bounces.DELAYED if severity == "temporary" else "failed"
        refusal = Refusal(_text(status, "enhanced-code"), action, replies or [code])
        listed = _text(data, "reason") in ("suppress-bounce",)
        yield _bounced(said, data, key, refusal, address, ids, sender, hard=listed)
    elif told == "complained":
        yield _complained(data, key, address, ids, sender, "abuse")


def _postmark(said: Any) -> Iterator[Event | None]:
    one = _object(said)
    told, kind = _text(one, "RecordType"), _text(one, "Type")
    address, key = _text(one, "Email"), f"{told}:{_text(one, 'ID')}"
    ids = [
        value
        for name, value in _object(one.get("Metadata")).items()
        if name == "message_id" and isinstance(value, str)
    ] + [_text(one, "MessageID")]
    if told == "SpamComplaint" or kind == "SpamComplaint":
        yield _complained(one, key, address, ids, "", "abuse")
    elif told == "Bounce" and kind not in (
        "AutoResponder",
        "Subscribe",
        "OpenRelayTest",
        "ChallengeVerification",
    ):
        refusal = Refusal(
            "", "", [text for text in (_text(one, "Details"), _text(one, "Description")) if text]
        )
        yield _bounced(said, one, key, refusal, address, ids, "",
                       hard=kind in ("HardBounce", "BadEmailAddress") and not _mild(refusal))  # fmt: skip


def _sendgrid(said: Any) -> Iterator[Event | None]:
    for one in _objects(said if isinstance(said, list) else [said]):
        told, address = _text(one, "event"), _text(one, "email")
        # What stands before the dot of their filter is the name they gave when they took the mail.
        own = _FILTER.split(_text(one, "sg_message_id"))[0]
        ids = [_text(one, "smtp-id"), _text(one, "message_id"), own]
        key = _text(one, "sg_event_id") or _digest(one)
        if told in ("bounce", "dropped"):
            refusal = Refusal(_text(one, "status"), "", [_text(one, "reason")])
            listed = told == "dropped" and _text(one, "reason").lower() in ("bounced address", "invalid")
            blocked = _text(one, "type") == "blocked"
            hard = listed or (told == "bounce" and not blocked and not _mild(refusal))
            yield _bounced(said, one, key, refusal, address, ids, "", hard=hard)
        elif told == "spamreport":
            yield _complained(one, key, address, ids, "", "abuse")


def _mailjet(said: Any) -> Iterator[Event | None]:
    for one in _objects(said if isinstance(said, list) else [said]):
        told, address = _text(one, "event"), _text(one, "email")
        ids = [_text(one, "CustomID")]
        key = ":".join((told, _text(one, "MessageID"), _text(one, "time"), address))
        if told in ("bounce", "blocked"):
            refusal = Refusal("", "", [_text(one, "error"), _text(one, "comment")])
            gone = one.get("hard_bounce") is True and told == "bounce"
            yield _bounced(said, one, key, refusal, address, ids, "", hard=gone and not _mild(refusal))
        elif told == "spam":
            yield _complained(one, key, address, ids, "", "abuse")


def _generic(said: Any) -> Iterator[Event | None]:
    """`{type: bounce|complaint, kind?: hard|soft, recipient?, message_id?, token?, status?, reply?, id?}`,
    one or a list."""
    for one in _objects(said if isinstance(said, list) else [said]):
        address, key = _text(one, "recipient"), _text(one, "id") or _digest(one)
        ids, token = [_text(one, "message_id")], _text(one, "token")
        sender = f"b+{token}@-" if token else ""
        if _text(one, "type") == "bounce":
            refusal = Refusal(_text(one, "status"), "", [_text(one, "reply")])
            given = _text(one, "kind")
            yield _bounced(
                said, one, key, refusal, address, ids, sender, hard=given == HARD, soft=given == SOFT
            )
        elif _text(one, "type") == "complaint":
            yield _complained(one, key, address, ids, sender, "abuse")


PROVIDERS: Mapping[str, Callable[[Any], Iterator[Event | None]]] = {
    "ses": _ses,
    "mailgun": _mailgun,
    "postmark": _postmark,
    "sendgrid": _sendgrid,
    "mailjet": _mailjet,
    "generic": _generic,
}


def _bounced(
    whole: Any,
    said: Mapping[str, Any],
    key: str,
    refusal: Refusal,
    address: str,
    ids: list[str],
    sender: str,
    *,
    hard: bool = False,
    soft: bool = False,
) -> Event:
    verdict = bounces.judge(refusal)
    kind = HARD if hard else SOFT if soft else verdict.kind
    reason = verdict.reason
    diagnostic = " ".join(" ".join(refusal.replies).split())[:1_000]
    found = addresses_in(address)
    return _event(
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


def _complained(
    said: Mapping[str, Any], key: str, address: str, ids: list[str], sender: str, word: str
) -> Event:
    kind = IGNORE if word == "not-spam" else COMPLAINT
    return _event(
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


def _subscription(said: Mapping[str, Any]) -> Event:
    """The provider asks whether it may post here. The address to say yes is shown to a person, who follows
    it: it is never fetched from here."""
    url = _text(said, "SubscribeURL")
    topic = _text(said, "TopicArn")
    words = _("Amazon SNS asks to confirm {topic}: {url}").format(topic=topic, url=url)
    report = Report(
        kind=SUBSCRIPTION if url else UNKNOWN, reason="sns", subject=topic[:300], text=words[:4_000]
    )
    return _event(said, f"{_text(said, 'Type')}:{_text(said, 'MessageId')}", report)


def _event(said: Mapping[str, Any], key: str, report: Report) -> Event:
    return Event(
        key[:500] or _digest(said),
        report,
        json.dumps(said, ensure_ascii=False, default=str).encode("utf-8", "replace"),
    )


def _mild(refusal: Refusal) -> bool:
    """Whether the words name a passing or foreign trouble, whatever the provider calls it."""
    verdict = bounces.judge(refusal)
    return verdict.kind == SOFT and verdict.reason != bounces.UNCLEAR


def _ids(ids: list[str]) -> tuple[str, ...]:
    return tuple(one.strip().strip("<>") for one in ids if one and len(one) < 400)


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)[:100]
    if not isinstance(value, str):
        return ""
    # JSON can hold halves of surrogate pairs and NUL; nothing behind this can.
    return value[:20_000].replace("\x00", "").encode("utf-8", "replace").decode()


def _header(mail: Mapping[str, Any], name: str) -> list[str]:
    headers = _objects(mail.get("headers"))
    return [_text(one, "value") for one in headers if _text(one, "name").lower() == name]
