"""Why, through the doors: the API in two languages, and the page."""

import pytest

from nurture.flows import edit_newsletters
from nurture.store import consents, deliveries
from nurture.store.consents import NewConsent
from tests.flows.cold_chain import COLD, STEPS
from tests.flows.garden import Garden
from tests.web.api_caller import api, caller

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
    assert "Not yet: the step “2 days” comes first" in page.text
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


def test_the_card_says_why_for_chain_and_newsletters_in_one_line_each(
    sign_in, app, api, runtime, garden, anna, clock
):
    with runtime.sessions.begin() as session:
        said = {"name": "March news", "subject": "News", "body": "Hello.", "audience": {"tag": "large"}}
        number = edit_newsletters.create(session, said, by="mia", now=clock.now).id
        edit_newsletters.schedule(session, number, by="mia", now=clock.now)
    assert f"/leads/{anna}/why/now" in sign_in("viewer").get(f"/leads/{anna}").text
    lines = sign_in("viewer").get(f"/leads/{anna}/why/now").text
    assert "Not yet: the step “2 days” comes first" in lines
    assert "March news" in lines
    assert "Not sent: this does not hold" in lines
    assert "March news" in sign_in("viewer").get(f"/leads/{anna}/why").text


def test_a_refusal_names_the_entry_of_the_ledger_that_it_rests_on(app, api, runtime, garden, anna, clock):
    with runtime.sessions.begin() as session:
        (entry,) = consents.write(
            session, [NewConsent(anna, "marketing", "withdrawn", "page")], now=clock.now
        )
    garden.pass_time(12)
    answer = api.get(f"/leads/{anna}/why?chain=garden/cold&step=last").json
    assert (answer["state"], answer["reason"], answer["consent_id"]) == ("no", "no_consent", entry)
    with runtime.sessions.begin() as session:
        consents.write(session, [NewConsent(anna, "marketing", "granted", "page")], now=clock.now)
    again = api.get(f"/leads/{anna}/why?chain=garden/cold&step=last").json
    assert again["consent_id"] == entry, "the decision rests on what was said when it was taken"


def test_a_delivery_names_the_entry_by_which_it_was_refused(sign_in, app, api, runtime, garden, clock):
    garden.publish(COLD + "      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    with runtime.sessions.begin() as session:
        (entry,) = consents.write(
            session, [NewConsent(anna, "marketing", "withdrawn", "page")], now=clock.now
        )
        deliveries.claim(session, host="here", live=True, now=clock.now, limit=10)
    (mail,) = api.get(f"/deliveries?lead_id={anna}").json["data"]
    assert (mail["state"], mail["reason"], mail["consent_id"]) == ("skipped", "no_consent", entry)
    page = sign_in("viewer").get(f"/deliveries/{mail['id']}").text
    assert "The consent behind it" in page
    assert f"#{entry}" in page
