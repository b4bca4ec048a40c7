"""Heat in the tables: what is written is read back, comparisons are indexed ones, claims are exclusive."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.rules import heat as law
from nurture.rules.caps import Bucket
from nurture.rules.heat import NO_HEAT
from nurture.rules.model import plain
from nurture.rules.temperature import Floors
from nurture.store import heat, heat_buckets, models, scores, temperature_changes, unrated
from nurture.store.heat import StoredHeat
from nurture.store.temperature_changes import NewTemperature
from tests.conftest import TUESDAY
from tests.flows.rated_leads import make_lead, publish, send
from tests.rules.models import contract_model

H = contract_model().half_life_s
Sessions = sessionmaker[Session]


def test_a_lead_that_was_never_rated_has_no_row(sessions: Sessions) -> None:
    anna = make_lead(sessions)
    with sessions() as session:
        assert heat.load(session, [anna], [1]) == {}


def test_what_is_saved_is_loaded_and_saved_over(sessions: Sessions) -> None:
    switch = publish(sessions)
    anna, boris = make_lead(sessions), make_lead(sessions)
    warm = law.of_signal(25, TUESDAY, H)
    rows = [
        StoredHeat(
            anna, switch.model_id, switch.version_id, TUESDAY, warm, "warm", "hot",
            Floors(None, TUESDAY + timedelta(days=1)), TUESDAY + timedelta(days=1), TUESDAY,
        ),
        StoredHeat(boris, switch.model_id, switch.version_id, TUESDAY, judged_at=TUESDAY),
    ]  # fmt: skip
    with sessions.begin() as session:
        heat.save(session, rows, now=TUESDAY)
        heat.save(session, rows, now=TUESDAY)
        assert list(heat.load(session, [anna, boris], [switch.model_id]).values()) == rows


def test_a_bucket_without_signals_is_dropped(sessions: Sessions) -> None:
    switch = publish(sessions)
    anna = make_lead(sessions)
    key = (anna, switch.model_id, "clicked", TUESDAY.date())
    full = Bucket(2, law.of_signal(20, TUESDAY, H), (TUESDAY, UUID(int=7)))
    with sessions.begin() as session:
        heat_buckets.save(session, {key: full})
        assert heat_buckets.load(session, [key]) == {key: full}
        assert heat_buckets.load_since(session, {(anna, switch.model_id): TUESDAY.date()}) == {key: full}
        tomorrow = (TUESDAY + timedelta(days=1)).date()
        assert heat_buckets.load_since(session, {(anna, switch.model_id): tomorrow}) == {}
        heat_buckets.save(session, {key: Bucket(0, NO_HEAT)})
        assert heat_buckets.load(session, [key]) == {}


def test_leads_due_by_silence_come_in_the_order_of_their_time(sessions: Sessions) -> None:
    switch = publish(sessions)
    leads = [make_lead(sessions) for _ in range(3)]
    gone = make_lead(sessions, erased_at=TUESDAY)
    rows = [
        StoredHeat(one, switch.model_id, switch.version_id, TUESDAY, due_at=TUESDAY + timedelta(hours=hours))
        for one, hours in zip([*leads, gone], (3, 1, 9, 1), strict=True)
    ]
    with sessions.begin() as session:
        heat.save(session, rows, now=TUESDAY)
        now = TUESDAY + timedelta(hours=5)
        assert heat.due(session, [switch.model_id], now=now, limit=9) == [leads[1], leads[0]]
        assert heat.due(session, [switch.model_id], now=now, limit=1) == [leads[1]]
        assert heat.due(session, [], now=now, limit=9) == []


def test_a_change_of_temperature_is_recorded(sessions: Sessions) -> None:
    switch = publish(sessions)
    anna = make_lead(sessions)
    with sessions.begin() as session:
        change = NewTemperature(anna, switch.model_id, "cold", "warm", 21.5, "clicked", UUID(int=1))
        ids = temperature_changes.add(session, [change], now=TUESDAY)
        assert list(ids) == [(anna, switch.model_id)]
        assert temperature_changes.add(session, [], now=TUESDAY) == {}


def test_a_claimed_signal_is_nobody_elses(sessions: Sessions) -> None:
    people = [make_lead(sessions) for _one in range(3)]
    sent = {send(sessions, one, "clicked", TUESDAY) for one in people}
    with sessions() as one, sessions() as other:
        first = unrated.claim(one, 2)
        second = unrated.claim(other, 5)
        assert {waiting.signal_id for waiting in [*first, *second]} == sent
        assert (len(first), len(second)) == (2, 1)


def test_what_else_waits_of_a_lead_is_claimed_with_it(sessions: Sessions) -> None:
    anna, ben = make_lead(sessions), make_lead(sessions)
    for minute, who in enumerate((anna, ben, ben, anna, anna)):
        send(sessions, who, "clicked", TUESDAY + timedelta(minutes=minute))
    with sessions() as one, sessions() as other:
        assert [waiting.lead_id for waiting in unrated.claim(one, 1)] == [anna, anna, anna]
        assert [waiting.lead_id for waiting in unrated.claim(other, 5)] == [ben, ben]


def test_a_recount_sees_what_was_counted_and_what_is_claimed_and_no_more(sessions: Sessions) -> None:
    anna = make_lead(sessions)
    counted, claimed, waiting = (
        send(sessions, anna, "clicked", TUESDAY + timedelta(minutes=minute)) for minute in range(3)
    )
    send(sessions, anna, "clicked", TUESDAY + timedelta(days=1))
    with sessions.begin() as session:
        unrated.done(session, [counted])
        day = {(anna, "clicked", TUESDAY.date())}
        seen = unrated.of_days(session, day, [claimed])
        assert {signal.id for signal in seen} == {counted, claimed}
        unrated.overrule(session, counted, "machine", "test", now=TUESDAY, by="test")
        assert {signal.id for signal in unrated.of_days(session, day, [claimed])} == {claimed}
        assert unrated.standing(session, counted).verdict == "machine"
        assert unrated.standing(session, waiting).waits


def test_a_version_word_for_word_the_same_is_not_kept_twice(sessions: Sessions) -> None:
    model = contract_model()
    with sessions.begin() as session:
        first = models.add_version(session, model, "one", now=TUESDAY, by="anna")
        assert models.add_version(session, model, "one", now=TUESDAY, by="anna") == first
        assert models.add_version(session, model, "two", now=TUESDAY, by="anna")[2] == 2
        assert models.live(session) == []
        models.set_live(session, first[1], now=TUESDAY)
        [live] = models.live(session)
        assert (plain(live.model), live.no, live.is_default) == (plain(model), 1, True)
        assert live.model.rates_like(model)


def test_locked_leads_can_be_passed_over(sessions: Sessions) -> None:
    anna, boris = make_lead(sessions), make_lead(sessions)
    with sessions() as one, sessions() as other:
        assert list(scores.lock(one, [boris])) == [boris]
        assert list(scores.lock(other, [anna, boris], skip_locked=True)) == [anna]


def test_a_full_inbox_that_is_believed_empty_is_claimed_without_going_through_it_for_each_lead(
    db: Session,
) -> None:
    """What is in line grows within seconds; what the planner knows of it is a minute old."""
    leads, fill = 3_000, text(
        "INSERT INTO unrated_signal (signal_id, received_at, lead_id)"
        " SELECT gen_random_uuid(), :now, number FROM generate_series(1, :leads) number"
    )  # fmt: skip
    db.execute(fill, {"now": TUESDAY, "leads": leads})
    db.commit()
    db.execute(text("DELETE FROM unrated_signal"))
    db.execute(text("ANALYZE unrated_signal"))
    db.execute(fill, {"now": TUESDAY, "leads": leads})
    claim = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {unrated.CLAIM_ALL}")
    plan = db.execute(claim, {"limit": 200, "more": 800}).scalar_one()
    assert passed_over(plan[0]["Plan"]) < leads


def passed_over(node: dict[str, Any]) -> float:
    """Rows that a plan looked at for nothing."""
    mine = node.get("Rows Removed by Filter", 0) * node.get("Actual Loops", 1)
    return float(mine) + sum(passed_over(one) for one in node.get("Plans", ()))
