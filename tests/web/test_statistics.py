"""Statistics through the doors: the page, the API and the file say the same."""

import csv
import io

import pytest
from sqlalchemy import text

from tests.flows.garden import Garden
from tests.flows.goals import CHAINS, GOAL, reach
from tests.web.api_caller import api, caller

__all__ = ["api", "caller"]


@pytest.fixture
def garden(runtime, clock, tmp_path):
    garden = Garden(runtime.sessions, clock, tmp_path / "garden")
    garden.publish(CHAINS, head=GOAL + "holdout: 30\n")
    leads = [garden.lead(f"lead-{no}") for no in range(8)]
    garden.enter(*leads)
    garden.pass_time(1)
    reach(garden, *[lead for lead in leads if garden.run(lead).state == "active"][:2])
    return garden


def number(garden: Garden, table: str) -> int:
    return int(garden.value(f"SELECT min(id) FROM {table}"))


def test_page_api_and_file_say_the_same(app, api, sign_in, garden):
    chain = garden.value("SELECT id FROM chain WHERE temperature = 'cold'")
    told = api.get(f"/chains/{chain}/stats?days=30").json
    treated, held_out = told["converted"]["leads"], told["held_out"]["leads"]
    assert treated + held_out == 8 and held_out
    assert (told["converted"]["met"], told["passage"]["goal"], told["goals"]["worth"]) == (
        2,
        2,
        {"EUR": 8000},
    )
    assert told["lift"]["verdict"] == "not_enough" and told["lift"]["leads_needed"] == 100 - treated
    steps = {one["key"]: one for one in told["steps"]}
    assert (steps["pause"]["passage"]["left"], steps["welcome"]["mails"]["sent"]) == ({"goal": 2}, treated)
    lines = list(csv.DictReader(io.StringIO(api.get(f"/chains/{chain}/stats.csv").text.lstrip("\ufeff"))))
    assert [line["in"] for line in lines if line["step"] == "welcome"] == [str(treated)]
    page = sign_in("viewer").get(f"/chains/{chain}/statistics").text
    assert f"2 of the {treated} leads that came in, within 90 days" in page and "worth €8,000" in page
    assert f"Not enough yet to tell from chance: {100 - treated} more leads treated" in page
    assert sign_in("viewer").get(f"/chains/{chain}/statistics.csv").status_code == 403


def test_board_and_chain_show_machines_beside_people(app, runtime, sign_in, garden):
    chain = garden.value("SELECT id FROM chain WHERE temperature = 'cold'")
    seen = {"chain": chain, "version": number(garden, "program_version")}
    with runtime.sessions.begin() as session:
        for day, what, n in (
            ("2026-03-02", "opened", 1),
            ("2026-03-03", "opened", 2),
            ("2026-03-03", "clicked", 7),
        ):
            row = "INSERT INTO step_day (chain_id, day, version_id, step_key, what, n) VALUES"
            values = f" (:chain, '{day}', :version, 'welcome', 'machine_{what}', {n})"
            session.execute(text(row + values), seen)
    viewer = sign_in("viewer")
    for page in (f"/programs/{number(garden, 'program')}", f"/chains/{chain}"):
        shown = viewer.get(page).text
        assert "3 more by machines, not counted" in shown and "7 more by machines, not counted" in shown


def test_a_program_counts_each_lead_once_and_names_its_chains(app, api, sign_in, garden):
    program = number(garden, "program")
    told = api.get(f"/programs/{program}/stats").json
    assert told["converted"]["leads"] + told["held_out"]["leads"] == 8
    assert [one["temperature"] for one in told["chains"]] == ["cold", "warm"]
    marketer = sign_in("marketer")
    page = marketer.get(f"/programs/{program}/statistics?days=all&version=1")
    assert page.status_code == 200 and "Version 1 alone." in page.text
    assert marketer.get(f"/programs/{program}/statistics.csv").text.count("welcome") == 1
    assert "2 goals worth €8,000 in 30 days" in marketer.get(f"/programs/{program}").text
    assert "worth €8,000" in marketer.get("/").text


def test_what_is_not_there_is_not_found(app, api, sign_in, garden):
    program, chain = number(garden, "program"), number(garden, "chain")
    assert api.get("/chains/999/stats").status_code == 404
    assert api.get(f"/chains/{chain}/stats?version=9").status_code == 404
    assert api.get(f"/chains/{chain}/stats?days=0").status_code == 422
    assert api.get("/programs/999/stats").status_code == 404
    assert sign_in("viewer").get(f"/programs/{program}/statistics?version=9").status_code == 404


def test_nobody_yet_is_said(app, sign_in, garden):
    with garden.sessions.begin() as session:
        session.execute(text("TRUNCATE step_day, arm_day"))
    page = sign_in("viewer").get(f"/chains/{number(garden, 'chain')}/statistics")
    assert "Nobody has gone through this chain in this time." in page.text
