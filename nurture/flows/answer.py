"""Sales answers a hand-off: the stage moves, the lead goes on or rests, and everyone who listens hears."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.enroll import enter_programs
from nurture.flows.leave import leave_all
from nurture.flows.reach_goals import leave_reached
from nurture.flows.routing import response_rule
from nurture.rules import stages as funnel
from nurture.rules.happened import fault_of_date
from nurture.rules.messages import instant
from nurture.rules.sales_signals import KIND_OF
from nurture.rules.stages import Move
from nurture.rules.words import _
from nurture.rules.working_time import working_between
from nurture.store import enrollments, handoffs, signals, stages
from nurture.store.audit import audit
from nurture.store.handoffs import Handoff, HandoffOutcome
from nurture.store.signals import SALES
from nurture.store.webhooks import Message, write_messages
from nurture.webhooks import payload

MAX_REASON = 500
MAX_NOTE = 5000
_MAX_AMOUNT = Decimal("999999999999.99")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NEED_A_DATE = ("meeting", "later")
_ENDS = ("rejected", "later", "won", "lost")
_FIRST_CONTACT = ("contacted", "meeting", "won")
_TAKEN_ON = ("accepted", "meeting", "won")


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer of sales. `outcome`: accepted, rejected, contacted, meeting, later, won, lost; `at` when the
    meeting is, or when to come back to the lead; `currency` an ISO 4217 code."""

    outcome: str
    reason: str = ""
    amount: Decimal | None = None
    currency: str | None = None
    at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """Where the hand-off and its lead stand now; `new` is false when the same answer was there already."""

    handoff_id: int
    state: str
    stage: str
    new: bool


def answer(session: Session, handoff_id: int, outcome: Outcome, *, by: str, now: datetime) -> Answered:
    """Take an answer of sales in the caller's transaction. The last answer, given again, changes nothing; a
    won deal that is told with another amount has that amount from then on, and nothing else changes.

    Raises Invalid (all faults), NotFound, or Conflict with a sentence when the hand-off does not take it.
    """
    _check(outcome, now)
    handoff = handoffs.locked(session, handoff_id)
    if handoff is None:
        raise NotFound(_("There is no such hand-off."))
    move = funnel.after(
        outcome.outcome, outcome.reason, came_from=stages.ripened_from(session, handoff.lead_id)
    )
    if _is_repeated(session, handoff, outcome):
        return Answered(handoff.id, handoff.state, handoffs.stage_of(session, handoff.lead_id), new=False)
    if handoff.state == outcome.outcome == "won" and outcome.amount is not None:
        return _amend(session, handoff, outcome, by, now)
    if not funnel.takes(handoff.state, outcome.outcome):
        raise Conflict(_refusal(handoff.state))
    accepted_before = handoff.accepted_at is not None
    record = _record(session, handoff, outcome, by, now)
    _set_clock(session, handoff, outcome, now)
    _move_lead(session, handoff, outcome, move, by, now)
    signals.add(session, [_signal(handoff, record, outcome, now)], now=now)
    _tell(session, handoff, record, outcome, accepted_before=accepted_before, now=now)
    detail = {"outcome": outcome.outcome}
    audit(session, by, "handoff.answered", f"handoff:{handoff.id}", now=now, detail=detail)
    return Answered(handoff.id, handoff.state, move.stage, new=True)


def _amend(session: Session, handoff: Handoff, outcome: Outcome, by: str, now: datetime) -> Answered:
    record = _write_down(session, handoff, outcome, by, now)
    _tell(session, handoff, record, outcome, accepted_before=True, now=now)
    audit(session, by, "handoff.answered", f"handoff:{handoff.id}", now=now, detail={"outcome": "won"})
    return Answered(handoff.id, handoff.state, handoffs.stage_of(session, handoff.lead_id), new=True)


def _check(outcome: Outcome, now: datetime) -> None:
    faults: dict[str, list[str]] = {}
    if outcome.outcome not in funnel.OUTCOMES:
        faults["outcome"] = [_("The outcome is one of: ") + ", ".join(funnel.OUTCOMES) + "."]
    if fault := _date_fault(outcome, now):
        faults["at"] = [fault]
    if outcome.amount is not None and not _is_money(outcome.amount):
        faults["amount"] = [_("The amount is a number from 0 up, with two decimals at most.")]
    if outcome.currency is not None and not _CURRENCY.fullmatch(outcome.currency):
        faults["currency"] = [_("The currency is a code of three capital letters, such as EUR.")]
    if len(outcome.reason) > MAX_REASON:
        faults["reason"] = [_("The reason is longer than 500 characters.")]
    if len(outcome.note) > MAX_NOTE:
        faults["note"] = [_("The note is longer than 5000 characters.")]
    if faults:
        raise Invalid(" ".join(sentence for sentences in faults.values() for sentence in sentences), faults)


def _is_money(amount: Decimal) -> bool:
    return amount.is_finite() and 0 <= amount <= _MAX_AMOUNT and amount == round(amount, 2)


def _date_fault(outcome: Outcome, now: datetime) -> str | None:
    if outcome.at is None:
        return _("Say when: a date and time.") if outcome.outcome in _NEED_A_DATE else None
    if outcome.at.tzinfo is None:
        return _("The date needs its time zone.")
    if outcome.outcome == "later" and outcome.at <= now:
        return _("The date to come back to the lead lies in the past.")
    return fault_of_date(outcome.at)


