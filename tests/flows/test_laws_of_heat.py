"""The laws of heat in the tables: a hundred thousand signals replayed, shuffled, doubled, undone and
overruled give the heat that their definition says, to one part in a billion."""

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid
from nurture.flows.explain import explain, explain_at
from nurture.flows.rate import rate
from nurture.flows.rejudge import undo_signal
from nurture.rules import caps, heat
from nurture.rules.caps import Bucket, RatedSignal
from nurture.rules.duration import Duration
from nurture.rules.heat import Heat
from nurture.store import signals as store
from nurture.store.signals import NewSignal
from tests.conftest import TUESDAY
from tests.flows.rated_leads import heat_row, make_lead, publish, rate_all, send
from tests.rules.models import contract_model

Sessions = sessionmaker[Session]
MODEL = contract_model()
KINDS = ("opened", "clicked", "replied", "event_attended", "event_no_show", "unsubscribed")
MANY, LEADS, DAYS = 100_000, 200, 120


def invented(chance: random.Random, many: int) -> list[tuple[int, RatedSignal]]:
    """Signals of leads over months, several of a kind on one day."""
    start = TUESDAY - timedelta(days=DAYS)
    found = []
    for _number in range(many):
        rule = MODEL.rules_of(chance.choice(KINDS))[0]
        at = start + timedelta(seconds=chance.randrange(DAYS * 86_400))
        found.append((chance.randrange(LEADS), RatedSignal(UUID(int=chance.getrandbits(128)), at, rule)))
    return found


def kept(history: Sequence[tuple[int, RatedSignal]], batch: int) -> dict[int, Heat]:
    """Each lead's heat as rating keeps it: buckets that grow by batches, filled anew where one is displaced.
    A signal that is known already is dropped, as the inbox does."""
    buckets: dict[tuple[int, str, object], Bucket] = {}
    known: dict[tuple[int, str, object], dict[UUID, RatedSignal]] = defaultdict(dict)
    for start in range(0, len(history), batch):
        arrivals: dict[tuple[int, str, object], list[RatedSignal]] = defaultdict(list)
        for lead, one in history[start : start + batch]:
            key = (lead, one.rule.key, one.day)
            if one.id not in known[key]:
                known[key][one.id] = one
                arrivals[key].append(one)
        for key, new in arrivals.items():
            grown = caps.add(buckets.get(key, Bucket()), new, MODEL.half_life_s)
            buckets[key] = caps.fill(known[key].values(), MODEL.half_life_s) if grown is None else grown[0]
    return summed(buckets)


def summed(buckets: dict[tuple[int, str, object], Bucket]) -> dict[int, Heat]:
    by_lead: dict[int, list[Heat]] = defaultdict(list)
    for (lead, _rule, _day), bucket in buckets.items():
        by_lead[lead].append(bucket.heat)
    return {lead: heat.total(parts) for lead, parts in by_lead.items()}


def recomputed(history: Sequence[tuple[int, RatedSignal]]) -> dict[int, Heat]:
    days: dict[tuple[int, str, object], list[RatedSignal]] = defaultdict(list)
    for lead, one in history:
        days[lead, one.rule.key, one.day].append(one)
    return summed({key: caps.fill(found, MODEL.half_life_s) for key, found in days.items()})


def same(one: dict[int, Heat], other: dict[int, Heat]) -> bool:
    """Equal to one part in a billion, the positive and the negative sum apart."""

    def close(a: float, b: float) -> bool:
        return a == b or abs(math.expm1((a - b) * math.log(2))) < 1e-9

    return one.keys() == other.keys() and all(
        close(one[lead].pos, other[lead].pos) and close(one[lead].neg, other[lead].neg) for lead in one
    )


def test_a_hundred_thousand_signals_give_one_heat_however_they_come() -> None:
    chance = random.Random(20_260_303)
    history = invented(chance, MANY)
    truth = recomputed(history)
    again = [*history, *chance.sample(history, 20_000)]
    assert same(kept(chance.sample(again, len(again)), 1_000), truth), "shuffled, a fifth of them doubled"


def test_tens_of_thousands_undone_and_overruled_back_leave_no_trace() -> None:
    chance = random.Random(7)
    history = invented(chance, MANY)
    spurious = {one.id for _lead, one in chance.sample(history, 30_000)}
    human = [(lead, one) for lead, one in history if one.id not in spurious]
    without = recomputed(human)
    assert not same(without, recomputed(history))
    returned = {one.id: (lead, one) for lead, one in history if one.id in spurious}
    assert same(recomputed([*human, *returned.values()]), recomputed(history)), "given back"
    assert same(kept(chance.sample(human, len(human)), 500), without), "as if they had never been"


