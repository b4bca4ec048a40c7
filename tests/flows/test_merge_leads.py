"""Two leads turn out to be one person, and sometimes were two after all."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.models import parse_model
from nurture.files.yaml_lines import Faults
from nurture.flows import duplicates as pairs_flow
from nurture.flows.explain import explain_at
from nurture.flows.leads import erase_lead, save_lead
from nurture.flows.merge_leads import merge
from nurture.flows.rate import rate
from nurture.flows.rejudge import undo_signal
from nurture.flows.suppress import suppress
from nurture.flows.unmerge_leads import undo_merge
from nurture.flows.unsubscribe import unsubscribe
from nurture.store import consents, duplicates, lead_aliases, signals, suppressions
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal
from tests.flows.garden import MODEL, PEPPER, Garden
from tests.flows.rated_leads import publish

CHAINS = """
  cold:
    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}
    steps:
      - send: one
      - wait: 1d
      - send: two
      - wait: 1d
      - send: three
"""


@pytest.fixture
def garden(sessions, clock, tmp_path):
    garden = Garden(sessions, clock, tmp_path / "garden")
    garden.publish(CHAINS)
    return garden


def _merge(garden, lead_id, other_id, *take):
    with garden.sessions.begin() as session:
        noted = merge(session, lead_id, other_id, take=take, pepper=PEPPER, by="mia", now=garden.clock.now)
        return noted.id


def _undo(garden, merge_id):
    with garden.sessions.begin() as session:
        undo_merge(session, merge_id, pepper=PEPPER, by="mia", now=garden.clock.now)


def _lead(garden, lead_id):
    with garden.sessions() as session:
        return session.get_one(Lead, lead_id)


def _click(garden, lead_id, n=1, hours=0):
    at = garden.clock.now - timedelta(hours=hours)
    with garden.sessions.begin() as session:
        rows = [NewSignal(lead_id, "clicked", at, "api") for _ in range(n)]
        signals.add(session, rows, now=garden.clock.now)
    while rate(garden.sessions, now=garden.clock.now):
        pass


def _heat(garden, lead_id):
    return garden.value(
        "SELECT power(2, net_log2 - extract(epoch FROM CAST(:at AS timestamptz)) / (21 * 86400))"
        " FROM lead_heat WHERE lead_id = :id",
        id=lead_id,
        at=garden.clock.now,
    )


def test_one_stays_and_everybody_who_asks_for_the_other_finds_it(garden):
    anna = garden.lead("anna", last_name="Weber")
    other = garden.lead("a.weber", phone="+49301234567")
    _merge(garden, anna, other)
    lead = _lead(garden, anna)
    assert (lead.email, lead.first_name, lead.phone) == ("anna@muster.example", "anna", "+49301234567")
    with garden.sessions.begin() as session:
        assert lead_aliases.meant(session, [anna, other, 999]) == {anna: anna, other: anna}
        again = save_lead(session, {"email": "A.Weber@muster.example", "role": "Buyer"}, now=garden.clock.now,
                          by="test", pepper=PEPPER, base_url="http://localhost")  # fmt: skip
    assert (again.id, again.created) == (anna, False)
    assert (_lead(garden, anna).email, _lead(garden, anna).role) == ("anna@muster.example", "Buyer")
    assert garden.value("SELECT count(*) FROM lead_line") == 1


def test_heat_is_that_of_all_signals_under_one_cap(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    _click(garden, anna, 2)
    _click(garden, other, 2)
    assert (_heat(garden, anna), _heat(garden, other)) == (pytest.approx(20), pytest.approx(20))
    merge_id = _merge(garden, anna, other)
    assert _heat(garden, anna) == pytest.approx(30)  # three clicks count a day
    assert _heat(garden, other) is None
    _undo(garden, merge_id)
    assert (_heat(garden, anna), _heat(garden, other)) == (pytest.approx(20), pytest.approx(20))
    assert _lead(garden, other).temperature == "warm"


def test_a_signal_that_comes_in_for_the_other_lead_while_they_are_merged_is_not_lost(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    _merge(garden, anna, other)
    _click(garden, other)
    assert _heat(garden, anna) == pytest.approx(10)


def test_nobody_runs_twice_through_a_program_nor_gets_a_mail_of_it_twice(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    garden.enter(anna)
    garden.pass_time(1.5)
    garden.enter(other)
    garden.pass_time(0.2)
    assert (garden.steps_sent(anna), garden.steps_sent(other)) == (["one", "two"], ["one"])
    _merge(garden, other, anna)
    garden.pass_time(5)
    assert sorted(garden.steps_sent(other)) == ["one", "one", "three", "two"]
    assert [run.state for run in garden.runs(other)].count("ended") == 2 and not garden.runs(anna)


def test_a_mail_that_the_other_had_is_passed_over_even_when_it_waits_to_go_out(garden):
    early, late = garden.lead("early"), garden.lead("late", held_at=garden.clock.now)
    garden.enter(early)
    garden.pass_time(1.5)
    garden.change(late, held_at=None)
    garden.enter(late)
    garden.tick()
    with garden.sessions.begin() as session:  # the run of the one who had more has come to its end
        session.execute(text("UPDATE enrollment SET state = 'ended' WHERE lead_id = :id"), {"id": early})
    _merge(garden, late, early)
    garden.pass_time(5)
    assert garden.steps_sent(late) == ["one", "two", "three"]
    assert garden.value("SELECT state || ' ' || reason FROM delivery WHERE reason <> ''") == "skipped merged"


def test_a_no_of_either_holds_for_both_and_stops_what_waits(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    garden.enter(anna)
    with garden.sessions.begin() as session:
        unsubscribe(session, other, "marketing", how="page", proof={}, now=garden.clock.now)
    merge_id = _merge(garden, anna, other)
    with garden.sessions() as session:
        assert consents.standing(session, anna) == {"marketing": "withdrawn"}
    garden.pass_time(5)
    assert garden.steps_sent(anna) == []
    _undo(garden, merge_id)
    with garden.sessions() as session:
        assert consents.standing(session, anna) == {"marketing": "granted"}
        assert consents.standing(session, other) == {"marketing": "withdrawn"}


def test_a_yes_of_the_other_is_a_yes_with_its_proof(garden):
    anna, other = garden.lead("anna", consent=False), garden.lead("other")
    merge_id = _merge(garden, anna, other)
    with garden.sessions() as session:
        held = consents.entry(session, consents.held(session, [anna])[anna, "marketing"])
        assert (held.state, held.channel, held.proof["lead"]) == ("granted", "merge", other)
    _undo(garden, merge_id)
    with garden.sessions() as session:
        assert consents.standing(session, anna) == {}


def test_who_asked_to_be_left_alone_under_one_address_is_left_alone_under_the_other(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    with garden.sessions.begin() as session:
        suppress(session, "other@muster.example", pepper=PEPPER, detail="", by="mia", now=garden.clock.now)
    merge_id = _merge(garden, anna, other)
    digest = suppressions.address_hash(PEPPER, "anna@muster.example")
    with garden.sessions() as session:
        assert suppressions.suppressed(session, [digest]) == {digest: "manual"}
    _undo(garden, merge_id)
    with garden.sessions() as session:
        assert suppressions.suppressed(session, [digest]) == {}


def test_sales_has_the_person_once_by_the_handoff_that_is_further(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    with garden.sessions.begin() as session:
        for lead_id, state in ((anna, "waiting"), (other, "accepted")):
            session.execute(
                text(
                    "INSERT INTO handoff (lead_id, ripening_no, model_id, cause, state, score, rise,"
                    " temperature, heat, ready_at)"
                    " SELECT :lead, 1, id, 'threshold', :state, 70, 60, 'hot', 60, :now"
                    " FROM heat_model"
                ),
                {"lead": lead_id, "state": state, "now": garden.clock.now},
            )
            session.execute(
                text("UPDATE lead SET ripening_no = 1, armed = false, stage = 'sales_ready' WHERE id = :id"),
                {"id": lead_id},
            )
    merge_id = _merge(garden, anna, other)
    with garden.sessions() as session:
        found = session.scalars(select(Handoff).where(Handoff.lead_id == anna).order_by(Handoff.ripening_no))
        assert [(one.ripening_no, one.state) for one in found] == [(1, "withdrawn"), (2, "accepted")]
    assert _lead(garden, anna).ripening_no == 2
    _undo(garden, merge_id)
    with garden.sessions() as session:
        found = session.scalars(select(Handoff).order_by(Handoff.lead_id))
        assert [(one.lead_id, one.ripening_no, one.state) for one in found] == [
            (anna, 1, "waiting"), (other, 1, "accepted")]  # fmt: skip


def test_undo_makes_two_of_them_and_what_came_since_stays(garden):
    anna, other = garden.lead("anna", tags=["fair"]), garden.lead("other", role="Buyer")
    merge_id = _merge(garden, anna, other, "email")
    assert _lead(garden, anna).email == "other@muster.example"
    garden.change(anna, city="Kassel")
    _undo(garden, merge_id)
    one, two = _lead(garden, anna), _lead(garden, other)
    assert (one.email, one.city, one.role) == ("anna@muster.example", "Kassel", None)
    assert (two.email, two.role, two.erased_at) == ("other@muster.example", "Buyer", None)
    assert garden.value("SELECT count(*) FROM lead_line") == 2
    with pytest.raises(Conflict, match="already"):
        _undo(garden, merge_id)


def test_a_chain_of_merges_is_taken_apart_from_its_end(garden):
    anna, ben, carla = garden.lead("anna"), garden.lead("ben"), garden.lead("carla")
    first, second = _merge(garden, ben, anna), None
    second = _merge(garden, carla, ben)
    with garden.sessions() as session:
        assert set(lead_aliases.meant(session, [anna, ben]).values()) == {carla}
    with pytest.raises(Conflict, match="later merge"):
        _undo(garden, first)
    _undo(garden, second)
    with garden.sessions() as session:
        assert lead_aliases.meant(session, [anna, carla]) == {anna: ben, carla: carla}
    _undo(garden, first)
    assert _lead(garden, anna).email == "anna@muster.example"


def test_erasing_the_survivor_erases_the_other_too(garden, tmp_path):
    anna, other = garden.lead("anna"), garden.lead("other", phone="+49301234567")
    merge_id = _merge(garden, anna, other)
    with garden.sessions.begin() as session:
        erase_lead(session, anna, pepper=PEPPER, home=tmp_path, now=garden.clock.now, by="mia")
    digests = [suppressions.address_hash(PEPPER, f"{name}@muster.example") for name in ("anna", "other")]
    with garden.sessions() as session:
        assert set(suppressions.suppressed(session, digests)) == set(digests)
        kept = session.execute(text("SELECT kept, moved FROM lead_merge")).one()
        assert tuple(kept) == ({}, {})
    assert (
        garden.value("SELECT count(*) FROM lead_alias WHERE email_norm IS NOT NULL OR phone IS NOT NULL") == 0
    )
    with pytest.raises(Conflict, match="erased"):
        _undo(garden, merge_id)


def test_what_cannot_be_merged_is_said(garden):
    anna, made = garden.lead("anna"), garden.lead("made", demo=True)
    with pytest.raises(NotFound):
        _merge(garden, anna, 999)
    with pytest.raises(Conflict, match="one lead already"):
        _merge(garden, anna, anna)
    with pytest.raises(Conflict, match="invented"):
        _merge(garden, anna, made)
    with pytest.raises(Invalid, match="shoe_size"):
        _merge(garden, anna, garden.lead("ben"), "shoe_size")


def test_pairs_are_found_by_number_name_and_address_until_somebody_says_no(garden):
    with garden.sessions.begin() as session:
        for said in (
            {"email": "anna.weber@pumps.example", "phone": "+49301234567"},
            {"email": "annaweber+fair@pumps.example"},
            {"email": "office@other.example", "phone": "+4901234567"},
            {"email": "t.koch@pumps.example", "first_name": "Tim", "last_name": "Koch", "company": "Pumps"},
            {"phone": "+4940999888777", "first_name": "TIM", "last_name": "koch", "company": "Pumps"},
        ):
            save_lead(
                session, said, now=garden.clock.now, by="test", pepper=PEPPER, base_url="http://localhost"
            )
    assert pairs_flow.look(garden.sessions, now=garden.clock.now) == 2
    with garden.sessions.begin() as session:
        found = duplicates.page(session, limit=9)
        assert {pair.reason for pair in found} == {"email", "name_and_company"}
        pairs_flow.dismiss(session, found[0].id, by="mia", now=garden.clock.now)
    garden.clock.moment += timedelta(hours=1)
    assert pairs_flow.look(garden.sessions, now=garden.clock.now) == 1


PATIENT = "".join(
    f"  {warmth}:\n    enter: {{when: {{temperature: {warmth}}}}}\n    reentry: {{after: 90d}}\n"
    f"    steps: [{{send: {warmth}-a}}, {{wait: 9d}}, {{send: {warmth}-b}}]\n"
    for warmth in ("cold", "warm", "hot")
)


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
    _click(garden, other)
    assert (_standing(garden, other, "usual"), _standing(garden, other, "own")) == (["cold"], ["warm"])
    merge_id = _merge(garden, anna, other)
    _click(garden, anna, n=3, hours=24)
    assert _standing(garden, anna, "usual") == ["warm"], "has gone on since, by the signals of both"
    _undo(garden, merge_id)
    for lead_id, usual, own in ((anna, ["warm"], ["hot"]), (other, ["cold"], ["warm"])):
        assert (_standing(garden, lead_id, "usual"), _standing(garden, lead_id, "own")) == (usual, own)


def test_what_is_recorded_of_two_ends_with_what_the_one_is(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    _click(garden, other, n=3)
    garden.clock.advance(days=20)
    _click(garden, anna, n=3)
    garden.clock.advance(days=8)
    rate(garden.sessions, now=garden.clock.now)
    assert (_lead(garden, anna).temperature, _lead(garden, other).temperature) == ("warm", "cold")
    _merge(garden, anna, other)
    with garden.sessions() as session:
        told = explain_at(session, anna, at=garden.clock.now, now=garden.clock.now)["temperature"]
    assert (told["recorded"], told["corrected"]) == (_lead(garden, anna).temperature, False)


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
        merging = hands.submit(_merge, garden, anna, other)
        wait_until_waiting(garden)
        coming.commit()
        holding.rollback()
        merging.result(timeout=30)
    while rate(garden.sessions, now=now):
        pass
    assert _heat(garden, anna) == pytest.approx(10)
    holding.close()
    coming.close()


def wait_until_waiting(garden):
    """Until somebody waits for a lock that another one holds."""
    until = time.monotonic() + 30
    while not garden.value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_signal_that_is_taken_up_while_its_merge_is_undone_is_rated(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    now = garden.clock.now
    for lead_id in (anna, other):
        with garden.sessions.begin() as session:
            signals.add(session, [NewSignal(lead_id, "clicked", now, "api")], now=now)
    merge_id = _merge(garden, anna, other)
    with ThreadPoolExecutor(1) as hands, garden.sessions.begin() as parting:
        undo_merge(parting, merge_id, pepper=PEPPER, by="mia", now=now)
        rating = hands.submit(rate, garden.sessions, now=now)
        wait_until_waiting(garden)
        parting.commit()
        rating.result(timeout=30)
    while rate(garden.sessions, now=now):
        pass
    assert (_heat(garden, anna), _heat(garden, other)) == (pytest.approx(10), pytest.approx(10))


def test_what_is_undone_while_its_lead_becomes_two_again_counts_for_neither(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    _click(garden, other)
    wrong = garden.value("SELECT id FROM signal")
    merge_id, now = _merge(garden, anna, other), garden.clock.now

    def undo():
        with garden.sessions.begin() as session:
            undo_signal(session, wrong, now=now)

    with ThreadPoolExecutor(1) as hands, garden.sessions.begin() as parting:
        undo_merge(parting, merge_id, pepper=PEPPER, by="mia", now=now)
        undoing = hands.submit(undo)
        wait_until_waiting(garden)
        parting.commit()
        undoing.result(timeout=30)
    assert (_heat(garden, anna), _heat(garden, other)) == (None, None)


def test_a_merge_waits_for_no_rater_that_waits_for_it(garden):
    """Whoever rates holds rows of the inbox first and wants the lead then."""
    anna, other = garden.lead("anna"), garden.lead("other")
    now = garden.clock.now
    with garden.sessions.begin() as session:
        signals.add(session, [NewSignal(other, "clicked", now, "api")], now=now)
    with garden.sessions() as holding:
        holding.execute(text("SELECT FROM unrated_signal FOR UPDATE"))
        _merge(garden, anna, other)
    while rate(garden.sessions, now=now):
        pass
    assert _heat(garden, anna) == pytest.approx(10)
