"""The list of leads changes those who are meant, and the card takes a touch."""

import re

import pytest
from flask.testing import FlaskClient

from nurture.flows.leads import save_lead
from nurture.runtime import Runtime
from nurture.store.leads import Lead
from nurture.store.signals import Signal
from tests.conftest import TUESDAY
from tests.web.conftest import SignIn, token_of


@pytest.fixture
def people(runtime: Runtime) -> dict[str, int]:
    found = {}
    with runtime.sessions.begin() as session:
        for name in ("ada", "ben", "cleo"):
            said = {"email": f"{name}@werk.example", "first_name": name.title(), "tags": [name]}
            found[name] = save_lead(session, said, now=TUESDAY, by="test", base_url="http://localhost").id
    return found


def _tags(runtime: Runtime) -> dict[str, list[str]]:
    with runtime.sessions() as session:
        return {lead.first_name or "": list(lead.tags) for lead in session.query(Lead)}


def _change(client: FlaskClient, address: str, **form: object) -> str:
    csrf = token_of(client.get("/leads").text)
    answer = client.post(address, data={"csrf_token": csrf, **form})
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/leads")
    return client.get(answer.headers["Location"]).text


def test_those_who_are_ticked_are_changed_and_changed_back(
    sign_in: SignIn, people: dict[str, int], runtime: Runtime
) -> None:
    client = sign_in("marketer")
    ticked = [str(people["ada"]), str(people["ben"])]
    page = _change(client, "/leads/change", lead=ticked, what="tag", tag="fair")
    assert "2 leads are changed." in page
    assert _tags(runtime) == {"Ada": ["ada", "fair"], "Ben": ["ben", "fair"], "Cleo": ["cleo"]}
    undo = re.search(r'action="(/leads/changes/\d+/undo)"', page)
    assert undo
    assert "Undone: 2 leads are as before." in _change(client, undo[1])
    assert _tags(runtime) == {"Ada": ["ada"], "Ben": ["ben"], "Cleo": ["cleo"]}


def test_all_that_match_are_those_of_the_filter(
    sign_in: SignIn, people: dict[str, int], runtime: Runtime
) -> None:
    page = _change(sign_in("marketer"), "/leads/change?tag=cleo", all="1", what="hold")
    assert "1 lead is changed." in page and "held" in page
    with runtime.sessions() as session:
        held = [lead.first_name for lead in session.query(Lead).filter(Lead.held_at.is_not(None))]
    assert held == ["Cleo"]
    assert "Cleo" in sign_in("viewer").get("/leads?held=1").text


def test_nobody_ticked_changes_nobody(sign_in: SignIn, people: dict[str, int], runtime: Runtime) -> None:
    assert "Tick somebody first." in _change(sign_in("marketer"), "/leads/change", what="tag", tag="x")
    odd = ["1e3", "-1", "9" * 40, "1 OR 1=1"]
    assert "Tick somebody first." in _change(
        sign_in("marketer"), "/leads/change", lead=odd, what="tag", tag="x"
    )
    assert all(len(tags) == 1 for tags in _tags(runtime).values())


def test_the_way_back_leads_only_to_the_list(sign_in: SignIn, people: dict[str, int]) -> None:
    address = "/leads/change?next=https://evil.example&q=ada&_external=1&_scheme=evil&endpoint=x"
    _change(sign_in("marketer"), address, lead=str(people["ada"]), what="tag", tag="x")


def test_a_call_is_noted_on_the_card(sign_in: SignIn, people: dict[str, int], runtime: Runtime) -> None:
    client = sign_in("sales")
    form = {"csrf_token": token_of(client.get("/leads").text), "what": "call", "direction": "in"}
    answer = client.post(f"/leads/{people['ada']}/touch", data=form | {"note": "<b>Asked</b> for a price"})
    card = client.get(answer.headers["Location"]).text
    assert "&lt;b&gt;Asked&lt;/b&gt; for a price" in card and "Noted." in card
    with runtime.sessions() as session:
        assert [row.kind for row in session.query(Signal)] == ["called"]
    assert client.post(f"/leads/{people['ada']}/touch", data=form | {"what": "x"}).status_code == 302
    assert client.post("/leads/999999/touch", data=form).status_code == 404
