"""Merges and their undoing while leads are rated, led and judged by others."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from nurture.files.models import parse_model
from nurture.files.yaml_lines import Faults
from nurture.flows.explain import explain_at
from nurture.flows.rate import rate
from nurture.flows.rejudge import undo_signal
from nurture.flows.unmerge_leads import undo_merge
from nurture.rules.ids import millis_of, uuid7
from nurture.store import signals
from nurture.store.signals import NewSignal
from tests.flows.garden import MODEL, PEPPER, Garden
from tests.flows.merging import CHAINS, click, heat_of, lead_of, merge_two, part_again
from tests.flows.rated_leads import publish

PATIENT = "".join(
    f"  {warmth}:\n    enter: {{when: {{temperature: {warmth}}}}}\n    reentry: {{after: 90d}}\n"
    f"    steps: [{{send: {warmth}-a}}, {{wait: 9d}}, {{send: {warmth}-b}}]\n"
    for warmth in ("cold", "warm", "hot")
)


@pytest.fixture
def garden(sessions, clock, tmp_path):
    garden = Garden(sessions, clock, tmp_path / "garden")
    garden.publish(CHAINS)
    return garden


def _standing(garden, lead_id, program):
    with garden.sessions() as session:
        found = session.execute(
            text(
                "SELECT c.temperature FROM enrollment e JOIN chain c ON c.id = e.chain_id"
                " JOIN program p ON p.id = c.program_id"
                " WHERE e.lead_id = :lead AND e.state <> 'ended' AND p.key = :program"
            ),
            {"lead": lead_id, "program": program},
        )
        return list(found.scalars())


def test_both_stand_somewhere_again_whatever_became_of_the_one_and_whichever_model_leads_them(garden):
    keen = MODEL.replace("model: default", "model: keen").replace("weight: 10", "weight: 30")
    publish(garden.sessions, parse_model(keen, Faults("keen.yaml")), garden.clock.now)
    garden.publish(PATIENT, "program: usual\ntimezone: Europe/Berlin\n")
    garden.publish(PATIENT, "program: own\nmodel: keen\ntimezone: Europe/Berlin\n")
    anna, other = garden.lead("anna"), garden.lead("other")
    garden.enter(anna, other)
    click(garden, other)
    assert (_standing(garden, other, "usual"), _standing(garden, other, "own")) == (["cold"], ["warm"])
    merge_id = merge_two(garden, anna, other)
    click(garden, anna, n=3, hours=24)
    assert _standing(garden, anna, "usual") == ["warm"], "has gone on since, by the signals of both"
    part_again(garden, merge_id)
    for lead_id, usual, own in ((anna, ["warm"], ["hot"]), (other, ["cold"], ["warm"])):
        assert (_standing(garden, lead_id, "usual"), _standing(garden, lead_id, "own")) == (usual, own)


def test_what_is_recorded_of_two_ends_with_what_the_one_is(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    click(garden, other, n=3)
    garden.clock.advance(days=20)
    click(garden, anna, n=3)
    garden.clock.advance(days=8)
    rate(garden.sessions, now=garden.clock.now)
    assert (lead_of(garden, anna).temperature, lead_of(garden, other).temperature) == ("warm", "cold")
    merge_two(garden, anna, other)
    with garden.sessions() as session:
        told = explain_at(session, anna, at=garden.clock.now, now=garden.clock.now)["temperature"]
    assert (told["recorded"], told["corrected"]) == (lead_of(garden, anna).temperature, False)


def test_a_signal_that_comes_in_while_its_lead_is_being_merged_is_rated(garden, engine):
    """A hit of the other lead is held, so that the merge stands still half-way through its tables."""
    anna, other = garden.lead("anna"), garden.lead("other")
    now = garden.clock.now
    with garden.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO stage_change (lead_id, at, old, new, reason, by)"
                " VALUES (:lead, :now, 'inquiry', 'lead', 'test', 'test')"
            ),
            {"lead": other, "now": now},
        )
    holding, coming = garden.sessions(), garden.sessions()
    holding.execute(text("SELECT FROM stage_change WHERE lead_id = :lead FOR UPDATE"), {"lead": other})
    signals.add(coming, [NewSignal(other, "clicked", now, "api")], now=now)
    with ThreadPoolExecutor(1) as hands:
        merging = hands.submit(merge_two, garden, anna, other)
        wait_until_waiting(garden)
        coming.commit()
        holding.rollback()
        merging.result(timeout=30)
    while rate(garden.sessions, now=now):
        pass
    assert heat_of(garden, anna) == pytest.approx(10)
    holding.close()
    coming.close()


def wait_until_waiting(garden):
    """Until somebody waits for a lock that another one holds."""
    until = time.monotonic() + 30
    while not garden.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("source", ["api", signals.TRACKING])
def test_a_signal_that_is_taken_up_while_its_merge_is_undone_is_rated(garden, source):
    anna, other = garden.lead("anna"), garden.lead("other")
    now = garden.clock.now
    for lead_id in (anna, other):
        with garden.sessions.begin() as session:
            number = uuid7(millis_of(now), os.urandom(10))
            signals.add(session, [NewSignal(lead_id, "clicked", now, source, id=number)], now=now)
    told = garden.value("SELECT count(kind) FROM unrated_signal")
    assert told == (2 if source == signals.TRACKING else 0), "only hits are told of"
    merge_id = merge_two(garden, anna, other)
    with ThreadPoolExecutor(1) as hands, garden.sessions.begin() as parting:
        undo_merge(parting, merge_id, pepper=PEPPER, by="mia", now=now)
        rating = hands.submit(rate, garden.sessions, now=now)
        wait_until_waiting(garden)
        parting.commit()
        rating.result(timeout=30)
    while rate(garden.sessions, now=now):
        pass
    assert (heat_of(garden, anna), heat_of(garden, other)) == (pytest.approx(10), pytest.approx(10))


def test_what_is_undone_while_its_lead_becomes_two_again_counts_for_neither(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    click(garden, other)
    wrong = garden.value("SELECT id FROM signal")
    merge_id, now = merge_two(garden, anna, other), garden.clock.now

    def undo():
        with garden.sessions.begin() as session:
            undo_signal(session, wrong, now=now)

    with ThreadPoolExecutor(1) as hands, garden.sessions.begin() as parting:
        undo_merge(parting, merge_id, pepper=PEPPER, by="mia", now=now)
        undoing = hands.submit(undo)
        wait_until_waiting(garden)
        parting.commit()
        undoing.result(timeout=30)
    assert (heat_of(garden, anna), heat_of(garden, other)) == (None, None)


def test_a_merge_waits_for_no_rater_that_waits_for_it(garden):
    """Whoever rates holds rows of the inbox first and wants the lead then."""
    anna, other = garden.lead("anna"), garden.lead("other")
    now = garden.clock.now
    with garden.sessions.begin() as session:
        signals.add(session, [NewSignal(other, "clicked", now, "api")], now=now)
    with garden.sessions() as holding:
        holding.execute(text("SELECT FROM unrated_signal FOR UPDATE"))
        merge_two(garden, anna, other)
    while rate(garden.sessions, now=now):
        pass
    assert heat_of(garden, anna) == pytest.approx(10)