def test_in_the_tables_too_shuffled_doubled_and_undone_signals_leave_the_same_heat(
    sessions: Sessions,
) -> None:
    publish(sessions)
    chance = random.Random(11)
    anna, boris = make_lead(sessions), make_lead(sessions)
    story = [
        (
            chance.choice(KINDS),
            TUESDAY - timedelta(days=30) + timedelta(seconds=chance.randrange(30 * 86_400)),
        )
        for _number in range(300)
    ]
    spurious = [("clicked", TUESDAY - timedelta(days=number % 20)) for number in range(60)]
    take(sessions, anna, sorted(story, key=lambda one: one[1]), "a")
    rate_all(sessions, TUESDAY, limit=37)
    mixed = chance.sample([*story, *spurious], len(story) + len(spurious))
    for start in range(0, len(mixed), 100):
        take(sessions, boris, mixed[start : start + 100], f"b{start}")
        take(sessions, boris, mixed[start : start + 100], f"b{start}")
        rate_all(sessions, TUESDAY, limit=53)
    undo(sessions, boris, spurious)
    first, second = heat_row(sessions, anna), heat_row(sessions, boris)
    assert first.pos_log2 == pytest.approx(second.pos_log2, rel=1e-12)
    assert first.neg_log2 == pytest.approx(second.neg_log2, rel=1e-12)
    assert first.temperature == second.temperature


def take(sessions: Sessions, lead_id: int, story: Sequence[tuple[str, datetime]], name: str) -> None:
    """Signals with keys of their own, so that the same one again is known."""
    rows = [
        NewSignal(lead_id=lead_id, kind=kind, occurred_at=at, source="api", key=f"{name}-{number}")
        for number, (kind, at) in enumerate(story)
    ]
    with sessions.begin() as session:
        store.add(session, rows, now=TUESDAY)


def undo(sessions: Sessions, lead_id: int, spurious: Sequence[tuple[str, datetime]]) -> None:
    with sessions.begin() as session:
        for kind, at in spurious:
            chosen = session.execute(
                text(
                    "SELECT s.id FROM signal s WHERE lead_id = :lead AND kind = :kind AND occurred_at = :at"
                    " AND NOT EXISTS (SELECT FROM signal_verdict v WHERE v.signal_id = s.id) LIMIT 1"
                ),
                {"lead": lead_id, "kind": kind, "at": at},
            ).scalar_one()
            undo_signal(session, chosen, now=TUESDAY)


def test_the_ledger_of_any_past_moment_adds_up_to_the_heat_of_that_moment(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    seen: dict[int, tuple[object, str]] = {}
    for number, kind in enumerate(["opened", "clicked", "clicked", "replied", "event_no_show", "clicked"]):
        send(sessions, anna, kind, TUESDAY + timedelta(hours=9 * number))
        rate(sessions, now=TUESDAY + timedelta(hours=9 * number))
        with sessions() as session:
            then = explain(session, anna, now=TUESDAY + timedelta(hours=9 * number))
        seen[number] = (then["heat"], then["temperature"]["value"])
    later = TUESDAY + timedelta(days=50)
    rate_all(sessions, later)
    for number, (heat_then, temperature_then) in seen.items():
        with sessions() as session:
            found = explain_at(session, anna, at=TUESDAY + timedelta(hours=9 * number), now=later)
        assert found["heat"] == heat_then
        assert (
            round(sum(one["points"] for one in found["heat"]["contributions"]), 6) == found["heat"]["value"]
        )
        assert (found["temperature"]["value"], found["temperature"]["corrected"]) == (temperature_then, False)


def test_a_past_that_was_corrected_since_is_marked_so(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    wrong = send(sessions, anna, "replied", TUESDAY)
    rate(sessions, now=TUESDAY)
    with sessions.begin() as session:
        undo_signal(session, wrong, now=TUESDAY + timedelta(days=2))
    with sessions() as session:
        found = explain_at(session, anna, at=TUESDAY + timedelta(days=1), now=TUESDAY + timedelta(days=3))
    assert found["temperature"] == {"value": "cold", "level": "cold", "recorded": "warm", "corrected": True}


def test_the_future_is_not_explained(sessions: Sessions) -> None:
    anna = make_lead(sessions)
    with sessions() as session, pytest.raises(Invalid):
        explain_at(session, anna, at=datetime(2030, 1, 1, tzinfo=UTC), now=TUESDAY)


def test_a_floor_that_outlives_what_warms_is_kept_by_undo_and_told_of_the_past(sessions: Sessions) -> None:
    publish(sessions, replace(MODEL, half_life=Duration(1, "h")))
    anna = make_lead(sessions)
    send(sessions, anna, "event_attended", TUESDAY)
    rate_all(sessions, TUESDAY)
    later = TUESDAY + timedelta(days=9)
    wrong = send(sessions, anna, "clicked", later)
    rate_all(sessions, later)
    with sessions.begin() as session:
        undo_signal(session, wrong, now=later)
    row = heat_row(sessions, anna)
    assert (row.temperature, row.warm_floor_until) == ("warm", TUESDAY + timedelta(days=30))
    with sessions() as session:
        then = explain_at(session, anna, at=later - timedelta(days=1), now=later)
    assert (then["temperature"]["value"], then["temperature"]["corrected"]) == ("warm", False)
