"""What the newest delivery of a step or a newsletter says by itself."""

from collections.abc import Mapping
from datetime import datetime

from nurture.rules.why.values import NO, NOT_YET, SENT, Answer, Around, MailRecord
from nurture.rules.why.wording import EXITS, NOT_SENT


def _by(
    mail: MailRecord, state: str, reason: str, at: datetime | None, detail: Mapping[str, str] | None = None
) -> Answer:
    """An answer that rests on a delivery."""
    return Answer(state, reason, at, detail or {}, delivery_id=mail.id, consent_id=mail.consent_id)


def under_way(around: Around, mail: MailRecord) -> Answer:
    """A mail that exists and has not come to its end."""
    if mail.state in ("leased", "sending"):
        return _by(mail, NOT_YET, "sending", mail.created_at)
    held = _held_by_all(around)
    if held:
        return _by(mail, NOT_YET, held, None)
    if mail.state == "deferred":
        reason = mail.reason if mail.reason == "broken_off" else "put_off"
        return _by(mail, NOT_YET, reason, mail.due_at)
    waits = mail.reason in ("window", "own_pause")
    return _by(mail, NOT_YET, mail.reason if waits else "sending", mail.due_at)


def _held_by_all(around: Around) -> str:
    if around.stopped:
        return "stopped"
    if not around.live:
        return "not_live"
    if around.program_state == "paused":
        return "program_paused"
    return "chain_paused" if around.chain_paused else ""


def of_mail(mail: MailRecord) -> Answer:
    at = mail.sent_at or mail.settled_at or mail.created_at
    if mail.state == "uncertain":
        return _by(mail, SENT, "uncertain", at)
    if mail.state == "sent":
        return _by(mail, SENT, "bounced" if mail.bounced_at else "", at)
    return _by(mail, NO, plain(mail.reason or mail.state), at, told(mail.reason))


def plain(reason: str) -> str:
    """A recorded reason as the name of a clause; what follows a colon is its detail."""
    name = reason.partition(":")[0].strip()
    return name if name in NOT_SENT else "other"


def told(reason: str) -> dict[str, str]:
    name, _colon, more = reason.partition(":")
    return {"more": EXITS.get(more.strip(), more.strip()), "name": name.strip().replace("_", " ")}
