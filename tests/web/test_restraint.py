"""Restraint through the doors: the cap in the settings, a lead's own pause, steps held after a pause."""

import pytest
from sqlalchemy import text

from nurture.rules.tokens import mint
from nurture.store import restraint
from tests.flows.caps import COLD
from tests.flows.garden import Garden
from tests.web.api_caller import api, caller
from tests.web.conftest import token_of

__all__ = ["api", "caller"]


@pytest.fixture
def garden(runtime, clock, tmp_path):
    return Garden(runtime.sessions, clock, tmp_path / "garden")


def test_the_cap_of_the_house_is_set_on_its_page(sign_in, runtime):
    admin = sign_in("admin")
    form = {"csrf_token": token_of(admin.get("/settings/restraint").text), "days": "7", "over": "defer"}
    assert admin.post("/settings/restraint", data={**form, "most": "3"}).status_code == 302
    with runtime.sessions() as session:
        assert restraint.cap(session).most == 3
    assert admin.post("/settings/restraint", data={**form, "most": "many"}).status_code == 422
    assert admin.post("/settings/restraint", data={**form, "most": ""}).status_code == 302
    with runtime.sessions() as session:
        assert restraint.cap(session) is None
    quiet = {**form, "most": "", "quiet_from": "21:00", "quiet_until": "08:00"}
    assert admin.post("/settings/restraint", data=quiet).status_code == 302
    assert 'value="21:00"' in admin.get("/settings/restraint").text
    refused = admin.post("/settings/restraint", data={**quiet, "quiet_until": "22:00"})
    assert refused.status_code == 422
    assert "they end in the morning after" in refused.text
    with runtime.sessions() as session:
        assert (restraint.hours(session).opens, restraint.hours(session).closes) == (480, 1260)
    assert sign_in("marketer").get("/settings/restraint").status_code == 403


def test_a_lead_asks_for_a_pause_on_its_preferences_page(visitor, app, runtime, garden):
    garden.publish(COLD + "      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    address = f"/p/{mint(runtime.ring, 'preferences', anna, 1)}"
    assert "One month" in visitor.get(address).text
    answer = visitor.post(address, data={"purpose": "marketing", "months": "1"})
    assert answer.status_code == 200
    assert "No mails before 2 April" in answer.text
    assert garden.value("SELECT state || ' ' || reason FROM delivery") == "scheduled own_pause"
    assert visitor.post(address, data={"purpose": "marketing", "months": "700"}).status_code == 422
    visitor.post(address, data={"purpose": "marketing", "months": "0"})
    assert garden.value("SELECT state FROM delivery") == "ready"


def test_a_person_decides_about_what_a_long_pause_made_too_late(sign_in, api, runtime, garden, clock):
    loaded = garden.publish(COLD + "      - wait: 1d\n      - send: one\n")
    garden.enter(garden.lead("anna"))
    garden.tick()
    assert api.post(f"/programs/{loaded.program_id}/pause").status_code == 200
    clock.advance(days=12)
    assert api.post(f"/programs/{loaded.program_id}/resume").status_code == 200
    with runtime.sessions() as session:
        assert session.execute(text("SELECT due_reason FROM enrollment")).scalar() == "held"
    assert (
        "1 lead is held for you to decide" in sign_in("marketer").get(f"/programs/{loaded.program_id}").text
    )
    answer = api.post(f"/programs/{loaded.program_id}/held", json={"go_on": True})
    assert answer.json == {"decided": 1}
    garden.tick()
    assert garden.settle() == 1


def test_a_person_leaves_out_on_the_board_what_came_too_late(sign_in, runtime, garden, clock):
    loaded = garden.publish(COLD + "      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    mia = sign_in("marketer")
    where = f"/programs/{loaded.program_id}"
    form = {"csrf_token": token_of(mia.get(where).text)}
    mia.post(f"{where}/pause", data=form)
    clock.advance(days=12)
    mia.post(f"{where}/resume", data=form)
    garden.tick()
    assert "Leave it out" in mia.get(where).text
    assert mia.post(f"{where}/held", data={**form, "go_on": "0"}).status_code == 302
    garden.tick()
    assert garden.steps_sent(anna) == []
    assert ("one", "skipped", "removed_by_hand") in garden.history(anna)
