import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.answer import Answered, Outcome, answer
from nurture.flows.enroll import enter_programs
from nurture.flows.hand_over import hand_over
from nurture.flows.leave import leave_all
from nurture.flows.programs import load_folder
from nurture.rules.tokens import KeyRing
from nurture.store import outcomes, past_deals, readiness_now
from nurture.store.enrollments import Enrollment
from nurture.store.handoffs import Handoff, HandoffOutcome
from nurture.store.leads import Lead
from nurture.store.signals import Signal
from nurture.store.views import response
from nurture.store.webhooks import WebhookMessage
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, ripened

NEXT_WEEK = TUESDAY + timedelta(days=7)
MONDAY = TUESDAY + timedelta(days=6)


@pytest.fixture
def ada(db: Session) -> int:
    return a_lead(db)


@pytest.fixture
def handoff(db: Session, sessions: sessionmaker[Session], ada: int) -> int:
    """Ada's hand-off, released."""
    handoff_id = ripened(db, ada, a_model(db))
    hand_over(sessions, KeyRing((b"k" * 32,)), "https://nurture.example", now=TUESDAY)
    return handoff_id


def say(db: Session, handoff_id: int, outcome: str, **more) -> Answered:
    answered = answer(db, handoff_id, Outcome(outcome, **more), by="user:1", now=MONDAY)
    db.commit()
    return answered


def lead(db: Session, lead_id: int) -> Lead:
    return db.get_one(Lead, lead_id, populate_existing=True)


PROGRAM = """
program: everyone
name: Everyone
model: default
timezone: UTC
chains:
  hot:
    enter: {when: {temperature: hot}}
    reentry: {after: 1h}
    steps: [{wait: 30d}, {exit: done}]
"""


def a_program_for_all(db: Session, folder: Path) -> None:
    """A live program that every hot lead stands in."""
    (folder / "program.yaml").write_text(PROGRAM)
    load_folder(db, folder, publish=True, now=TUESDAY, by="test")
    enter_programs(db, list(db.scalars(select(Lead.id))), now=TUESDAY)
    db.commit()


def runs(db: Session) -> list[tuple[str, str | None]]:
    db.rollback()
    query = select(Enrollment.state, Enrollment.exit_reason).order_by(Enrollment.id)
    return [(state, reason) for state, reason in db.execute(query)]


def told(db: Session) -> list[str]:
    kinds = db.scalars(select(WebhookMessage.type).where(WebhookMessage.created_at == MONDAY))
    return sorted(kinds)


def test_accepting_keeps_the_lead_with_sales_and_tells_that_it_is_handed_over(
    db: Session, handoff: int, ada: int
) -> None:
    assert say(db, handoff, "accepted") == Answered(handoff, "accepted", "sales_ready", True)
    assert db.get_one(Handoff, handoff).accepted_at == MONDAY
    assert told(db) == ["handoff.outcome", "lead.handed_over"]


def test_a_meeting_makes_an_opportunity_and_a_signal(db: Session, handoff: int, ada: int) -> None:
    say(db, handoff, "accepted")
    assert say(db, handoff, "meeting", at=NEXT_WEEK).stage == "opportunity"
    signal = db.scalars(select(Signal).where(Signal.kind == "meeting_booked")).one()
    assert (signal.kind, signal.source, signal.data) == (
        "meeting_booked",
        "sales",
        {"at": "2026-03-10T10:00:00Z"},
    )
    assert db.get_one(Handoff, handoff).contacted_at == MONDAY
    assert told(db).count("lead.handed_over") == 1


def test_a_won_deal_makes_a_customer_and_keeps_the_revenue(db: Session, handoff: int, ada: int) -> None:
    say(db, handoff, "meeting", at=NEXT_WEEK)
    answered = say(db, handoff, "won", amount=Decimal("120000.50"), currency="EUR")
    assert (answered.stage, lead(db, ada).armed) == ("customer", False)
    last = db.scalars(select(HandoffOutcome).order_by(HandoffOutcome.id.desc())).first()
    assert (last.amount, last.currency) == (Decimal("120000.50"), "EUR")
    assert db.get_one(Handoff, handoff).closed_at == MONDAY
    body = db.scalars(
        select(WebhookMessage.body).where(WebhookMessage.dedup_key == f"handoff.outcome:{last.id}")
    ).one()
    assert json.loads(body)["data"]["amount"] == "120000.50"


