"""The list of leads changes those who are meant, and the card takes a touch."""

import csv
import io
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from nurture.flows.leads import save_lead
from nurture.runtime import Runtime
from nurture.store.audit import AuditEntry
from nurture.store.leads import Lead
from nurture.store.signals import Signal
from tests.conftest import TUESDAY
from tests.statements import watched
from tests.web.conftest import SignIn, token_of


@pytest.fixture
def people(runtime: Runtime) -> dict[str, int]:
    found = {}
    with runtime.sessions.begin() as session:
        for name in ("ada", "ben", "cleo"):
            said = {"email": f"{name}@werk.example", "first_name": name.title(), "tags": [name]}
            found[name] = save_lead(
                session, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost"
            ).id
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
    (take_back,) = re.findall(r'action="(/leads/touches/[^"]+/take_back)"', card)
    assert take_back not in sign_in("viewer").get(f"/leads/{people['ada']}").text
    card = client.get(client.post(take_back, data=form).headers["Location"]).text
    assert "Called, taken back" in card and take_back not in card
    assert client.post(f"/leads/{people['ada']}/touch", data=form | {"what": "x"}).status_code == 302
    assert client.post("/leads/999999/touch", data=form).status_code == 404


def _names_of(page: str) -> list[str]:
    return re.findall(r'class="strong text-reset" href="/leads/\d+">([^<]+)<', page)


def test_headings_sort_and_the_address_keeps_it(sign_in: SignIn, people: dict[str, int]) -> None:
    client = sign_in("viewer")
    assert _names_of(client.get("/leads").text) == ["Cleo", "Ben", "Ada"]
    page = client.get("/leads?sort=name&q=werk").text
    assert _names_of(page) == ["Ada", "Ben", "Cleo"]
    assert 'aria-sort="ascending"' in page and "sort=-name" in page
    assert _names_of(client.get("/leads?sort=name;DROP TABLE lead&after=x~y").text) == ["Cleo", "Ben", "Ada"]


@pytest.mark.parametrize("after", ["nan~1", "~", "1e999~1", "'~1", "~" * 50, "a\x01~1", "x~" + "9" * 20])
@pytest.mark.parametrize("sort", ["name", "-heat", "readiness", "-last_signal", "created", "id", "1; SELECT"])
def test_no_order_and_no_place_in_an_address_breaks_the_list(
    sign_in: SignIn, people: dict[str, int], after: str, sort: str
) -> None:
    answer = sign_in("viewer").get("/leads", query_string={"after": after, "sort": sort})
    assert answer.status_code == 200


def test_columns_are_chosen_and_foreign_ones_are_left_out(sign_in: SignIn, people: dict[str, int]) -> None:
    client = sign_in("viewer")
    answer = client.get("/leads?cols=tags&cols=email&cols=")
    assert answer.headers["Location"] == "/leads?cols=email,tags"
    page = client.get("/leads?cols=email,tags,password_hash,fields.plan").text
    assert "ada@werk.example" in page and page.count(">Tags</th>") == page.count(">Plan</th>") == 1
    assert "password" not in re.sub(r"<[^>]*>", "", page)


def test_a_view_is_saved_opened_renamed_shared_and_deleted(sign_in: SignIn, people: dict[str, int]) -> None:
    client = sign_in("sales")
    csrf = {"csrf_token": token_of(client.get("/leads").text)}
    saved = client.post("/leads/views?tag=ada&sort=name", data=csrf | {"name": " Ada  only "})
    assert saved.headers["Location"] == "/leads?tag=ada&sort=name&view=1"
    assert client.get("/leads?view=1").headers["Location"] == "/leads?tag=ada&sort=name&view=1"
    assert _names_of(client.get(saved.headers["Location"]).text) == ["Ada"]
    assert "Ada only" not in sign_in("viewer").get("/leads").text
    client.post("/leads/views/1?tag=ada", data=csrf | {"name": "Ada alone", "shared": "1"})
    other = sign_in("viewer")
    assert "Ada alone" in other.get("/leads").text
    theirs = {"csrf_token": token_of(other.get("/leads").text), "name": "Mine now"}
    assert other.post("/leads/views/1", data=theirs).status_code == 403
    other.post("/leads/views/1", data=theirs | {"do": "default"})
    assert other.get("/leads").headers["Location"].startswith("/leads?tag=ada")
    assert _names_of(other.get("/leads?view=all").text) == ["Cleo", "Ben", "Ada"]
    client.post("/leads/views/1", data=csrf | {"do": "remove"})
    assert other.get("/leads").status_code == 200 and "Ada alone" not in other.get("/leads").text


def test_the_export_is_the_filter_and_its_columns_and_opens_safely(
    sign_in: SignIn, people: dict[str, int], runtime: Runtime
) -> None:
    with runtime.sessions.begin() as session:
        said = {"id": people["ada"], "company": "=cmd|' /C calc'!A0", "fields": {"plan": "+1"}}
        save_lead(session, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost")
    client = sign_in("marketer")
    csrf = {"csrf_token": token_of(client.get("/leads").text)}
    address = "/leads/export.csv?sort=name&cols=company,heat,tags,fields.plan,password_hash"
    rows = list(csv.reader(io.StringIO(client.post(address, data=csrf).data.decode("utf-8-sig"))))
    titles = ["id", "first_name", "last_name", "email", "company", "heat", "tags", "fields.plan"]
    assert rows[0] == titles
    assert rows[1][1:] == ["Ada", "", "ada@werk.example", "'=cmd|' /C calc'!A0", "0", "ada", "'+1"]
    only = client.post("/leads/export.csv?tag=ben", data=csrf).data.decode("utf-8-sig")
    assert [row[1] for row in csv.reader(io.StringIO(only))][1:] == ["Ben"]
    with runtime.sessions() as session:
        entry = (
            session.query(AuditEntry)
            .filter_by(action="leads.exported")
            .order_by(AuditEntry.id.desc())
            .first()
        )
        assert entry and entry.detail["narrowed_by"] == ["tag"]
    viewer = sign_in("viewer")
    assert (
        viewer.post("/leads/export.csv", data={"csrf_token": token_of(viewer.get("/leads").text)}).status_code
        == 403
    )


def test_the_list_costs_the_same_statements_for_ten_leads_and_a_thousand(
    sign_in: SignIn, runtime: Runtime, people: dict[str, int]
) -> None:
    client, seen = sign_in("marketer"), watched(runtime.sessions.kw["bind"])

    def cost() -> int:
        seen.clear()
        assert client.get("/leads?sort=-heat&cols=company,owner,tags,fields.plan").status_code == 200
        return len(seen)

    few = cost()
    with runtime.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO lead (email, email_norm, search, stage_since, temperature_since, created_at,"
                " updated_at)"
                " SELECT n || '@x.example', n || '@x.example', n::text, :now, :now, :now, :now"
                " FROM generate_series(1, 1000) n"
            ),
            {"now": TUESDAY},
        )
    assert cost() == few
