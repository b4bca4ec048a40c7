"""Who is next, what another threshold would mean, grades and dates by hand: on pages and through the API."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from nurture.flows.explain import explain
from nurture.flows.judge_by_hand import wake_future
from nurture.flows.keys import create_key
from nurture.flows.lead_figures import keep_lead_figures
from nurture.flows.rate import rate
from nurture.runtime import Runtime
from nurture.store import potential
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.models import HeatModelRow
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, lead, make_lead, publish, send, strong_lead
from tests.web.conftest import SignIn, token_of


@pytest.fixture
def marketer(runtime: Runtime, sign_in: SignIn) -> FlaskClient:
    publish(runtime.sessions)
    return sign_in("marketer")


def hot(runtime: Runtime, **values: Any) -> int:
    """Hot and an A; without an answer to BANT five points away from the threshold."""
    lead_id = strong_lead(runtime.sessions, **values)
    for _time in range(2):
        send(runtime.sessions, lead_id, "replied", TUESDAY)
    rate(runtime.sessions, now=TUESDAY)
    return lead_id


def test_another_threshold_is_answered_at_once_and_nothing_changes(
    marketer: FlaskClient, runtime: Runtime
) -> None:
    hot(runtime, first_name="Anna", last_name="Lindqvist")
    shown = marketer.get("/models/readiness/what-if?rise=55").text
    assert "lead would be handed over today from 55 points on." in shown and "Anna Lindqvist" in shown
    assert "Anna Lindqvist" not in marketer.get("/models/readiness/what-if?rise=56").text
    assert all_of(runtime.sessions, Handoff) == []


def test_the_score_of_the_moment_counts_and_not_the_one_kept(
    marketer: FlaskClient, runtime: Runtime, clock: StandingClock
) -> None:
    hot(runtime, first_name="Anna", last_name="Lindqvist")
    clock.advance(days=7)
    assert "Anna Lindqvist" not in marketer.get("/models/readiness/what-if?rise=55").text


def test_whom_sales_has_just_given_back_would_not_be_handed_over_today(
    marketer: FlaskClient, runtime: Runtime, clock: StandingClock
) -> None:
    anna = hot(runtime, first_name="Anna", last_name="Lindqvist")
    [model] = all_of(runtime.sessions, HeatModelRow)
    with runtime.sessions.begin() as session:
        session.get_one(Lead, anna).ripening_no = 1
        session.add(
            Handoff(
                lead_id=anna, ripening_no=1, model_id=model.id, cause="threshold", state="rejected", score=70,
                rise=60, reasons=[], temperature="hot", heat=60, bant={}, ready_at=TUESDAY,
                closed_at=TUESDAY,
            )
        )  # fmt: skip
    assert "Anna Lindqvist" not in marketer.get("/models/readiness/what-if?rise=40").text
    clock.advance(days=7)
    assert "Anna Lindqvist" in marketer.get("/models/readiness/what-if?rise=40").text


def test_the_past_says_how_many_of_a_threshold_sales_accepted_and_won(
    marketer: FlaskClient, runtime: Runtime
) -> None:
    [model] = all_of(runtime.sessions, HeatModelRow)
    for score, state in ((62, "rejected"), (70, "won"), (81, "won"), (90, "released")):
        with runtime.sessions.begin() as session:
            session.add(
                Handoff(
                    lead_id=make_lead(runtime.sessions), ripening_no=1, model_id=model.id, cause="threshold",
                    state=state, score=score, rise=60, reasons=[], temperature="hot", heat=60, bant={},
                    ready_at=TUESDAY, released_at=TUESDAY,
                )
            )  # fmt: skip
    shown = marketer.get("/models/readiness/what-if?rise=65").text
    assert "Of 3 hand-offs of the past that reached 65 points," in shown
    assert "sales has answered 2, accepted 2 of these (100%) and won 2." in shown
    assert (
        "Nobody was ever handed over below 62 points"
        in marketer.get("/models/readiness/what-if?rise=50").text
    )


def test_who_is_about_to_become_ready_stands_with_what_is_missing(
    marketer: FlaskClient, runtime: Runtime
) -> None:
    hot(runtime, first_name="Anna", last_name="Lindqvist")
    page = marketer.get("/models/readiness").text
    assert "Anna Lindqvist" in page
    assert "5 points" in page and "A shown need: up to 25" in page


def test_a_grade_set_by_hand_holds_with_its_reason_until_it_is_given_back(
    marketer: FlaskClient, runtime: Runtime
) -> None:
    ben = make_lead(runtime.sessions)
    token = token_of(marketer.get(f"/leads/{ben}").text)
    refused = marketer.post(
        f"/leads/{ben}/grade", data={"csrf_token": token, "grade": "A"}, follow_redirects=True
    )
    assert "Say why" in refused.text and lead(runtime.sessions, ben).grade_override is None
    form = {"csrf_token": token, "grade": "A", "reason": "Sits on three boards"}
    card = marketer.post(f"/leads/{ben}/grade", data=form, follow_redirects=True).text
    assert "Set by hand to A: Sits on three boards" in card
    with runtime.sessions() as session:
        told = explain(session, ben, now=runtime.now())["grade"]
    assert (told["override"], told["override_reason"]) == ("A", "Sits on three boards")
    send(runtime.sessions, ben, "opened", TUESDAY)
    rate(runtime.sessions, now=TUESDAY)
    assert lead(runtime.sessions, ben).grade_override == "A"
    marketer.post(f"/leads/{ben}/grade", data={"csrf_token": token, "grade": ""})
    assert lead(runtime.sessions, ben).grade_override is None


def test_a_lead_whose_time_is_later_is_listed_and_comes_back_at_its_date(
    marketer: FlaskClient, runtime: Runtime
) -> None:
    anna = hot(runtime, first_name="Anna", last_name="Lindqvist")
    token = token_of(marketer.get(f"/leads/{anna}").text)
    marketer.post(f"/leads/{anna}/later", data={"csrf_token": token, "day": "2026-03-10"})
    assert "Anna Lindqvist" in marketer.get("/models/readiness").text
    send(runtime.sessions, anna, "feedback", TUESDAY, data={"rating": 5})
    rate(runtime.sessions, now=TUESDAY)
    with runtime.sessions.begin() as session:
        row = session.get_one(type(lead(runtime.sessions, anna)), anna)
        row.bant = {
            "need": {"answer": "yes", "source": "sales"},
            "budget": {"answer": "yes", "source": "form"},
        }
    assert wake_future(runtime.sessions, now=TUESDAY + timedelta(days=6)) == 0
    assert all_of(runtime.sessions, Handoff) == []
    assert wake_future(runtime.sessions, now=TUESDAY + timedelta(days=8)) == 1
    assert [one.lead_id for one in all_of(runtime.sessions, Handoff)] == [anna]
    card = marketer.get(f"/leads/{anna}").text
    assert "Put off: comes back on" in card and "Came back</span>: the time they asked to be left" in card
    lately = marketer.get("/models/readiness").text.partition("Came back in the last two weeks")[2]
    assert "Anna Lindqvist" in lately and "Sales ready" in lately


def test_the_calendar_says_who_comes_back_on_which_day(marketer: FlaskClient, runtime: Runtime) -> None:
    ben = make_lead(runtime.sessions, first_name="Ben", last_name="Sommer")
    token = token_of(marketer.get(f"/leads/{ben}").text)
    marketer.post(f"/leads/{ben}/later", data={"csrf_token": token, "day": "2026-03-10"})
    page = marketer.get("/calendar").text
    assert "1 lead comes back" in page and "Ben Sommer" in page
    assert "Ben Sommer" not in marketer.get("/calendar?day=2026-03-09").text


def test_a_date_that_has_passed_is_refused(marketer: FlaskClient, runtime: Runtime) -> None:
    ben = make_lead(runtime.sessions)
    form = {"csrf_token": token_of(marketer.get(f"/leads/{ben}").text), "day": "2020-01-01"}
    assert "still to come" in marketer.post(f"/leads/{ben}/later", data=form, follow_redirects=True).text


def test_quality_is_a_table_whose_numbers_open_the_list(marketer: FlaskClient, runtime: Runtime) -> None:
    hot(runtime)
    page = marketer.get("/models/potential").text
    assert 'href="/leads?grade=A&amp;temperature=hot"><b class="fig-s">1</b>' in page
    assert "Too few customers yet." in page


def test_what_customers_share_is_shown_and_offered_to_the_scorecard(
    marketer: FlaskClient, runtime: Runtime
) -> None:
    for number in range(40):
        make_lead(
            runtime.sessions,
            stage="customer" if number < 6 else "lead",
            country="AT" if number < 8 else "DE",
            language="de",
        )
    page = marketer.get("/models/potential").text
    assert "Austria" in page and "6 customers" in page and "5.0×" in page
    nothing = marketer.post("/models/potential/scorecard", data={"csrf_token": token_of(page)})
    assert nothing.headers["Location"].endswith("/models/potential")
    ticked = {"csrf_token": token_of(page), "trait": "country=AT"}
    marketer.post("/models/potential/scorecard", data=ticked)
    [model] = all_of(runtime.sessions, HeatModelRow)
    assert 'value="country: Austria"' in marketer.get(f"/models/{model.id}/edit").text


def test_a_large_base_shows_what_was_counted_last(marketer: FlaskClient, runtime: Runtime) -> None:
    for number in range(12):
        make_lead(
            runtime.sessions,
            stage="customer" if number < 4 else "lead",
            country="AT" if number < 4 else "DE",
        )
    with runtime.sessions.begin() as session:
        session.execute(
            text(
                "UPDATE pg_class SET reltuples = 30000 WHERE oid IN ('lead'::regclass, 'lead_line'::regclass)"
            )
        )
    keep_lead_figures(runtime.sessions, now=TUESDAY)
    strong_lead(runtime.sessions, country="FR", stage="customer")

    assert marketer.get("/models/potential").status_code == 200
    with runtime.sessions() as session:
        assert sum(potential.quality(session).values()) == 12
        assert [(one.field, one.value, one.won) for one in potential.shared(session, least=3)] == [
            ("country", "AT", 4)
        ]
    with runtime.sessions.begin() as session:
        assert not potential.keep(session, least=1, now=TUESDAY + timedelta(minutes=59))
        assert potential.keep(session, least=1, now=TUESDAY + timedelta(hours=1))
        assert ("country", "FR") in {(one.field, one.value) for one in potential.shared(session, least=3)}


def test_the_api_says_and_does_the_same(marketer: FlaskClient, runtime: Runtime) -> None:
    anna = hot(runtime, first_name="Anna")
    with runtime.sessions.begin() as session:
        key = create_key(session, "CRM", "sales", now=TUESDAY)
    headers = {"Authorization": f"Bearer {key}"}

    def call(method: str, address: str, **more: Any) -> Any:
        return marketer.open(f"/api/v1{address}", method=method, headers=headers, **more)

    assert call("GET", "/readiness/what_if?rise=55").json["leads"] == 1
    [nearly] = call("GET", "/readiness/nearly").json["data"]
    assert (nearly["lead_id"], nearly["score"], nearly["lacks"]) == (anna, 55.0, ["5 points"])
    assert call("PUT", f"/leads/{anna}/grade", json={"grade": "B", "reason": "too small"}).status_code == 204
    assert call("GET", f"/leads/{anna}").json["grade"] == "B"
    assert call("PUT", f"/leads/{anna}/future", json={"at": "2026-06-01T08:00:00Z"}).status_code == 204
    [later] = call("GET", "/readiness/later").json["data"]
    assert (later["lead_id"], later["future_at"]) == (anna, "2026-06-01T08:00:00Z")
    assert call("GET", "/potential").json["quality"] == [{"grade": "B", "temperature": "hot", "leads": 1}]
