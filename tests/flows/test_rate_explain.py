"""Why a lead stands where it stands: everything shown adds up."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import NotFound
from nurture.flows.explain import explain, heat_curve
from nurture.flows.rate import rate
from tests.conftest import TUESDAY
from tests.flows.rated_leads import lead, make_lead, publish, rate_all, send, strong_lead
from tests.rules.models import contract_model

Sessions = sessionmaker[Session]
KINDS = ["opened", "clicked", "replied", "event_no_show", "clicked", "clicked", "opened", "event_attended"]


def busy(sessions: Sessions) -> int:
    anna = strong_lead(sessions, email="anna@example.com")
    for number, kind in enumerate(KINDS):
        send(sessions, anna, kind, TUESDAY + timedelta(hours=7 * number))
    rate(sessions, now=TUESDAY + timedelta(days=3))
    return anna


def total(lines) -> float:
    return round(sum(line["points"] for line in lines), 6)


def test_every_figure_is_explained_by_what_adds_up_to_it(sessions: Sessions) -> None:
    publish(sessions)
    anna = busy(sessions)
    for days in (3, 10, 40):
        now = TUESDAY + timedelta(days=days)
        rate_all(sessions, now)
        with sessions() as session:
            found = explain(session, anna, now=now)
        assert total(found["heat"]["contributions"]) == found["heat"]["value"]
        assert total(found["grade"]["contributions"]) == found["grade"]["points"]
        readiness = found["readiness"]
        assert total(readiness["contributions"]) == total(readiness["parts"]) == readiness["score"]
        assert found["temperature"]["value"] == lead(sessions, anna).temperature


def test_the_card_tells_when_a_lead_cools_and_what_it_lacks(sessions: Sessions) -> None:
    publish(sessions)
    anna = busy(sessions)
    now = TUESDAY + timedelta(days=3)
    with sessions() as session:
        found = explain(session, anna, now=now)
    temperature = found["temperature"]
    assert temperature["value"] == "hot"
    assert temperature["cools_to"] == "warm"
    assert temperature["cools_at"] > now
    assert temperature["floors"]["warm"] == TUESDAY + timedelta(hours=49, days=30)
    with sessions() as session:
        later = explain(session, anna, now=temperature["cools_at"])
    assert later["temperature"]["value"] == "warm"
    assert later["temperature"]["to_next"] == {"temperature": "hot", "missing": 15.0}


def test_a_lead_below_zero_is_shown_at_zero_with_the_difference_named(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    send(sessions, anna, "clicked", TUESDAY)
    send(sessions, anna, "unsubscribed", TUESDAY)
    rate(sessions, now=TUESDAY)
    with sessions() as session:
        found = explain(session, anna, now=TUESDAY)["heat"]
    assert found["value"] == 0
    assert {line["kind"]: line["points"] for line in found["contributions"]} == {
        "clicked": 10,
        "unsubscribed": -100,
        "not_below_zero": 90,
    }


def test_a_lead_without_signals_is_explained_too(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    with sessions() as session:
        found = explain(session, anna, now=TUESDAY)
    assert found["heat"] == {"value": 0, "contributions": []}
    assert found["temperature"]["value"] == "cold"
    assert found["readiness"]["score"] == 4  # a C has a fifth of the data part
    with sessions() as session, pytest.raises(NotFound):
        explain(session, anna + 1, now=TUESDAY)


def test_before_a_model_is_published_there_is_nothing_to_explain(sessions: Sessions) -> None:
    anna = make_lead(sessions)
    with sessions() as session:
        assert explain(session, anna, now=TUESDAY)["heat"] is None
        assert heat_curve(session, anna, since=TUESDAY, until=TUESDAY + timedelta(days=1)) == []


def test_the_curve_jumps_at_signals_and_ends_at_the_shown_heat(sessions: Sessions) -> None:
    publish(sessions)
    anna = busy(sessions)
    until = TUESDAY + timedelta(days=30)
    with sessions() as session:
        curve = heat_curve(session, anna, since=TUESDAY - timedelta(days=1), until=until)
        shown = explain(session, anna, now=until)["heat"]["value"]
    assert curve[0]["heat"] == 0
    assert curve[-1] == {"at": until, "heat": shown, "kind": None}
    assert [point["kind"] for point in curve if point["kind"]] == KINDS
    moments = [point["at"] for point in curve]
    assert moments == sorted(moments)
    half_life = timedelta(seconds=contract_model().half_life_s)
    with sessions() as session:
        [*_between, last] = heat_curve(session, anna, since=until, until=until + half_life)
    assert last["heat"] == pytest.approx(shown / 2, abs=0.1)
