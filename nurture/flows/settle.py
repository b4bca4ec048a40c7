"""What follows from the outcome of a delivery, in the transaction that records it: the enrolment goes on,
a wrong address is suppressed, listeners hear of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from nurture.rules.addresses import normalise
from nurture.rules.bounces import HARD, SOFT, Refusal, judge
from nurture.store import deliveries, doubt, inbound, newsletters, pacing, suppressions, webhooks
from nurture.store.deliveries import Outcome, Recorded
from nurture.store.enrollments import Settled, settle_sends
from nurture.store.suppressions import NewSuppression
from nurture.store.webhooks import Message

# Why a delivery failed whose address is wrong.
BOUNCED = "bounced"
# Long enough for what was lost on the way to be heard of: a bounce, an opening, a look into the relay's log.
RESENT_AFTER = timedelta(minutes=15)
# A delivery that has come to its end, with the state and the reason.
_End = tuple[int, str, str]


def record(
    session: Session,
    outcomes: Sequence[Outcome],
    *,
    host: str,
    pepper: bytes,
    heard: bool,
    now: datetime,
    transport: str = "",
    softs: int = 5,
) -> list[Recorded]:
    """Write the outcomes and what follows from them; those that were taken. `heard`: an endpoint listens
    to `delivery.sent`; `transport`: the key of the one that carried them; `softs`: so many soft bounces in a
    row give an address up."""
    outcomes = _decided(session, outcomes, now)
    recorded = deliveries.record(session, outcomes, host=host, now=now, transport=transport)
    untried = {one.delivery_id for one in outcomes if not one.tried}
    pacing.take_back(session, [one.delivery_id for one in recorded if one.delivery_id in untried])
    reasons = {one.delivery_id: one.reason for one in outcomes}
    ended = [one for one in recorded if one.settled]
    _settle_runs(session, [_end(one, reasons) for one in ended if one.of_chain], now)
    newsletters.settled(session, [_end(one, reasons) for one in ended if one.of_newsletter], now=now)
    bounced = {one.delivery_id: one for one in outcomes if one.bounced}
    back = [bounced[one.delivery_id] for one in recorded if one.delivery_id in bounced]
    inbound.mark(session, [one.delivery_id for one in back], inbound.BOUNCED, now=now)
    sent = [one.delivery_id for one in recorded if one.state == "sent"] if heard else []
    if back or sent:
        told = deliveries.told(session, [*(one.delivery_id for one in back), *sent])
        _suppress(session, back, told, pepper, softs, now)
        _tell(session, back, sent, told, now)
    return recorded


def settle_skipped(session: Session, reasons: Mapping[int, str], *, now: datetime) -> None:
    """Deliveries that ended as skipped, each for its reason."""
    settle(session, [(one, "skipped", reason) for one, reason in reasons.items()], now=now)


def settle(session: Session, ends: Sequence[_End], *, now: datetime) -> None:
    """Deliveries (id, state, reason) that have come to their end: whatever waited for them goes on."""
    _settle_runs(session, ends, now)
    newsletters.settled(session, ends, now=now)


def _settle_runs(session: Session, ends: Sequence[_End], now: datetime) -> None:
    settle_sends(session, [Settled(*one) for one in ends], now=now)


def _end(one: Recorded, reasons: Mapping[int, str]) -> _End:
    return one.delivery_id, one.state, reasons[one.delivery_id]


def _decided(session: Session, outcomes: Sequence[Outcome], now: datetime) -> Sequence[Outcome]:
    """The outcomes, with those in doubt that somebody has looked at meanwhile taken for sent, and the others
    put off to another try where that is the policy."""
    doubtful = [one.delivery_id for one in outcomes if one.state == "uncertain"]
    if not doubtful:
        return outcomes
    heard = doubt.heard_of(session, doubtful)
    again = doubt.to_resend(session, doubtful) - heard
    return [_decide(one, heard, again, now) if one.state == "uncertain" else one for one in outcomes]


def _decide(one: Outcome, heard: set[int], again: set[int], now: datetime) -> Outcome:
    if one.delivery_id in heard:
        return one._replace(state="sent", reason="")
    if one.delivery_id in again:
        return one._replace(state="deferred", reason=doubt.IN_DOUBT, due_at=now + RESENT_AFTER)
    return one


def noted(end: Outcome) -> dict[str, str]:
    """An outcome as the journal keeps it; `of_note` is its inverse."""
    if end.state == "sent":  # nearly always
        own = {"remote": end.remote_id} if end.remote_id else {}
        return {"state": "sent", "reply": end.reply, "tried": "yes", **own}
    return {
        "state": end.state,
        "reason": end.reason,
        "reply": end.reply,
        "due": end.due_at.isoformat() if end.due_at else "",
        "tried": "yes" if end.tried else "",
        "bounced": "yes" if end.bounced else "",
    }


def of_note(delivery_id: int, token: int, note: Mapping[str, str]) -> Outcome:
    return Outcome(
        delivery_id,
        token,
        note["state"],
        note.get("reason", ""),
        note["reply"],
        datetime.fromisoformat(note["due"]) if note.get("due") else None,
        tried=bool(note["tried"]),
        bounced=bool(note.get("bounced")),
        remote_id=note.get("remote", ""),
    )


def _suppress(
    session: Session,
    back: Sequence[Outcome],
    told: Mapping[int, Mapping[str, Any]],
    pepper: bytes,
    softs: int,
    now: datetime,
) -> None:
    """Addresses that do not exist are not written to again, nor those that have refused `softs` in a row."""
    softly = {one.delivery_id: told[one.delivery_id]["lead_id"] for one in back if not _is_gone(one)}
    full = inbound.given_up(session, {one: lead for one, lead in softly.items() if lead}, most=softs)
    entries = [
        NewSuppression(
            suppressions.address_hash(pepper, normalise(told[one.delivery_id]["address"])),
            "hard_bounce" if _is_gone(one) else "soft_bounces",
            # Replies often quote the address; the suppression must outlive its erasure.
            detail=one.reply.replace(told[one.delivery_id]["address"], "…"),
            lead_id=told[one.delivery_id]["lead_id"],
            delivery_id=one.delivery_id,
        )
        for one in back
        if told[one.delivery_id]["address"] and (_is_gone(one) or one.delivery_id in full)
    ]
    suppressions.suppress(session, entries, now=now)


def _is_gone(outcome: Outcome) -> bool:
    return outcome.reason == BOUNCED


def _tell(
    session: Session,
    back: Sequence[Outcome],
    sent: Sequence[int],
    told: Mapping[int, Mapping[str, Any]],
    now: datetime,
) -> None:
    messages = [_message("delivery.sent", one, told[one], {"at": now}) for one in sent]
    messages += [_bounced(one, told[one.delivery_id], now) for one in back]
    webhooks.write_messages(session, messages, now=now)


def _bounced(one: Outcome, told: Mapping[str, Any], now: datetime) -> Message:
    """Under the keys that a report which comes back later has too: each is told once."""
    judged = judge(Refusal(action="failed", replies=[one.reply]))
    kind = HARD if _is_gone(one) else SOFT
    more = {"at": now, "reply": one.reply, "kind": kind, "reason": judged.reason, "status": judged.status}
    message = _message("delivery.bounced", one.delivery_id, told, more)
    return message if kind == HARD else replace(message, dedup_key=f"{message.dedup_key}:{kind}")


def _message(kind: str, delivery_id: int, told: Mapping[str, Any], more: Mapping[str, Any]) -> Message:
    data = {"delivery_id": delivery_id, **{key: told[key] for key in _TOLD}, **more}
    return Message(kind, data, told["lead_id"], f"{kind}:{delivery_id}")


_TOLD = ("lead_id", "purpose", "mail", "program", "step")
