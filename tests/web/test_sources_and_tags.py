"""The pages of sources, tags and fields, through the real door, and their calls of the API."""

import pytest
from flask.testing import FlaskClient

from nurture.flows import segments
from nurture.flows.leads import save_lead
from nurture.runtime import Runtime
from nurture.store.leads import Lead
from tests.conftest import TUESDAY
from tests.web.conftest import SignIn, token_of

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def ada(runtime: Runtime) -> int:
    with runtime.sessions.begin() as session:
        said = {"email": "ada@werk.example", "tags": [HOSTILE], "source": HOSTILE, "fields": {"plan": "gold"}}
        return save_lead(
            session, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost"
        ).id


def _post(client: FlaskClient, address: str, **form: str) -> str:
    csrf = token_of(client.get("/account").text)
    return client.post(address, data={"csrf_token": csrf, **form}, follow_redirects=True).text


def test_a_source_is_made_renamed_and_merged_on_its_page(sign_in: SignIn, ada: int, runtime: Runtime) -> None:
    client = sign_in("marketer")
    page = client.get("/sources").text
    assert HOSTILE not in page and "onerror" in page
    assert "The source is there" in _post(client, "/sources", name="Fair", kind="fair", targeted="yes")
    assert "There is a source called Fair already" in _post(client, "/sources", name="Fair")
    assert "Name the source" in _post(client, "/sources/1", name=" ")
    assert "1 lead is moved." in _post(client, "/sources/1", do="merge", into="2")
    assert client.get("/sources/1").status_code == 404
    with runtime.sessions() as session:
        assert session.get_one(Lead, ada).source_id == 2
    assert "merge it into another" in _post(client, "/sources/2", do="remove")
    assert sign_in("viewer").get("/sources").status_code == 200


def test_a_tag_is_renamed_and_deleted_with_a_way_back(sign_in: SignIn, ada: int, runtime: Runtime) -> None:
    client = sign_in("marketer")
    page = client.get("/tags").text
    assert HOSTILE not in page and "onerror" in page
    assert "1 lead is changed." in _post(client, "/tags/change", tag=HOSTILE, name="fair")
    with runtime.sessions.begin() as session:
        segments.create(session, {"name": "Visitors", "condition": {"tag": "fair"}}, now=TUESDAY)
    assert "fair is asked for by Visitors" in _post(client, "/tags/change", tag="fair", do="remove")
    assert "Visitors" in client.get("/tags").text
    with runtime.sessions.begin() as session:
        segments.remove(session, "visitors", now=TUESDAY)
    page = _post(client, "/tags/change", tag="fair", do="remove")
    assert "The tag is off 1 lead." in page and "/undo" in page


def test_a_field_is_made_and_stands_among_the_columns(sign_in: SignIn, ada: int) -> None:
    client = sign_in("marketer")
    assert "The field is there" in _post(
        client, "/fields", label="Present system", kind="choice", choices="SAP\n"
    )
    assert "Write the choices" in _post(client, "/fields", label="Other", kind="choice", choices=" \n")
    assert 'value="fields.present_system"' in client.get("/leads").text
    assert "1 lead has a value" in client.get("/fields/plan").text
    assert "gold" in client.get("/leads?cols=fields.plan").text
    assert "The field is gone from 1 lead." in _post(client, "/fields/plan", do="remove")
    assert client.get("/fields/plan").status_code == 404