def test_the_amount_of_a_won_deal_is_told_later_and_mended(db: Session, handoff: int, ada: int) -> None:
    say(db, handoff, "won")
    signals_then = db.scalar(select(func.count()).select_from(Signal))
    for amount in (Decimal(1200), Decimal(1250)):
        mended = answer(
            db, handoff, Outcome("won", amount=amount, currency="EUR"), by="user:1", now=NEXT_WEEK
        )
        assert (mended.new, mended.stage) == (True, "customer")
    last = db.scalars(select(HandoffOutcome).order_by(HandoffOutcome.id.desc())).first()
    assert last.amount == Decimal(1250)
    assert db.get_one(Handoff, handoff).closed_at == MONDAY, "it was won when it was won"
    assert db.scalar(select(func.count()).select_from(Signal)) == signals_then
    bodies = db.scalars(select(WebhookMessage.body).where(WebhookMessage.type == "handoff.outcome"))
    assert [json.loads(body)["data"]["amount"] for body in bodies] == [None, "1200", "1250"]
    with pytest.raises(Conflict, match="closed"):
        say(db, handoff, "won")


def test_a_rejected_lead_goes_back_to_nurturing_and_may_ripen_again(
    db: Session, handoff: int, ada: int
) -> None:
    assert say(db, handoff, "rejected", reason="no project this year").stage == "lead"
    assert lead(db, ada).armed
    again = ripened(db, ada, 1, now=NEXT_WEEK)
    assert db.get_one(Handoff, again).ripening_no == 2


def test_a_disqualified_lead_is_lost_and_does_not_ripen_again(db: Session, handoff: int, ada: int) -> None:
    assert say(db, handoff, "rejected", reason="disqualified").stage == "lost"
    assert not lead(db, ada).armed


def test_a_date_for_a_meeting_ends_nurturing(db: Session, handoff: int, ada: int, tmp_path: Path) -> None:
    a_program_for_all(db, tmp_path)
    assert runs(db) == [("active", None)]
    say(db, handoff, "meeting", at=NEXT_WEEK)
    assert runs(db) == [("ended", "opportunity")]


def test_a_lost_lead_gets_no_more_mails(db: Session, handoff: int, ada: int, tmp_path: Path) -> None:
    a_program_for_all(db, tmp_path)
    say(db, handoff, "rejected", reason="disqualified")
    assert runs(db) == [("ended", "lost")]


def test_a_rejected_lead_enters_the_chain_that_fits_it(
    db: Session, handoff: int, ada: int, tmp_path: Path
) -> None:
    a_program_for_all(db, tmp_path)
    leave_all(db, [ada], "manual", now=TUESDAY)
    db.commit()
    say(db, handoff, "rejected")
    assert runs(db) == [("ended", "manual"), ("active", None)]


def test_later_makes_a_future_lead_with_its_date(db: Session, handoff: int, ada: int) -> None:
    assert say(db, handoff, "later", at=NEXT_WEEK, reason="budget in spring").stage == "lead"
    assert (lead(db, ada).future_at, lead(db, ada).armed) == (NEXT_WEEK, True)


def test_a_lost_deal_has_its_reason_in_the_record_of_stages(db: Session, handoff: int, ada: int) -> None:
    assert say(db, handoff, "lost", reason="chose another supplier").stage == "lost"
    body = db.scalars(
        select(WebhookMessage.body)
        .where(WebhookMessage.type == "lead.stage_changed")
        .order_by(WebhookMessage.created_at.desc())
    ).first()
    assert json.loads(body)["data"]["reason"] == "lost: chose another supplier"


def test_a_customer_whom_sales_returns_is_a_customer_still(
    db: Session, sessions: sessionmaker[Session]
) -> None:
    cleo = a_lead(db, "Cleo", stage="customer")
    handoff_id = ripened(db, cleo, a_model(db))
    hand_over(sessions, KeyRing((b"k" * 32,)), "https://nurture.example", now=TUESDAY)
    assert say(db, handoff_id, "rejected", reason="not now").stage == "customer"


def test_the_same_answer_twice_is_one_answer(db: Session, handoff: int) -> None:
    first = say(db, handoff, "won", amount=Decimal(100), currency="EUR")
    second = say(db, handoff, "won", amount=Decimal(100), currency="EUR")
    assert (first.new, second.new) == (True, False)
    assert second.stage == "customer"
    assert db.scalar(select(func.count()).select_from(HandoffOutcome)) == 1
    assert told(db).count("handoff.outcome") == 1


