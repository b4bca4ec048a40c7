"""Forms in public and at the desk: what strangers see, what other websites get, what a marketer builds."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from nurture.flows import forms as flow
from nurture.flows.keys import create_key
from nurture.flows.letters import SIGN_UP
from nurture.rules.forms import trap
from nurture.rules.tokens import mint
from nurture.runtime import Runtime
from nurture.store import installation
from tests.conftest import TUESDAY
from tests.flows.form_of_plans import PLAN, WORDS
from tests.web.conftest import SignIn, take_redis_away, token_of

TYPED = {"email": "anna@weber.example", "first_name": "Anna", "consent.marketing": "yes"}
JSON = {"Accept": "application/json", "Origin": "https://shop.example"}


@pytest.fixture
def form_id(app: Flask, runtime: Runtime) -> int:
    """The form at /f/stock-check."""
    with runtime.sessions.begin() as session:
        return flow.create(session, "stock-check", "Stock check", PLAN, by="user:1", now=TUESDAY).row.id


def shown(runtime: Runtime, form_id: int, ago: int = 30) -> str:
    """The word of a page that was shown so many seconds ago."""
    return mint(runtime.ring, trap.PURPOSE, form_id, int(runtime.real_now().timestamp()) - ago)


def sent(visitor: FlaskClient, runtime: Runtime, form_id: int, **more: str) -> TestResponse:
    said = (
        TYPED
        | {"shown": shown(runtime, form_id)}
        | {key.replace("__", "."): word for key, word in more.items()}
    )
    return visitor.post("/f/stock-check", data=said)


def value(runtime: Runtime, query: str) -> Any:
    with runtime.sessions() as session:
        return session.execute(text(query)).scalar_one_or_none()


def leads(runtime: Runtime) -> int:
    return int(value(runtime, "SELECT count(*) FROM lead"))


def test_the_page_is_small_says_what_it_asks_and_runs_nothing(visitor: FlaskClient, form_id: int) -> None:
    page = visitor.get("/f/stock-check")
    assert page.status_code == 200 and len(page.data) < 9_000
    for one in ("Stock check", "E-mail", WORDS, 'autocomplete="email"', 'type="tel"', "Kessler Ohm"):
        assert one in page.text
    assert "<script" not in page.text and "checked" not in page.text
    assert visitor.get("/f/nobody").status_code == 404


def test_sending_it_thanks_and_says_where_to_look(
    visitor: FlaskClient, runtime: Runtime, form_id: int
) -> None:
    answer = sent(visitor, runtime, form_id, utm_campaign="spring")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/f/stock-check?sent=1")
    thanks = visitor.get(answer.headers["Location"]).text
    assert "Thank you" in thanks and "Press the button in it" in thanks
    assert leads(runtime) == 1
    assert value(runtime, "SELECT came_by ->> 'utm_campaign' FROM form_submission") == "spring"
    assert value(runtime, "SELECT proof ->> 'user_agent' FROM consent")


def test_the_button_confirms_and_looking_at_it_does_not(
    visitor: FlaskClient, runtime: Runtime, form_id: int
) -> None:
    sent(visitor, runtime, form_id)
    address = f"/confirm/{mint(runtime.ring, SIGN_UP, value(runtime, 'SELECT id FROM form_submission'))}"
    page = visitor.get(address)
    assert WORDS in page.text and "a•••••@weber.example" in page.text
    assert not value(runtime, "SELECT granted FROM lead_consent")
    for _again in range(2):
        assert "it is confirmed" in visitor.post(address).text
    assert value(runtime, "SELECT granted FROM lead_consent")
    assert value(runtime, "SELECT confirmed FROM form") == 1


def test_nobody_learns_whether_an_address_is_known_left_or_kept_out(
    visitor: FlaskClient, runtime: Runtime, form_id: int
) -> None:
    first = sent(visitor, runtime, form_id)
    again = sent(visitor, runtime, form_id)
    other = sent(visitor, runtime, form_id, email="nobody@weber.example")
    baited = sent(visitor, runtime, form_id, email="bot@weber.example", homepage="https://spam.example")
    seen = {(one.status_code, one.headers["Location"], one.text) for one in (first, again, other, baited)}
    assert len(seen) == 1
    assert (leads(runtime), value(runtime, "SELECT refused FROM form")) == (2, 1)


@pytest.mark.parametrize(
    ("word", "says"), [("", "Almost done"), ("quick", "That was quick"), ("old", "open for long")]
)
def test_whoever_was_too_quick_or_came_from_elsewhere_presses_once_more_and_loses_nothing(
    visitor: FlaskClient, runtime: Runtime, form_id: int, word: str, says: str
) -> None:
    words = {"": "", "quick": shown(runtime, form_id, 0), "old": shown(runtime, form_id, 8 * 86_400)}
    answer = sent(visitor, runtime, form_id, shown=words[word])
    assert answer.status_code == 422 and says in answer.text
    assert 'value="anna@weber.example"' in answer.text and "checked" in answer.text
    assert leads(runtime) == 0


def test_a_fault_stands_at_its_field_and_nothing_typed_is_lost(
    visitor: FlaskClient, runtime: Runtime, form_id: int
) -> None:
    answer = sent(visitor, runtime, form_id, email="anna@", message='Call "me" <b>', bant__budget="partly")
    assert answer.status_code == 422
    assert answer.text.count("This is no e-mail address") == 1
    assert 'aria-describedby="q-email-b"' in answer.text
    assert 'value="anna@"' in answer.text and "Call &#34;me&#34; &lt;b&gt;" in answer.text
    assert '<option value="partly" selected>' in answer.text
    assert leads(runtime) == 0


def test_it_works_while_redis_is_away(visitor: FlaskClient, runtime: Runtime, form_id: int) -> None:
    take_redis_away(runtime)
    assert sent(visitor, runtime, form_id).status_code == 303
    assert value(runtime, "SELECT count(*) FROM delivery") == 1


def test_too_many_from_one_place_wait_and_keep_what_they_typed(
    visitor: FlaskClient, runtime: Runtime, form_id: int
) -> None:
    answers = [sent(visitor, runtime, form_id, email=f"anna{number}@weber.example") for number in range(21)]
    assert [one.status_code for one in answers] == [303] * 20 + [429]
    assert "anna20@weber.example" in answers[-1].text and "Wait ten minutes" in answers[-1].text


def test_other_websites_read_the_answer_of_a_post_and_nothing_else(
    visitor: FlaskClient, runtime: Runtime, form_id: int
) -> None:
    wrong = visitor.post("/f/stock-check", data={"shown": shown(runtime, form_id)}, headers=JSON)
    assert (wrong.status_code, wrong.headers["Access-Control-Allow-Origin"]) == (422, "*")
    assert wrong.json and set(wrong.json["errors"]) == {"email", "consent.marketing"}
    right = visitor.post("/f/stock-check", data=TYPED | {"shown": shown(runtime, form_id)}, headers=JSON)
    assert right.json and right.json["sent"] and right.json["redirect"] == ""
    assert "Access-Control-Allow-Credentials" not in right.headers
    for answer in (visitor.get("/f/stock-check", headers=JSON), visitor.get("/sign-in", headers=JSON)):
        assert "Access-Control-Allow-Origin" not in answer.headers
    asked = visitor.options("/f/stock-check", headers=JSON)
    assert "Access-Control-Allow-Origin" not in asked.headers, "a plain POST asks for no leave"


def test_the_script_carries_the_form_and_is_read_from_anywhere(visitor: FlaskClient, form_id: int) -> None:
    answer = visitor.get("/f/stock-check.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    told = json.loads(answer.text[answer.text.rindex(')({"') + 2 : answer.text.rindex(");")])
    assert [one["name"] for one in told["fields"]][:2] == ["email", "first_name"]
    assert "innerHTML" not in answer.text and ".style." not in answer.text and "eval" not in answer.text


def test_it_leads_on_to_a_stated_address_and_tells_our_websites_who_comes(
    visitor: FlaskClient, runtime: Runtime, form_id: int
) -> None:
    with runtime.sessions.begin() as session:
        then = {"redirect": "https://shop.example/thanks?a=1"}
        flow.change(session, form_id, None, then, by="user:1", now=TUESDAY)
    assert (
        "form-action 'self' https://shop.example;"
        in visitor.get("/f/stock-check").headers["Content-Security-Policy"]
    )
    assert sent(visitor, runtime, form_id).headers["Location"] == "https://shop.example/thanks?a=1"
    with runtime.sessions.begin() as session:
        session.execute(text("INSERT INTO site (host, created_at) VALUES ('shop.example', now())"))
    assert re.search(r"thanks\?a=1&nv=\S+$", sent(visitor, runtime, form_id).headers["Location"])


def test_it_speaks_its_own_language_whatever_the_browser_says(
    visitor: FlaskClient, runtime: Runtime, form_id: int
) -> None:
    with runtime.sessions.begin() as session:
        flow.change(session, form_id, None, {"language": "ru"}, by="user:1", now=TUESDAY)
        installation.get(session).color = "#7a1f5c"
    page = visitor.get("/f/stock-check", headers={"Accept-Language": "en"}).text
    assert '<html lang="ru">' in page
    sent(visitor, runtime, form_id)
    assert value(runtime, "SELECT language FROM lead") == "ru"
    assert str(value(runtime, "SELECT m.key FROM mail m")).endswith(".ru")


def test_a_marketer_builds_one_row_by_row(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("marketer")
    assert "Build the first" in client.get("/forms").text
    token = token_of(client.get("/forms/new").text)
    typed: dict[str, Any] = {
        "csrf_token": token, "name": "Price list", "key": "price-list", "title": "Prices", "language": "en",
        "field": ["email"], "label": ["Your address"], "hint": [""], "required": ["0"],
        "purpose": ["marketing"], "wording": ["Yes, write to me."], "must": ["0"], "double_opt_in": "yes",
    }  # fmt: skip
    added = client.post("/forms", data=typed | {"do": "add-field", "new_field": "company"})
    assert (
        added.status_code == 200 and 'value="Your address"' in added.text and 'value="company"' in added.text
    )
    typed |= {"field": ["email", "company"], "label": ["Your address", "Company"], "hint": ["", ""]}
    moved = client.post("/forms", data=typed | {"do": "up-1"}).text
    assert moved.index('name="field" value="company"') < moved.index('name="field" value="email"')
    wrong = client.post("/forms", data=typed | {"key": "Not this", "label": ["", "Company"]})
    assert wrong.status_code == 422 and "Small letters" in wrong.text and "Say what people read" in wrong.text
    looked = client.post("/forms/look", data=typed)
    assert "Your address" in looked.text and "Yes, write to me." in looked.text
    assert value(runtime, "SELECT count(*) FROM form") == 0
    made = client.post("/forms", data=typed)
    page = client.get(made.headers["Location"]).text
    assert "/f/price-list.js" in page and "Nobody has sent it yet." in page
    assert client.get("/f/price-list").status_code == 200
    client.post("/forms/1/archive", data={"csrf_token": token})
    assert client.get("/f/price-list").status_code == 409
    client.post("/forms/1/restore", data={"csrf_token": token})
    assert client.get("/f/price-list").status_code == 200


def test_the_api_does_the_same(app: Flask, runtime: Runtime, visitor: FlaskClient) -> None:
    with runtime.sessions.begin() as session:
        key = {"Authorization": f"Bearer {create_key(session, 'CRM', 'marketer', now=TUESDAY)}"}
    made = visitor.post("/api/v1/forms", json={"key": "demo", "name": "Demo", **PLAN}, headers=key)
    assert made.status_code == 201 and made.json
    number = made.json["id"]
    assert made.json["url"].endswith("/f/demo") and made.json["fields"][0]["field"] == "email"
    wrong = visitor.patch(f"/api/v1/forms/{number}", json={"redirect": "http://shop.example"}, headers=key)
    assert wrong.status_code == 422 and wrong.json and "redirect" in wrong.json["errors"]
    changed = visitor.patch(f"/api/v1/forms/{number}", json={"title": "A demo"}, headers=key)
    assert changed.json and (changed.json["version"], changed.json["title"]) == (2, "A demo")
    visitor.post("/f/demo", data=TYPED | {"shown": shown(runtime, number)})
    kept = visitor.get(f"/api/v1/forms/{number}/submissions", headers=key).json
    assert kept and kept["data"][0]["answers"]["first_name"] == "Anna" and kept["data"][0]["waiting"]
    gone = visitor.delete(f"/api/v1/forms/{number}", headers=key)
    assert gone.json and gone.json["archived_at"]
    listed = visitor.get("/api/v1/forms?archived=true", headers=key).json
    assert listed and [one["key"] for one in listed["data"]] == ["demo"]


def test_consent_is_noted_by_the_api_and_on_the_card_with_its_proof(
    visitor: FlaskClient, sign_in: SignIn, runtime: Runtime
) -> None:
    with runtime.sessions.begin() as session:
        key = {"Authorization": f"Bearer {create_key(session, 'CRM', 'sales', now=TUESDAY)}"}
    lead = visitor.post("/api/v1/leads", json={"email": "ben@weber.example"}, headers=key).json
    assert lead
    said = {
        "email": "ben@weber.example", "purpose": "events", "wording": "Yes.", "channel": "paper",
        "proof": {"scan": 12}, "at": "2026-03-01T10:00:00Z",
    }  # fmt: skip
    noted = visitor.post("/api/v1/consents", json=said, headers=key)
    assert noted.status_code == 201 and noted.json
    assert (noted.json["state"], noted.json["channel"], noted.json["at"]) == (
        "granted",
        "paper",
        "2026-03-01T10:00:00Z",
    )
    assert noted.json["proof"]["proof"] == {"scan": 12} and noted.json["holds"]
    no = visitor.post("/api/v1/consents", json=said | {"granted": False, "at": None}, headers=key)
    assert no.json and no.json["state"] == "withdrawn"
    assert visitor.post("/api/v1/consents", json=said, headers=key).status_code == 409
    client, address = sign_in("sales"), f"/leads/{lead['id']}/consent"
    form = {
        "csrf_token": token_of(client.get(f"/leads/{lead['id']}").text),
        "purpose": "marketing",
        "agreed": "yes",
    }
    wrong = client.post(address, data=form | {"wording": "Yes, write.", "said_on": "never"})
    assert (
        wrong.status_code == 422 and "Write down how you know" in wrong.text and "Yes, write." in wrong.text
    )
    right = form | {
        "wording": "Yes, write.",
        "words": "Card at the fair",
        "channel": "fair",
        "said_on": "2026-03-02",
    }
    assert client.post(address, data=right).status_code == 302
    card = client.get(f"/leads/{lead['id']}").text
    assert "Yes, write." in card and "Card at the fair" in card and "at a fair" in card
