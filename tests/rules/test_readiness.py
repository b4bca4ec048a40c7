"""Readiness: hand over now?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules import readiness, shares
from nurture.rules.crossing import HeldBack, at_its_place, crossing, held_back
from nurture.rules.facts import Facts, SignalFact
from nurture.rules.readiness import Judgement, LastRipening, judge
from tests.rules.models import contract_model

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
MODEL = contract_model()
POLICY = MODEL.readiness
FOUR_YESES = dict.fromkeys(("budget", "authority", "need", "timing"), "yes")
COMPANY = {"company.name": "Nordlicht GmbH", "company.size": 80, "role": "Head", "country": "DE"}
BORIS = Facts(lead_id=1)
ANNA = Facts(
    lead_id=2,
    temperature="hot",
    heat=55.0,
    grade="A",
    fields={**COMPANY, "phone": "+4930123456", "interest": "stock"},
    signals=tuple(SignalFact("clicked", NOW - timedelta(days=day)) for day in (3, 2, 1)),
)
REQUEST = SignalFact("meeting_requested", NOW - timedelta(hours=1))


def test_a_stranger_is_not_ready_at_all() -> None:
    found = judge(MODEL, BORIS, NOW)
    assert (found.score, found.reasons, found.cause) == (0, (), None)
    assert crossing(True, found, POLICY) == "stay"


def test_each_part_gives_its_points_with_its_reasons() -> None:
    found = judge(MODEL, ANNA, NOW)
    points = {part.name: part.points for part in found.parts}
    assert points == {"need": 25, "activity": 35, "data": 20, "bant": 0}
    assert found.score == 80
    assert crossing(True, found, POLICY) == "cross"


def test_activity_is_the_share_of_the_heat_at_which_a_lead_is_hot() -> None:
    found = judge(MODEL, replace(BORIS, heat=25.0), NOW)
    assert [(part.name, part.points) for part in found.parts if part.points] == [("activity", 17.5)]


def test_bant_counts_yes_whole_and_partly_half() -> None:
    found = judge(MODEL, replace(BORIS, bant={"budget": "yes", "timing": "partly", "authority": "no"}), NOW)
    assert {part.name: part.points for part in found.parts}["bant"] == 7.5


def test_a_requirement_that_is_not_met_holds_a_high_score_back() -> None:
    weak = judge(MODEL, replace(ANNA, grade="C", bant={"need": "yes", "budget": "yes"}), NOW)
    assert weak.score >= POLICY.rise
    assert [requirement.met for requirement in weak.requirements] == [True, False]
    assert crossing(True, weak, POLICY) == "stay"
    warm = judge(MODEL, replace(ANNA, temperature="warm"), NOW)
    assert crossing(True, warm, POLICY) == "stay"


def test_four_yeses_make_a_lead_ready_whatever_its_temperature() -> None:
    found = judge(MODEL, replace(BORIS, bant=FOUR_YESES), NOW)
    assert found.cause == "bant"
    assert crossing(True, found, POLICY) == "cross"


def test_a_direct_request_makes_a_lead_ready_at_once() -> None:
    found = judge(MODEL, replace(BORIS, signals=(REQUEST,)), NOW)
    assert found.cause == "direct_request"
    assert crossing(True, found, POLICY) == "cross"
    assert crossing(False, found, POLICY) == "cross"
    assert judge(MODEL, replace(BORIS, signals=(REQUEST,)), NOW + timedelta(days=8)).cause is None


def test_what_has_ripened_a_lead_once_does_not_ripen_it_again() -> None:
    last = LastRipening(NOW, FOUR_YESES)
    lead = replace(BORIS, signals=(REQUEST,), bant=FOUR_YESES)
    assert judge(MODEL, lead, NOW + timedelta(hours=1), last).cause is None


def test_a_second_request_after_the_last_ripening_counts_again() -> None:
    again = SignalFact("meeting_requested", NOW + timedelta(hours=2))
    lead = replace(BORIS, signals=(REQUEST, again))
    assert judge(MODEL, lead, NOW + timedelta(hours=3), LastRipening(NOW, {})).cause == "direct_request"


def test_four_yeses_completed_after_the_last_ripening_count() -> None:
    lead = replace(BORIS, bant=FOUR_YESES)
    last = LastRipening(NOW - timedelta(days=30), {**FOUR_YESES, "budget": "no"})
    assert judge(MODEL, lead, NOW, last).cause == "bant"


def test_a_lead_that_has_crossed_stays_until_it_falls_and_is_armed_again() -> None:
    assert crossing(False, judge(MODEL, ANNA, NOW), POLICY) == "stay"
    between = judge(MODEL, replace(ANNA, heat=10.0), NOW)
    assert POLICY.fall <= between.score < POLICY.rise
    assert crossing(False, between, POLICY) == "stay"
    assert crossing(False, judge(MODEL, BORIS, NOW), POLICY) == "rearm"


def at_place(found: Judgement, stage: str = "lead", future: datetime | None = None, **values: Any) -> str:
    last, now = values.get("last"), values.get("now", NOW)
    return at_its_place("cross", stage, future, found, now, last, values.get("policy", POLICY))


def test_a_lead_with_sales_or_put_off_to_a_date_does_not_ripen() -> None:
    found = judge(MODEL, ANNA, NOW)
    assert at_place(found) == "cross"
    assert at_place(found, "sales_ready") == at_place(found, "opportunity") == "stay"
    assert at_place(found, future=NOW + timedelta(days=30)) == "stay"
    asked = judge(MODEL, replace(ANNA, signals=(REQUEST,)), NOW)
    assert at_place(asked, future=NOW + timedelta(days=30)) == "cross"


def test_four_yeses_do_not_break_the_date_a_lead_asked_to_be_left_until() -> None:
    found = judge(MODEL, replace(BORIS, bant=FOUR_YESES), NOW)
    assert at_place(found) == "cross"
    assert at_place(found, future=NOW + timedelta(days=30)) == "stay"


def test_who_waits_for_sales_and_asks_by_itself_is_hurried() -> None:
    asked = judge(MODEL, replace(ANNA, signals=(REQUEST,)), NOW)
    assert at_place(asked, "sales_ready") == "hurry"
    assert at_place(asked, "opportunity") == "stay"


def test_what_sales_learnt_of_a_lead_it_lost_does_not_bring_it_back() -> None:
    found = judge(MODEL, replace(BORIS, bant=FOUR_YESES), NOW, LastRipening(NOW - timedelta(days=30), {}))
    assert found.cause == "bant"
    assert crossing(False, found, POLICY) == "stay"


def test_a_lead_that_sales_gave_back_is_left_alone_for_a_while() -> None:
    found = judge(MODEL, ANNA, NOW)
    back = LastRipening(NOW - timedelta(days=6), {}, given_back=True)
    assert at_place(found, last=back) == "stay"
    assert at_place(found, last=back, now=NOW + timedelta(days=1)) == "cross"
    assert at_place(found, last=back, policy=replace(POLICY, cool_down_days=0)) == "cross"
    assert at_place(found, last=replace(back, given_back=False)) == "cross"
    asked = judge(MODEL, replace(ANNA, signals=(REQUEST,)), NOW)
    assert at_place(asked, last=back) == "cross"


def test_what_holds_a_ready_lead_back_is_said_with_its_end() -> None:
    back, later = LastRipening(NOW, {}, given_back=True), NOW + timedelta(days=30)

    def held(stage: str = "lead", **values: Any) -> HeldBack:
        known = {"armed": True, "future_at": None, "last": None, "awaits_approval": False} | values
        return held_back(stage, now=NOW, policy=POLICY, **known)

    assert held("opportunity") == HeldBack("with_sales")
    assert held(awaits_approval=True, armed=False) == HeldBack("approval")
    assert held(future_at=later) == HeldBack("future", later)
    assert held(last=back) == HeldBack("given_back", NOW + timedelta(days=POLICY.cool_down_days))
    assert held(armed=False) == HeldBack("not_armed")
    assert held() == HeldBack("next_sign")


def test_the_heat_that_arms_again_is_where_the_score_falls_below() -> None:
    clara = replace(ANNA, signals=())
    edge = readiness.falls_below_at_heat(MODEL, judge(MODEL, clara, NOW))
    assert edge is not None
    assert judge(MODEL, replace(clara, heat=edge - 0.2), NOW).score < POLICY.fall
    assert judge(MODEL, replace(clara, heat=edge + 0.2), NOW).score >= POLICY.fall


def test_a_lead_ready_by_what_does_not_fade_is_not_armed_by_silence() -> None:
    assert readiness.falls_below_at_heat(MODEL, judge(MODEL, ANNA, NOW)) is None


@given(
    heat=st.floats(0, 300),
    grade=st.sampled_from([None, "A", "B", "C"]),
    bant=st.dictionaries(st.sampled_from(sorted(FOUR_YESES)), st.sampled_from(["no", "partly", "yes"])),
    fields=st.sets(st.sampled_from([*COMPANY, "phone", "interest"])),
)
def test_the_reasons_always_add_up_to_the_score(
    heat: float, grade: str | None, bant: dict[str, str], fields: set[str]
) -> None:
    lead = replace(BORIS, heat=heat, grade=grade, bant=bant, fields=dict.fromkeys(fields, 80))
    found = judge(MODEL, lead, NOW)
    assert round(sum(reason.points for reason in found.reasons), 6) == found.score
    assert round(sum(part.points for part in found.parts), 6) == found.score
    assert all(0 <= part.points <= part.best + 0.1 for part in found.parts)


@given(st.lists(st.floats(-1000, 1000, allow_nan=False), max_size=30))
def test_rounded_parts_add_up_to_the_rounded_whole(parts: list[float]) -> None:
    rounded = shares.rounded(parts)
    assert round(sum(rounded), 6) == shares.whole(parts)
    for part, shown in zip(parts, rounded, strict=True):
        assert shown == pytest.approx(part, abs=0.1000001)