def _is_repeated(session: Session, handoff: Handoff, outcome: Outcome) -> bool:
    last = handoffs.last_outcome(session, handoff.id)
    return last is not None and outcome == Outcome(
        last.outcome, last.reason, last.amount, last.currency, last.happens_at, last.note
    )


def _refusal(state: str) -> str:
    if state == "waiting":
        return _("This hand-off has not been released to sales yet.")
    if state == "withdrawn":
        return _("This hand-off was withdrawn before it reached sales.")
    if state in _ENDS:
        return _("This hand-off is closed: its outcome is ") + state + "."
    return _("This answer does not follow the one before, which is ") + state + "."


def _record(session: Session, handoff: Handoff, outcome: Outcome, by: str, now: datetime) -> HandoffOutcome:
    handoff.state = outcome.outcome
    if outcome.outcome in _TAKEN_ON:
        handoff.accepted_at = handoff.accepted_at or now
    if outcome.outcome in _FIRST_CONTACT:
        handoff.contacted_at = handoff.contacted_at or now
    if outcome.outcome in _ENDS:
        handoff.closed_at = now
    return _write_down(session, handoff, outcome, by, now)


def _write_down(
    session: Session, handoff: Handoff, outcome: Outcome, by: str, now: datetime
) -> HandoffOutcome:
    record = HandoffOutcome(
        handoff_id=handoff.id,
        outcome=outcome.outcome,
        reason=outcome.reason,
        amount=outcome.amount,
        currency=outcome.currency,
        happens_at=outcome.at,
        note=outcome.note,
        at=now,
        by=by,
    )
    session.add(record)
    session.flush()
    return record


def _set_clock(session: Session, handoff: Handoff, outcome: Outcome, now: datetime) -> None:
    """Sales has spoken: the silence begins anew, after the date of a meeting; a first contact stops the
    response clock for good."""
    closed = handoff.closed_at is not None
    handoff.asked_at = None
    handoff.silent_since = max(now, outcome.at) if outcome.outcome == "meeting" and outcome.at else now
    handoff.watch_at = None if closed or handoff.owner_id is None else now
    if outcome.outcome == "meeting" and handoff.heat_before is None:
        handoff.heat_before = handoffs.heat_of(session, handoff.lead_id)
    if handoff.contacted_at is not None and handoff.response_s is None and handoff.released_at is not None:
        rule = response_rule(session, handoff.team_id)
        worked = working_between(handoff.released_at, handoff.contacted_at, rule.hours, rule.zone)
        handoff.response_s = round(worked.total_seconds())


def _move_lead(
    session: Session, handoff: Handoff, outcome: Outcome, move: Move, by: str, now: datetime
) -> None:
    reason = f"{outcome.outcome}: {outcome.reason}" if outcome.reason else outcome.outcome
    stages.move(session, [stages.StageMove(handoff.lead_id, move.stage, reason)], now=now, by=by)
    future_at = outcome.at if outcome.outcome == "later" else None
    handoffs.return_lead(session, handoff.lead_id, arms=move.arms, future_at=future_at)
    if move.ends_nurturing:
        leave_reached(session, [handoff.lead_id], now=now)
        leave_all(session, [handoff.lead_id], move.stage, now=now)
    if outcome.outcome in _ENDS:
        enrollments.wake_left_by_sales(session, [handoff.lead_id], now)
    if move.arms:
        enter_programs(session, [handoff.lead_id], now=now)


def _signal(handoff: Handoff, record: HandoffOutcome, outcome: Outcome, now: datetime) -> signals.NewSignal:
    """What sales said, as a signal of the lead; a date of a meeting once, however often it is told."""
    at = instant(outcome.at) if outcome.at is not None else None
    by_date = outcome.outcome == "meeting"
    amount = None if outcome.amount is None else float(outcome.amount)
    said = {"reason": outcome.reason, "amount": amount, "currency": outcome.currency, "at": at}
    return signals.NewSignal(
        lead_id=handoff.lead_id,
        kind=KIND_OF[outcome.outcome],
        occurred_at=now,
        source=SALES,
        key=f"handoff:{handoff.id}:meeting:{at}" if by_date else f"outcome:{record.id}",
        data={name: value for name, value in said.items() if value not in (None, "")},
    )


def _tell(
    session: Session,
    handoff: Handoff,
    record: HandoffOutcome,
    outcome: Outcome,
    *,
    accepted_before: bool,
    now: datetime,
) -> None:
    told = payload.outcome(handoff.id, handoff.lead_id, _given(outcome), record.by)
    messages = [Message("handoff.outcome", told, handoff.lead_id, f"handoff.outcome:{record.id}")]
    if handoff.accepted_at is not None and not accepted_before:
        accepted = payload.handed_over(handoff.id, handoff.lead_id, record.by, now)
        key = f"lead.handed_over:{handoff.id}"
        messages.append(Message("lead.handed_over", accepted, handoff.lead_id, key))
    write_messages(session, messages, now=now)


def _given(outcome: Outcome) -> dict[str, Any]:
    return {
        "outcome": outcome.outcome,
        "reason": outcome.reason or None,
        "amount": outcome.amount,
        "currency": outcome.currency,
        "at": outcome.at,
        "note": outcome.note or None,
    }