@pytest.mark.parametrize(
    ("first", "then"), [("won", "lost"), ("rejected", "accepted"), ("lost", "won"), ("accepted", "accepted")]
)
def test_an_answer_that_does_not_follow_is_a_conflict_in_a_sentence(
    db: Session, handoff: int, first: str, then: str
) -> None:
    say(db, handoff, first)
    with pytest.raises(Conflict, match=first):
        answer(db, handoff, Outcome(then, note="on second thoughts"), by="user:1", now=MONDAY)


def test_a_handoff_that_still_waits_takes_no_answer(db: Session, ada: int) -> None:
    waiting = ripened(db, ada, a_model(db))
    with pytest.raises(Conflict, match="not been released"):
        answer(db, waiting, Outcome("accepted"), by="user:1", now=MONDAY)


def test_a_meeting_can_be_moved_to_another_date(db: Session, handoff: int) -> None:
    say(db, handoff, "meeting", at=NEXT_WEEK)
    assert say(db, handoff, "meeting", at=NEXT_WEEK + timedelta(days=1)).new


@pytest.mark.parametrize(
    ("outcome", "field"),
    [
        (Outcome("maybe"), "outcome"),
        (Outcome("meeting"), "at"),
        (Outcome("later"), "at"),
        (Outcome("later", at=TUESDAY), "at"),
        (Outcome("meeting", at=NEXT_WEEK.replace(tzinfo=None)), "at"),
        (Outcome("won", amount=Decimal(-1)), "amount"),
        (Outcome("won", amount=Decimal("NaN")), "amount"),
        (Outcome("won", amount=Decimal("0.001")), "amount"),
        (Outcome("won", amount=Decimal(1), currency="euro"), "currency"),
        (Outcome("lost", reason="x" * 501), "reason"),
        (Outcome("accepted", note="x" * 5001), "note"),
    ],
)
def test_a_wrong_answer_names_its_field(db: Session, handoff: int, outcome: Outcome, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        answer(db, handoff, outcome, by="user:1", now=MONDAY)
    assert list(refusal.value.errors) == [field]


def test_an_unknown_handoff_is_not_found(db: Session) -> None:
    with pytest.raises(NotFound):
        answer(db, 4711, Outcome("accepted"), by="user:1", now=MONDAY)


def test_every_answer_teaches_the_score_and_the_reports(
    db: Session, sessions: sessionmaker[Session], handoff: int, ada: int
) -> None:
    others = [a_lead(db, name) for name in ("Bea", "Cleo", "Dora")]
    more = [ripened(db, one, 1) for one in others]
    hand_over(sessions, KeyRing((b"k" * 32,)), "https://nurture.example", now=TUESDAY)
    bea, cleo, _dora = more
    say(db, handoff, "meeting", at=NEXT_WEEK)
    say(db, handoff, "won", amount=Decimal(100), currency="EUR")
    say(db, bea, "accepted")
    say(db, bea, "lost", reason="price")
    say(db, cleo, "rejected", reason="no_budget")

    known = {one.lead_id: one.won for one in outcomes.known(db, limit=10)}
    assert known == {ada: True, others[0]: False}, "what the target score learns from"
    assert sorted(one.won for one in past_deals.lately(db, limit=10)) == [False, True]
    [scored] = readiness_now.handed(db)
    assert (scored.handed, scored.accepted, scored.won) == (4, 2, 1)
    month = response.together(db, since=TUESDAY, until=NEXT_WEEK)
    assert (month.given, month.accepted, month.called) == (4, 2, 1)
    [program] = response.grouped(db, "program", since=TUESDAY, until=NEXT_WEEK)
    assert (program.name, program.given, program.accepted) == (None, 4, 2)


def test_the_share_accepted_is_told_by_the_program_in_which_a_lead_ripened(
    db: Session, sessions: sessionmaker[Session], ada: int, tmp_path: Path
) -> None:
    model = a_model(db)
    a_program_for_all(db, tmp_path)
    made = ripened(db, ada, model, now=NEXT_WEEK)
    hand_over(sessions, KeyRing((b"k" * 32,)), "https://nurture.example", now=NEXT_WEEK)
    answer(db, made, Outcome("accepted"), by="user:1", now=NEXT_WEEK)
    [row] = response.grouped(db, "program", since=NEXT_WEEK, until=NEXT_WEEK + timedelta(days=1))
    assert (row.name, row.given, row.accepted) == ("Everyone", 1, 1)
