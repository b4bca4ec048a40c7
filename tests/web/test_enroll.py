"""Leads are put into chains by another program, and from their card."""

import pytest
from sqlalchemy import select

from nurture.flows.keys import create_key
from nurture.flows.start_leads import places
from nurture.store.enrollments import Enrollment
from nurture.store.programs import ChainRow
from tests.applications import application
from tests.flows.garden import Garden
from tests.web.conftest import token_of

CHAINS = """
  cold:
    enter: {when: {tag: nobody-has-it}}
    steps: [{send: c1}, {wait: 9d}, {send: c2}]
"""


@pytest.fixture
def garden(runtime, clock, tmp_path):
    garden = Garden(runtime.sessions, clock, tmp_path / "garden")
    garden.publish(CHAINS)
    return garden


@pytest.fixture
def post(runtime):
    with runtime.sessions.begin() as session:
        key = create_key(session, "shop", "marketer", now=runtime.now())
    client = application(runtime).test_client()
    headers = {"Authorization": f"Bearer {key}"}
    return lambda path, **body: client.post(f"/api/v1{path}", json=body, headers=headers)


def chain_id(garden: Garden) -> int:
    with garden.sessions() as session:
        return session.scalars(select(ChainRow.id)).one()


def test_leads_are_enrolled_by_id_and_by_address_each_with_an_answer(garden, post):
    anna, ben, held = (garden.lead(name) for name in ("anna", "ben", "carl"))
    garden.change(held, held_at=garden.clock.now)
    path = f"/chains/{chain_id(garden)}/enroll"
    answer = post(path, lead_ids=[anna, held], emails=["Ben@muster.example", "anna@muster.example"])
    assert answer.status_code == 200, answer.text
    assert answer.json == {
        "entered": 2,
        "data": [
            {"lead_id": anna, "entered": True, "reason": None},
            {"lead_id": held, "entered": False, "reason": "held"},
            {"lead_id": ben, "entered": True, "reason": None},
        ],
    }
    again = post(path, lead_ids=[anna])
    assert again.json == {"entered": 0, "data": [{"lead_id": anna, "entered": False, "reason": "inside"}]}
    assert garden.run(anna).entered_by == "by_api"


def test_a_lead_begins_at_the_step_that_is_named(garden, post):
    anna = garden.lead("anna")
    assert post(f"/chains/{chain_id(garden)}/enroll", lead_ids=[anna], step="c2").status_code == 200
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["c2"]


def test_who_belongs_to_the_held_out_group_comes_in_without_mails(garden, post):
    garden.publish(CHAINS, head="program: garden\nholdout: 100")
    anna = garden.lead("anna")
    answer = post(f"/chains/{chain_id(garden)}/enroll", lead_ids=[anna])
    assert answer.json["data"] == [{"lead_id": anna, "entered": True, "reason": "held_out"}]
    garden.pass_time(1)
    assert (garden.run(anna).resting_reason, garden.steps_sent(anna)) == ("holdout", [])


def test_what_is_wrong_is_named_by_its_place_and_nobody_is_enrolled(garden, post):
    anna = garden.lead("anna")
    path = f"/chains/{chain_id(garden)}/enroll"
    missing = post(path, lead_ids=[anna, 77], emails=["nobody@muster.example"])
    assert missing.status_code == 422
    assert set(missing.json["errors"]) == {"lead_ids.1", "emails.0"}
    assert "step" in post(path, lead_ids=[anna], step="nowhere").json["errors"]
    assert post(path).status_code == 422
    assert post("/chains/77/enroll", lead_ids=[anna]).status_code == 404
    with garden.sessions() as session:
        assert session.scalars(select(Enrollment)).all() == []


def test_a_lead_is_started_from_its_card(garden, sign_in):
    anna, mia = garden.lead("anna"), sign_in("marketer")
    with garden.sessions() as session:
        assert ("garden/cold/c2", "garden", "cold", "c2") in places(session)
    page = mia.get(f"/leads/{anna}")
    assert "Start a chain" in page.text and 'value="garden/cold/c2"' in page.text
    said = {"start": "garden/cold/c2", "csrf_token": token_of(page.text)}
    after = mia.post(f"/leads/{anna}/start", data=said, follow_redirects=True)
    assert "It begins there now." in after.text and "Undo" in after.text
    assert garden.run(anna).step_key == "c2"
    assert (
        "stands in this program already"
        in mia.post(f"/leads/{anna}/start", data=said, follow_redirects=True).text
    )
    assert "Start a chain" not in sign_in("sales").get(f"/leads/{anna}").text
