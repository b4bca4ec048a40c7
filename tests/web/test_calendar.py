"""The forecast of a large house is worked out beside its page, and the page says when."""

from datetime import timedelta

from sqlalchemy import text

from nurture.flows.keep_forecast import keep_forecast
from nurture.runtime import Runtime
from nurture.store import forecasts
from tests.conftest import TUESDAY
from tests.web.conftest import SignIn
from tests.web.open_house import API, api, open_house

# Runs that are over do not show in a calendar; they only make the house a large one.
_PAST = """
    INSERT INTO enrollment (program_id, chain_id, version_id, lead_id, state, entered_at, ended_at)
    SELECT program_id, chain_id, version_id, lead_id, 'ended', entered_at, entered_at
    FROM (SELECT * FROM enrollment LIMIT 1) e, generate_series(1, :many)
"""


def grow(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        session.execute(text(_PAST), {"many": forecasts.LARGE + 1})
        session.execute(text("ANALYZE enrollment"))
        assert forecasts.is_large(session)


def test_a_large_house_shows_the_forecast_that_was_kept_and_from_when_it_is(
    sign_in: SignIn, runtime: Runtime
) -> None:
    open_house(runtime, leads=5)
    admin = sign_in()
    headers = api(admin, runtime)
    live = admin.get(f"{API}/calendar", headers=headers).json
    grow(runtime)

    assert keep_forecast(runtime.sessions, now=TUESDAY - timedelta(minutes=7)) == 1
    with runtime.sessions.begin() as session:
        session.execute(text("UPDATE enrollment SET state = 'ended' WHERE state = 'active'"))
    kept = admin.get(f"{API}/calendar", headers=headers).json

    assert (live["counted_at"], kept["counted_at"]) == (None, "2026-03-03T09:53:00Z")
    assert kept["data"] == live["data"]
    page = admin.get("/calendar").text
    assert "5 mails go out today" in page
    assert "7 minutes ago" in page


def test_a_kept_forecast_gives_way_to_the_next_and_ends_with_its_program(
    sign_in: SignIn, runtime: Runtime
) -> None:
    open_house(runtime, leads=2)
    grow(runtime)
    keep_forecast(runtime.sessions, now=TUESDAY)
    with runtime.sessions.begin() as session:
        session.execute(text("UPDATE program SET state = 'paused'"))

    admin = sign_in()
    assert "Nothing is going to go out" in admin.get("/calendar").text
    assert keep_forecast(runtime.sessions, now=TUESDAY) == 0


def test_a_day_that_has_passed_is_no_part_of_a_forecast_kept_before_it(
    sign_in: SignIn, runtime: Runtime
) -> None:
    open_house(runtime, leads=2)
    grow(runtime)
    keep_forecast(runtime.sessions, now=TUESDAY - timedelta(days=1))
    admin = sign_in()
    days = [one["day"] for one in admin.get(f"{API}/calendar", headers=api(admin, runtime)).json["data"]]
    assert "2026-03-02" not in days
