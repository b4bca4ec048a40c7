"""A simulation through its doors: the page that asks for it, the API, what is kept and shown again."""

import pytest

from nurture.flows import drafts
from nurture.flows.simulate.running import carry_out
from nurture.flows.test_mail import set_test_addresses
from tests.conftest import TUESDAY
from tests.flows.garden import Garden
from tests.web.api_caller import api, caller
from tests.web.conftest import token_of

__all__ = ["api", "caller"]

CHAINS = """
  cold:
    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}
    steps:
      - send: one
      - wait: 3d
      - wait_for: {signal: clicked, mail: one, within: 5d}
        then: [{send: thanks}]
        else: [{send: again}]
      - branch:
          - {when: {tag: nobody-has-it}, steps: [{send: never}]}
"""
OFFICE = """
program: garden
timezone: Europe/Berlin
window: {days: mon-fri, from: "09:00", to: "18:00", holidays: DE}
after_end: exit
"""


@pytest.fixture
def garden(runtime, clock, tmp_path):
    return Garden(runtime.sessions, clock, tmp_path / "garden")


@pytest.fixture
def program(garden):
    return garden.publish(CHAINS, OFFICE, "never").program_id


def run(runtime):
    return carry_out(runtime.sessions, runtime.pepper, now=TUESDAY, processes=1)


def test_the_api_keeps_what_is_asked_and_gives_the_result_when_it_is_done(api, runtime, program):
    asked = {"leads": 40, "days": 20, "runs": 2, "rates": "stated", "clicked": 20, "opened": 50}
    asked |= {"cold": 100, "warm": 0, "hot": 0}
    answer = api.post(f"/programs/{program}/simulate", json=asked)
    assert (answer.status_code, answer.json["state"]) == (202, "waiting")
    number = answer.json["id"]
    assert api.get(f"/simulations/{number}").json["result"] is None
    assert run(runtime) == 1
    done = api.get(f"/simulations/{number}").json
    assert (done["state"], done["progress"]) == ("done", 1.0)
    found = done["result"]["a"]
    assert (found["leads"], found["runs"], len(found["by_day"])) == (40, 2, 21)
    steps = {one["step"]: one for one in found["steps"]}
    assert steps["one"]["sent"] == 40
    assert steps["again"]["sent"] > steps["thanks"]["sent"] > 0
    assert steps["never"]["arrived"] == 0
    assert api.get(f"/programs/{program}/simulations").json["data"][0]["id"] == number


def test_nothing_is_sent_and_no_lead_is_changed_by_it(api, garden, runtime, program):
    anna = garden.lead("anna")
    garden.enter(anna)
    before = garden.runs(anna)[0].due_at
    api.post(f"/programs/{program}/simulate", json={"people": "base", "leads": 10, "days": 20, "runs": 1})
    assert run(runtime) == 1
    found = garden.value("SELECT result -> 'a' ->> 'leads' FROM simulation")
    assert (found, garden.value("SELECT count(*) FROM delivery")) == ("1", 0)
    assert garden.runs(anna)[0].due_at == before


def test_every_setting_that_cannot_be_is_named(api, program):
    asked = {"leads": 0, "clicked": 50, "opened": 10, "zones": "Atlantis 100"}
    answer = api.post(f"/programs/{program}/simulate", json=asked)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"leads", "zones"}
    answer = api.post(f"/programs/{program}/simulate", json={"clicked": 50, "opened": 10})
    assert set(answer.json["errors"]) == {"clicked"}
    assert api.post("/programs/999/simulate", json={}).status_code == 404


def test_the_page_asks_waits_and_shows(sign_in, runtime, program):
    client = sign_in("marketer")
    page = client.get(f"/programs/{program}/simulations")
    assert page.status_code == 200 and "Nothing simulated yet." in page.text
    form = {"csrf_token": token_of(page.text), "leads": "30", "days": "30", "runs": "3", "version": "draft"}
    wrong = client.post(f"/programs/{program}/simulations", data=form | {"days": "many"})
    assert wrong.status_code == 422 and "fault-days" in wrong.text and 'value="30"' in wrong.text
    begun = client.post(f"/programs/{program}/simulations", data=form | {"against": "live"})
    assert begun.status_code == 302
    assert "Waiting for its turn" in client.get(begun.location).text
    assert "under way" in client.get(f"/programs/{program}/simulations").text
    assert run(runtime) == 1
    shown = client.get(begun.location)
    assert shown.status_code == 200
    for words in ("Who turns hot", "What held mails back", "One lead’s way", "Nobody comes to 1 step"):
        assert words in shown.text
    assert client.get(f"{begun.location}?way=3&side=b").status_code == 200
    over = client.get(f"{begun.location}/progress")
    assert (over.status_code, over.headers["HX-Redirect"]) == (200, begun.location)


def test_a_draft_that_cannot_run_says_why(api, runtime, program):
    with runtime.sessions.begin() as session:
        drafts.edit(
            session,
            program,
            0,
            lambda files: {
                **files,
                "program.yaml": files["program.yaml"].replace("send: again", "send: gone"),
            },
            what="test",
            by="mia",
            now=TUESDAY,
        )
    answer = api.post(f"/programs/{program}/simulate", json={"version": "draft"})
    assert answer.status_code == 422 and "gone" in answer.json["detail"]
    assert api.post(f"/programs/{program}/simulate", json={"version": "live"}).status_code == 202


def test_whoever_only_looks_cannot_begin_one(sign_in, program):
    client = sign_in("viewer")
    page = client.get(f"/programs/{program}/simulations")
    assert page.status_code == 200 and "Simulate</button>" not in page.text
    token = token_of(page.text)
    assert client.post(f"/programs/{program}/simulations", data={"csrf_token": token}).status_code == 403


def test_a_test_run_sends_every_mail_of_the_path_at_once_to_a_colleague(api, garden, runtime, program):
    with runtime.sessions.begin() as session:
        set_test_addresses(session, "mia@kessler-ohm.example", by="test", now=TUESDAY)
    asked = {"email": "mia@kessler-ohm.example", "opens": True}
    path = api.post(f"/programs/{program}/try", json=asked).json["mails"]
    assert [(one["step"], one["day"]) for one in path] == [("one", 1), ("again", 9)]
    path = api.post(f"/programs/{program}/try", json=asked | {"clicks": True}).json["mails"]
    assert [(one["step"], one["day"]) for one in path] == [("one", 1), ("thanks", 4)]
    query = "SELECT count(*) FROM delivery WHERE purpose = 'test' AND address = 'mia@kessler-ohm.example'"
    assert garden.value(query) == 4
    assert garden.value(f"{query} AND params ->> 'sender' = 'house'") == 4
    assert garden.value("SELECT count(*) FROM step_count") == 0
    assert garden.value("SELECT count(*) FROM enrollment") == 0


def test_a_test_run_goes_to_nobody_outside_the_house(api, garden, program):
    answer = api.post(f"/programs/{program}/try", json={"email": "anna@muster.example"})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["email"])
    assert garden.value("SELECT count(*) FROM delivery") == 0
