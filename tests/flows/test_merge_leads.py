"""Two leads turn out to be one person, and sometimes were two after all."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import duplicates as pairs_flow
from nurture.flows.leads import erase_lead, save_lead
from nurture.flows.suppress import suppress
from nurture.flows.unsubscribe import unsubscribe
from nurture.store import consents, duplicates, lead_aliases, suppressions
from nurture.store.handoffs import Handoff
from tests.flows.garden import PEPPER, Garden
from tests.flows.merging import CHAINS, click, heat_of, lead_of, merge_two, part_again


@pytest.fixture
def garden(sessions, clock, tmp_path):
    garden = Garden(sessions, clock, tmp_path / "garden")
    garden.publish(CHAINS)
    return garden


def test_one_stays_and_everybody_who_asks_for_the_other_finds_it(garden):
    anna = garden.lead("anna", last_name="Weber")
    other = garden.lead("a.weber", phone="+49301234567")
    merge_two(garden, anna, other)
    lead = lead_of(garden, anna)
    assert (lead.email, lead.first_name, lead.phone) == ("anna@muster.example", "anna", "+49301234567")
    with garden.sessions.begin() as session:
        assert lead_aliases.meant(session, [anna, other, 999]) == {anna: anna, other: anna}
        again = save_lead(session, {"email": "A.Weber@muster.example", "role": "Buyer"}, now=garden.clock.now,
                          by="test", pepper=PEPPER, base_url="http://localhost")  # fmt: skip
    assert (again.id, again.created) == (anna, False)
    assert (lead_of(garden, anna).email, lead_of(garden, anna).role) == ("anna@muster.example", "Buyer")
    assert garden.value("SELECT count(*) FROM lead_line") == 1


def test_heat_is_that_of_all_signals_under_one_cap(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    click(garden, anna, 2)
    click(garden, other, 2)
    assert (heat_of(garden, anna), heat_of(garden, other)) == (pytest.approx(20), pytest.approx(20))
    merge_id = merge_two(garden, anna, other)
    assert heat_of(garden, anna) == pytest.approx(30)  # three clicks count a day
    assert heat_of(garden, other) is None
    part_again(garden, merge_id)
    assert (heat_of(garden, anna), heat_of(garden, other)) == (pytest.approx(20), pytest.approx(20))
    assert lead_of(garden, other).temperature == "warm"


def test_a_signal_that_comes_in_for_the_other_lead_while_they_are_merged_is_not_lost(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    merge_two(garden, anna, other)
    click(garden, other)
    assert heat_of(garden, anna) == pytest.approx(10)


def test_nobody_runs_twice_through_a_program_nor_gets_a_mail_of_it_twice(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    garden.enter(anna)
    garden.pass_time(1.5)
    garden.enter(other)
    garden.pass_time(0.2)
    assert (garden.steps_sent(anna), garden.steps_sent(other)) == (["one", "two"], ["one"])
    merge_two(garden, other, anna)
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
    merge_two(garden, late, early)
    garden.pass_time(5)
    assert garden.steps_sent(late) == ["one", "two", "three"]
    assert garden.value("SELECT state || ' ' || reason FROM delivery WHERE reason <> ''") == "skipped merged"


def test_a_no_of_either_holds_for_both_and_stops_what_waits(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    garden.enter(anna)
    with garden.sessions.begin() as session:
        unsubscribe(session, other, "marketing", how="page", proof={}, now=garden.clock.now)
    merge_id = merge_two(garden, anna, other)
    with garden.sessions() as session:
        assert consents.standing(session, anna) == {"marketing": "withdrawn"}
    garden.pass_time(5)
    assert garden.steps_sent(anna) == []
    part_again(garden, merge_id)
    with garden.sessions() as session:
        assert consents.standing(session, anna) == {"marketing": "granted"}
        assert consents.standing(session, other) == {"marketing": "withdrawn"}


def test_a_yes_of_the_other_is_a_yes_with_its_proof(garden):
    anna, other = garden.lead("anna", consent=False), garden.lead("other")
    merge_id = merge_two(garden, anna, other)
    with garden.sessions() as session:
        held = consents.entry(session, consents.held(session, [anna])[anna, "marketing"])
        assert (held.state, held.channel, held.proof["lead"]) == ("granted", "merge", other)
    part_again(garden, merge_id)
    with garden.sessions() as session:
        assert consents.standing(session, anna) == {}


def test_who_asked_to_be_left_alone_under_one_address_is_left_alone_under_the_other(garden):
    anna, other = garden.lead("anna"), garden.lead("other")
    with garden.sessions.begin() as session:
        suppress(session, "other@muster.example", pepper=PEPPER, detail="", by="mia", now=garden.clock.now)
    merge_id = merge_two(garden, anna, other)
    digest = suppressions.address_hash(PEPPER, "anna@muster.example")
    with garden.sessions() as session:
        assert suppressions.suppressed(session, [digest]) == {digest: "manual"}
    part_again(garden, merge_id)
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
    merge_id = merge_two(garden, anna, other)
    with garden.sessions() as session:
        found = session.scalars(select(Handoff).where(Handoff.lead_id == anna).order_by(Handoff.ripening_no))
        assert [(one.ripening_no, one.state) for one in found] == [(1, "withdrawn"), (2, "accepted")]
    assert lead_of(garden, anna).ripening_no == 2
    part_again(garden, merge_id)
    with garden.sessions() as session:
        found = session.scalars(select(Handoff).order_by(Handoff.lead_id))
        assert [(one.lead_id, one.ripening_no, one.state) for one in found] == [
            (anna, 1, "waiting"), (other, 1, "accepted")]  # fmt: skip


def test_undo_makes_two_of_them_and_what_came_since_stays(garden):
    anna, other = garden.lead("anna", tags=["fair"]), garden.lead("other", role="Buyer")
    merge_id = merge_two(garden, anna, other, "email")
    assert lead_of(garden, anna).email == "other@muster.example"
    garden.change(anna, city="Kassel")
    part_again(garden, merge_id)
    one, two = lead_of(garden, anna), lead_of(garden, other)
    assert (one.email, one.city, one.role) == ("anna@muster.example", "Kassel", None)
    assert (two.email, two.role, two.erased_at) == ("other@muster.example", "Buyer", None)
    assert garden.value("SELECT count(*) FROM lead_line") == 2
    with pytest.raises(Conflict, match="already"):
        part_again(garden, merge_id)


def test_a_chain_of_merges_is_taken_apart_from_its_end(garden):
    anna, ben, carla = garden.lead("anna"), garden.lead("ben"), garden.lead("carla")
    first, second = merge_two(garden, ben, anna), None
    second = merge_two(garden, carla, ben)
    with garden.sessions() as session:
        assert set(lead_aliases.meant(session, [anna, ben]).values()) == {carla}
    with pytest.raises(Conflict, match="later merge"):
        part_again(garden, first)
    part_again(garden, second)
    with garden.sessions() as session:
        assert lead_aliases.meant(session, [anna, carla]) == {anna: ben, carla: carla}
    part_again(garden, first)
    assert lead_of(garden, anna).email == "anna@muster.example"


def test_erasing_the_survivor_erases_the_other_too(garden, tmp_path):
    anna, other = garden.lead("anna"), garden.lead("other", phone="+49301234567")
    merge_id = merge_two(garden, anna, other)
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
        part_again(garden, merge_id)


def test_what_cannot_be_merged_is_said(garden):
    anna, made = garden.lead("anna"), garden.lead("made", demo=True)
    with pytest.raises(NotFound):
        merge_two(garden, anna, 999)
    with pytest.raises(Conflict, match="one lead already"):
        merge_two(garden, anna, anna)
    with pytest.raises(Conflict, match="invented"):
        merge_two(garden, anna, made)
    with pytest.raises(Invalid, match="shoe_size"):
        merge_two(garden, anna, garden.lead("ben"), "shoe_size")


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
