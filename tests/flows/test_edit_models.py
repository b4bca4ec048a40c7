"""A marketer changes a model: a draft with its faults, a look ahead, a new version, approvals."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict
from nurture.flows import approve, edit_models, model_work
from nurture.flows.models import bring_portion
from nurture.flows.rate import rate
from nurture.rules import heat
from nurture.rules.model import ModelFault
from nurture.store import model_work as works
from nurture.store.approvals import ModelApproval
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.model_work import Work
from nurture.store.temperature_changes import TemperatureChange
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, heat_row, lead, make_lead, publish, send, strong_lead
from tests.rules.models import RAW

Sessions = sessionmaker[Session]


@dataclass
class Desk:
    """A marketer at the model of the house."""

    sessions: Sessions
    engine: Engine
    model_id: int

    def draft(self, **changes: Any) -> int:
        spec = deepcopy(RAW)
        for path, value in changes.items():
            *way, last = path.split("__")
            place = spec
            for name in way:
                place = place[name]
            place[last] = value
        with self.sessions.begin() as session:
            return edit_models.save_draft(
                session, self.model_id, spec, revision=None, now=TUESDAY, by="user:1"
            )

    def preview(self) -> Work:
        with self.sessions.begin() as session:
            asked = edit_models.ask_preview(session, self.model_id, now=TUESDAY, by="user:1")
        return self.carry_out(asked)

    def publish(self) -> Work:
        with self.sessions.begin() as session:
            asked = edit_models.publish(session, self.model_id, revision=None, now=TUESDAY, by="user:1")
        assert asked is not None
        return asked

    def carry_out(self, work: Work) -> Work:
        assert model_work.carry_out(self.sessions, self.engine, work.id, lambda: TUESDAY)
        with self.sessions() as session:
            done = works.find(session, work.id)
        assert done is not None
        return done


@pytest.fixture
def desk(sessions: Sessions, engine: Engine) -> Desk:
    return Desk(sessions, engine, publish(sessions).model_id)


def test_a_draft_keeps_what_is_wrong_and_says_all_of_it_by_its_place(desk: Desk) -> None:
    desk.draft(half_life="soon", signals__clicked__weight="many", readiness__fall=99)
    with desk.sessions() as session:
        stands = edit_models.editing(session, desk.model_id)
        assert stands.spec["half_life"] == "soon"
        assert set(edit_models.faults(session, "default", stands.spec)) == {
            "half_life",
            "signals.clicked.weight",
            "readiness.fall",
        }
    with pytest.raises(ModelFault), desk.sessions.begin() as session:
        edit_models.publish(session, desk.model_id, revision=None, now=TUESDAY, by="user:1")


def test_two_people_cannot_overwrite_each_other_unseen(desk: Desk) -> None:
    desk.draft(half_life="14d")
    with pytest.raises(Conflict), desk.sessions.begin() as session:
        edit_models.save_draft(session, desk.model_id, RAW, revision=0, now=TUESDAY, by="user:2")


def test_a_draft_that_changes_a_segment_nobody_knows_is_refused(desk: Desk) -> None:
    rules = [{"when": {"segment": "nobody"}, "points": 5, "text": "x"}]
    desk.draft(scorecard__rules=rules)
    with desk.sessions() as session:
        stands = edit_models.editing(session, desk.model_id)
        assert "nobody" in str(edit_models.faults(session, "default", stands.spec))


def test_a_preview_says_who_would_move_and_writes_nothing(desk: Desk) -> None:
    anna, boris = make_lead(desk.sessions), make_lead(desk.sessions)
    send(desk.sessions, anna, "clicked", TUESDAY)
    send(desk.sessions, boris, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.draft(signals__clicked__weight=60)
    found = desk.preview()
    assert (found.state, found.done) == ("done", 2)
    assert found.result["temperatures"] == [
        {"from": "cold", "to": "hot", "leads": 1},
        {"from": "warm", "to": "warm", "leads": 1},
    ]
    [moved] = found.result["samples"]
    assert moved == {"of": "temperature", "from": "cold", "to": "hot", "count": 1, "leads": [anna]}
    assert lead(desk.sessions, anna).temperature == "cold"
    assert len(all_of(desk.sessions, TemperatureChange)) == 1


def test_a_preview_names_grades_and_who_would_be_handed_over_today(desk: Desk) -> None:
    anna = strong_lead(desk.sessions)
    send(desk.sessions, anna, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.draft(
        readiness__rise=20,
        readiness__fall=10,
        readiness__require={"temperature": "warm"},
        scorecard__grades={"A": 90, "B": 30},
    )
    found = desk.preview().result
    assert found["grades"] == [{"from": "A", "to": "B", "leads": 1}]
    [ripe] = found["ripe"]["leads"]
    assert (ripe["lead_id"], ripe["temperature"], ripe["grade"]) == (anna, "warm", "B"), (
        "as the draft sees her"
    )
    assert (found["ripe"]["count"], found["ripe"]["before"]) == (1, 0)


def test_a_preview_counts_those_who_wait_for_a_decision_as_the_switch_will(desk: Desk) -> None:
    anna, boris = strong_lead(desk.sessions), strong_lead(desk.sessions)
    for lead_id in (anna, boris):
        send(desk.sessions, lead_id, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.draft(**EASY)
    desk.carry_out(desk.publish())
    [of_boris] = [one.id for one in all_of(desk.sessions, ModelApproval) if one.lead_id == boris]
    approve.decide(desk.sessions, [of_boris], hand_over=False, now=TUESDAY, by="user:1")
    desk.draft(**EASY, signals__opened__weight=2.0)
    found = desk.preview().result["ripe"]
    assert [one["lead_id"] for one in found["leads"]] == [anna], (
        "whoever was declined is not asked about again"
    )
    assert desk.carry_out(desk.publish()).result["ready"] == found["count"] == 1
    waiting = [one.lead_id for one in all_of(desk.sessions, ModelApproval) if one.state == "waiting"]
    assert waiting == [anna]


def test_a_preview_tells_when_deals_of_the_past_would_have_been_ripe(desk: Desk) -> None:
    won, lost = strong_lead(desk.sessions), make_lead(desk.sessions)
    for day in range(4):
        send(desk.sessions, won, "replied", TUESDAY - timedelta(days=20 - day))
    send(desk.sessions, lost, "opened", TUESDAY - timedelta(days=20))
    rate(desk.sessions, now=TUESDAY - timedelta(days=10))
    for lead_id, state in ((won, "won"), (lost, "lost")):
        handed(desk, lead_id, state)
    desk.draft(readiness__rise=40, readiness__fall=20, readiness__require={"temperature": "warm"})
    past = desk.preview().result["past"]
    assert past["draft"]["won"] == {"deals": 1, "in_time": 1, "later": 0, "never": 0, "median_days": 9.0}
    assert past["live"]["won"]["never"] == 1
    assert past["draft"]["lost"] == {
        "deals": 1, "in_time": 0, "later": 0, "never": 1, "median_days": None,
    }  # fmt: skip


def handed(desk: Desk, lead_id: int, state: str) -> None:
    with desk.sessions.begin() as session:
        session.add(
            Handoff(
                lead_id=lead_id, ripening_no=1, model_id=desk.model_id, cause="threshold", state=state,
                score=65, rise=60, reasons=[], temperature="hot", heat=60, bant={},
                ready_at=TUESDAY - timedelta(days=10), closed_at=TUESDAY,
            )
        )  # fmt: skip


def test_publishing_lets_the_new_version_rate_and_brings_everybody_over(desk: Desk) -> None:
    anna = make_lead(desk.sessions)
    strong = strong_lead(desk.sessions)
    send(desk.sessions, anna, "clicked", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.draft(signals__clicked__weight=60, scorecard__rules=[])
    done = desk.carry_out(desk.publish())
    assert done.result == {"leads": 2, "changed": 1, "ready": 0}
    assert lead(desk.sessions, anna).temperature == "hot"
    assert lead(desk.sessions, strong).grade == "C", "who never sent a signal is graded anew too"
    with desk.sessions() as session:
        assert edit_models.editing(session, desk.model_id).draft is None


def test_a_signal_in_the_middle_of_a_switch_counts_as_it_would_after_it(desk: Desk) -> None:
    anna, boris = make_lead(desk.sessions), make_lead(desk.sessions)
    for lead_id in (anna, boris):
        send(desk.sessions, lead_id, "clicked", TUESDAY - timedelta(days=3))
    rate(desk.sessions, now=TUESDAY)
    desk.draft(signals__clicked__weight=30, half_life="7d")
    work = desk.publish()
    send(desk.sessions, anna, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.carry_out(work)
    send(desk.sessions, boris, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    first, second = heat_row(desk.sessions, anna), heat_row(desk.sessions, boris)
    assert first.net_log2 == pytest.approx(second.net_log2, rel=1e-12)
    assert first.model_version_id == second.model_version_id


def test_until_a_lead_is_brought_over_its_heat_is_what_it_was(desk: Desk) -> None:
    anna = make_lead(desk.sessions)
    send(desk.sessions, anna, "replied", TUESDAY - timedelta(days=21))
    rate(desk.sessions, now=TUESDAY)
    desk.draft(half_life="7d")
    desk.publish()
    week = 7 * 86_400
    net = heat_row(desk.sessions, anna).net_log2
    shown = lead(desk.sessions, anna).heat_log2
    assert net is not None and shown is not None
    assert heat.log2_value(net, TUESDAY, week) == pytest.approx(12.5)
    assert heat.log2_value(shown, TUESDAY, week) == pytest.approx(12.5)


def test_a_switch_over_an_unfinished_one_ends_as_if_the_first_had_never_been(desk: Desk) -> None:
    anna = make_lead(desk.sessions)
    send(desk.sessions, anna, "replied", TUESDAY - timedelta(days=5))
    rate(desk.sessions, now=TUESDAY)
    before = heat_row(desk.sessions, anna).net_log2
    desk.draft(half_life="7d")
    desk.publish()
    desk.draft()
    desk.carry_out(desk.publish())
    assert heat_row(desk.sessions, anna).net_log2 == pytest.approx(before, rel=1e-12)
    with desk.sessions.begin() as session:
        assert bring_portion(session, desk.model_id, now=TUESDAY) is None


EASY = {"readiness__rise": 20, "readiness__fall": 10, "readiness__require": {"temperature": "warm"}}


def test_leads_a_version_would_hand_over_wait_until_somebody_approves(desk: Desk) -> None:
    anna, boris = strong_lead(desk.sessions), strong_lead(desk.sessions)
    for lead_id in (anna, boris):
        send(desk.sessions, lead_id, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.draft(**EASY)
    assert desk.carry_out(desk.publish()).result["ready"] == 2
    assert all_of(desk.sessions, Handoff) == []
    listed = {one.lead_id: one.id for one in all_of(desk.sessions, ModelApproval)}
    yes = approve.decide(desk.sessions, [listed[anna]], hand_over=True, now=TUESDAY, by="user:1")
    assert (yes.approved, yes.declined, yes.lapsed) == (1, 0, 0)
    assert [one.lead_id for one in all_of(desk.sessions, Handoff)] == [anna]
    no = approve.decide(desk.sessions, None, hand_over=False, now=TUESDAY, by="user:1")
    assert no.declined == 1
    send(desk.sessions, boris, "opened", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    assert [one.lead_id for one in all_of(desk.sessions, Handoff)] == [anna]


def test_a_lead_that_asks_for_a_meeting_does_not_wait_for_an_approval(desk: Desk) -> None:
    anna = strong_lead(desk.sessions)
    send(desk.sessions, anna, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.draft(**EASY)
    desk.carry_out(desk.publish())
    send(desk.sessions, anna, "meeting_requested", TUESDAY + timedelta(minutes=1))
    rate(desk.sessions, now=TUESDAY + timedelta(minutes=1))
    [handoff] = all_of(desk.sessions, Handoff)
    assert handoff.cause == "direct_request"
    assert [one.state for one in all_of(desk.sessions, ModelApproval)] == ["lapsed"], (
        "nobody is asked any more"
    )


def test_a_lead_that_sales_took_up_meanwhile_is_not_armed_by_a_late_yes(desk: Desk) -> None:
    anna = strong_lead(desk.sessions)
    send(desk.sessions, anna, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.draft(**EASY)
    desk.carry_out(desk.publish())
    with desk.sessions.begin() as session:
        session.get_one(Lead, anna).stage = "opportunity"
    done = approve.decide(desk.sessions, None, hand_over=True, now=TUESDAY, by="user:1")
    assert (done.approved, done.lapsed) == (0, 1)
    assert not lead(desk.sessions, anna).armed


def test_who_has_cooled_meanwhile_is_not_handed_over_by_an_approval(desk: Desk) -> None:
    anna = strong_lead(desk.sessions)
    send(desk.sessions, anna, "replied", TUESDAY)
    rate(desk.sessions, now=TUESDAY)
    desk.draft(**EASY)
    desk.carry_out(desk.publish())
    later = TUESDAY + timedelta(days=90)
    done = approve.decide(desk.sessions, None, hand_over=True, now=later, by="user:1")
    assert (done.approved, done.lapsed) == (0, 1)
    assert all_of(desk.sessions, Handoff) == []


def test_an_older_version_becomes_a_draft_that_says_what_it_changes(desk: Desk) -> None:
    desk.draft(signals__clicked__weight=30)
    desk.carry_out(desk.publish())
    with desk.sessions.begin() as session:
        edit_models.start_from(session, desk.model_id, 1, now=TUESDAY, by="user:1")
    with desk.sessions() as session:
        stands = edit_models.editing(session, desk.model_id)
        assert edit_models.told_changes(stands) == ["clicked, points: 30 → 10"]


def test_a_draft_that_changes_nothing_makes_no_version(desk: Desk) -> None:
    desk.draft()
    with desk.sessions.begin() as session:
        assert edit_models.publish(session, desk.model_id, revision=None, now=TUESDAY, by="user:1") is None
