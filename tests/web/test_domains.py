"""The pages, the API and the terminal around sending domains."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nurture.flows.keys import create_key
from nurture.mail.dkim import generate
from nurture.runtime import Runtime
from nurture.store import domains
from tests.name_server import NameServer
from tests.web.conftest import token_of

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def zone() -> Iterator[NameServer]:
    with NameServer({("kessler-ohm.example", "TXT"): ["v=spf1 mx -all"]}) as server:
        yield server


@pytest.fixture
def runtime(runtime: Runtime, zone: NameServer) -> Runtime:
    """Asks the little name server, as NURTURE_DNS would have it."""
    return replace(runtime, settings=replace(runtime.settings, dns_servers=(zone.address,)))


def post(client: FlaskClient, path: str, **form: str) -> TestResponse:
    token = token_of(client.get("/settings/domains").text)
    return client.post(path, data={**form, "csrf_token": token}, follow_redirects=True)


def test_the_page_offers_the_domain_of_the_sender_and_says_what_to_enter(
    sign_in: SignIn, zone: NameServer
) -> None:
    admin = sign_in("admin")
    assert 'value="kessler-ohm.example"' in admin.get("/settings/domains").text
    page = post(admin, "/settings/domains", name="kessler-ohm.example").text
    assert "v=spf1 mx -all" in page
    assert "v=DMARC1; p=none; rua=mailto:dmarc@kessler-ohm.example" in page
    assert 'data-copy="#dns-' in page

    page = post(admin, "/settings/domains/1/keys", algorithm="both").text
    assert "r202603._domainkey.kessler-ohm.example" in page
    assert "e202603._domainkey.kessler-ohm.example" in page
    assert "PRIVATE" not in page


def test_a_wrong_name_is_said_where_it_was_typed(sign_in: SignIn) -> None:
    answer = post(sign_in("admin"), "/settings/domains", name="not a domain")
    assert answer.status_code == 422
    assert 'value="not a domain"' in answer.text
    assert "This is not the name of a domain" in answer.text


def test_a_private_key_that_was_refused_is_not_shown_again(sign_in: SignIn) -> None:
    admin = sign_in("admin")
    post(admin, "/settings/domains", name="news.example")
    answer = post(admin, "/settings/domains/1/keys/import", selector="s1", key="-----BEGIN secret")
    assert answer.status_code == 422
    assert "BEGIN secret" not in answer.text
    assert "This is not a private key in PEM" in answer.text


def test_a_key_is_used_retired_and_the_domain_removed_by_hand(sign_in: SignIn, runtime: Runtime) -> None:
    admin = sign_in("admin")
    post(admin, "/settings/domains", name="news.example")
    post(admin, "/settings/domains/1/keys/import", selector="s1", key=generate("ed25519"))
    assert "waits for its record" in admin.get("/settings/domains/1").text
    assert "signs" in post(admin, "/settings/domains/1/keys/1/sign").text
    assert "no longer signs" in post(admin, "/settings/domains/1/keys/1/retire").text
    page = post(admin, "/settings/domains/1", servers="203.0.113.5\ninclude:spf.relay.example").text
    assert "203.0.113.5 has no name" in page
    assert "No domain yet" in post(admin, "/settings/domains/1/remove").text


def test_only_administrators_open_it(sign_in: SignIn) -> None:
    assert sign_in("marketer").get("/settings/domains").status_code == 403


def test_the_api_does_what_the_page_does(app: Flask, runtime: Runtime, zone: NameServer) -> None:
    with runtime.sessions.begin() as session:
        key = create_key(session, "crm", "admin", now=runtime.now())
    client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}

    def call(verb: str, path: str, **body: object) -> TestResponse:
        options = {"json": body} if verb in ("post", "patch") and body else {}
        return getattr(client, verb)(f"/api/v1{path}", headers=headers, **options)

    made = call("post", "/domains", name="news.example")
    assert made.status_code == 201 and made.json["verified"] is False
    assert call("post", "/domains", name="news.example").status_code == 409
    assert call("post", "/domains", name="x").status_code == 422
    domain = f"/domains/{made.json['id']}"
    key = call("post", f"{domain}/keys", algorithm="ed25519")
    assert key.status_code == 201 and key.json["state"] == "waiting" and "private_key" not in key.json
    zone.zone |= {
        (key.json["record_name"], "TXT"): [key.json["record"]],
        ("news.example", "TXT"): ["v=spf1 ip4:203.0.113.5 -all"],
        ("_dmarc.news.example", "TXT"): ["v=DMARC1; p=none"],
    }
    changed = call("patch", domain, servers=["203.0.113.5"])
    assert changed.json["verified"] is True
    assert changed.json["keys"][0]["state"] == "signing"
    assert {one["what"] for one in changed.json["findings"]} == {"spf", "dkim", "dmarc", "mx", "ptr", "links"}
    assert call("get", "/domains").json["data"][0]["name"] == "news.example"
    assert call("delete", f"{domain}/keys/{key.json['id']}").status_code == 204
    assert call("post", f"{domain}/check").status_code == 200
    assert call("delete", domain).status_code == 204
    assert call("get", domain).status_code == 404
    with runtime.sessions() as session:
        assert domains.page(session) == []
