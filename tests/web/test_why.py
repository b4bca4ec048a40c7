"""Why, through the doors: the API in two languages, and the page."""

import pytest

from tests.flows.garden import Garden
from tests.flows.test_why import COLD, STEPS
from tests.web.test_api import api, caller

__all__ = ["api", "caller"]


@pytest.fixture
def garden(runtime, clock, tmp_path):
    return Garden(runtime.sessions, clock, tmp_path / "garden")


@pytest.fixture
def anna(garden):
    garden.publish(COLD + STEPS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    garden.settle()
    garden.tick()
    return anna


def test_the_api_answers_in_one_sentence_in_the_readers_language(app, api, anna):
    answer = api.get(f"/leads/{anna}/why?chain=garden/cold&step=one")
    assert answer.status_code == 200, answer.text
    assert (answer.json["state"], answer.json["sentence"][:5]) == ("sent", "Sent ")
    russian = api.get(f"/leads/{anna}/why?step=last", headers={"Accept-Language": "ru"}).json
    assert russian["state"] == "not_yet"
    assert russian["sentence"].startswith("Пока нет: сначала шаг «wait»")


def test_without_a_step_every_step_is_answered(app, api, anna):
    steps = [one["step"] for one in api.get(f"/leads/{anna}/why").json["data"]]
    assert steps[:3] == ["one", "wait", "click"]
    assert api.get(f"/leads/{anna}/why?step=none").status_code == 422
    assert api.get(f"/leads/{anna}/why?chain=999").status_code == 404
    assert api.get("/leads/999999/why").status_code == 404


def test_a_chain_says_how_many_wait_for_what(app, api, anna):
    chain = api.get(f"/leads/{anna}/why").json["chain_id"]
    steps = {one["key"]: one for one in api.get(f"/chains/{chain}/stats").json["steps"]}
    assert steps["wait"]["waiting"][0]["n"] == 1
    assert steps["wait"]["sentence"] == "1 in the wait as written"
    assert steps["one"]["counts"]["sent"] == 1


def test_the_page_shows_every_step(sign_in, anna):
    page = sign_in("viewer").get(f"/leads/{anna}/why")
    assert page.status_code == 200
    assert "Not yet: the step “wait” comes first" in page.text
    assert "in the zone of the program, Europe/Berlin" in page.text


@pytest.mark.parametrize(
    ("source", "words"), [("given", "told"), ("phone", "guessed from the phone"), (None, "not known")]
)
def test_the_card_says_how_the_zone_is_known(sign_in, garden, source, words):
    zone = {"timezone": "Europe/Berlin", "timezone_source": source} if source else {}
    anna = garden.lead("anna", **zone)
    page = sign_in("viewer").get(f"/leads/{anna}").text
    assert words in page
    assert f"/leads/{anna}/why" in page
