"""Setting up transports by page and by API, and what the pages tell of how sending stands."""

import re
from typing import Any

from flask.testing import FlaskClient

from nurture.flows import edit_newsletters
from nurture.flows.keys import create_key
from nurture.rules.pacing import Pace
from nurture.runtime import Runtime
from nurture.store import pacing, transports
from tests.conftest import TUESDAY
from tests.mail.scripted_smtp import ScriptedSmtp
from tests.web.conftest import SignIn
from tests.web.open_house import open_house

HERE = "/settings/transports"


def csrf(client: FlaskClient, page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert found
    return found[1]


def post(client: FlaskClient, address: str, page: str = HERE, **form: Any) -> Any:
    return client.post(address, data={"csrf_token": csrf(client, page), **form}, follow_redirects=True)


def a_server(url: str, **more: str) -> dict[str, str]:
    host, _, port = url.removeprefix("smtp://").partition(":")
    return {"kind": "smtp", "name": "Newsletters", "host": host, "port": port, "tls": "off",
            "connections": "2", **more}  # fmt: skip


def test_a_transport_is_added_tested_and_shown_and_its_secret_never(
    runtime: Runtime, sign_in: SignIn
) -> None:
    with ScriptedSmtp() as server:
        client = sign_in("admin")
        shown = post(
            client,
            f"{HERE}/new",
            f"{HERE}/new",
            **a_server(server.url, per_hour="500", is_default="on", secret="opens sesame"),
        )
        assert "Newsletters answers." in shown.text
        assert "500 left this hour" in shown.text
        assert server.connections == 1
    with runtime.sessions() as session:
        [row] = transports.everything(session)
    assert row.is_default
    assert "sesame" not in row.sealed
    assert "sesame" not in client.get(f"{HERE}/{row.id}").text


def test_a_transport_that_does_not_answer_is_kept_and_says_so(runtime: Runtime, sign_in: SignIn) -> None:
    shown = post(sign_in("admin"), f"{HERE}/new", f"{HERE}/new", **a_server("smtp://127.0.0.1:1"))
    assert "does not work yet" in shown.text
    assert "cannot be reached" in shown.text


def test_every_fault_stands_beside_its_field_and_nothing_typed_is_lost(sign_in: SignIn) -> None:
    shown = post(
        sign_in("admin"), f"{HERE}/new", f"{HERE}/new",
        **a_server("smtp://mail.example:99999", name="", per_day="many"),
    )  # fmt: skip
    assert shown.status_code == 422
    assert 'id="fault-per_day"' in shown.text
    assert 'value="mail.example"' in shown.text
    shown = post(
        sign_in("admin"), f"{HERE}/new", f"{HERE}/new", **a_server("smtp://mail.example:99999", name="")
    )
    assert 'id="fault-port"' in shown.text
    assert 'id="fault-name"' in shown.text


def test_limits_and_warm_ups_are_set_and_lifted(runtime: Runtime, sign_in: SignIn) -> None:
    client = sign_in("admin")
    shown = post(client, f"{HERE}/limits", provider="google", per_second="20")
    assert "20 a second" in shown.text
    assert "slower" not in shown.text
    shown = post(client, f"{HERE}/warm-ups", what="domain", name="kessler-ohm.example", days="50, 100")
    assert "Day 1 of 2: 50 of 50 left today." in shown.text
    post(client, f"{HERE}/limits", provider="google")
    post(client, f"{HERE}/warm-ups", what="domain:kessler-ohm.example")
    with runtime.sessions() as session:
        assert pacing.limits(session) == {}
        assert pacing.warm_ups(session) == {}
    refused = post(client, f"{HERE}/warm-ups", what="domain", name="not a domain", days="some")
    assert refused.status_code == 422
    assert 'value="not a domain"' in refused.text


def test_a_paused_sender_is_a_banner_until_a_person_lets_it_send(runtime: Runtime, sign_in: SignIn) -> None:
    with runtime.sessions.begin() as session:
        reply = "550 5.7.515 Access denied"
        pacing.pause_sender(session, "kessler-ohm.example", reply=reply, delivery_id=None, now=TUESDAY)
        pacing.set_pace(session, "google", Pace(2.0, 20.0, TUESDAY, "421 4.7.0 slow down"))
    client = sign_in("admin")
    page = client.get(HERE).text
    assert "Nothing is sent from kessler-ohm.example" in page
    assert "421 4.7.0 slow down" in page
    shown = post(client, f"{HERE}/senders/kessler-ohm.example/send")
    assert "Nothing is sent from" not in shown.text


def test_the_api_does_what_the_pages_do(runtime: Runtime, app: Any) -> None:
    with runtime.sessions.begin() as session:
        key = create_key(session, "robot", "admin", now=TUESDAY)
    client = app.test_client()
    headers = {"Authorization": f"Bearer {key}"}
    body = {"name": "By SES", "kind": "ses", "secret": "hidden", "per_day": 1000, "default": True,
            "settings": {"region": "eu-west-1", "access_key": "AKIDEXAMPLE"}}  # fmt: skip
    made = client.post("/api/v1/transports", json=body, headers=headers)
    assert made.status_code == 201, made.text
    assert made.json["left_today"] == 1000
    assert "hidden" not in made.text
    address = f"/api/v1/transports/{made.json['id']}"
    assert client.post(f"{address}/pause", headers=headers).json["state"] == "paused"
    assert client.post(f"{address}/resume", headers=headers).json["state"] == "working"
    assert client.delete(address, headers=headers).status_code == 409
    changed = client.put(address, json={**body, "default": False, "name": "Ours"}, headers=headers)
    assert (changed.json["name"], changed.json["default"]) == ("Ours", False)
    listed = client.get("/api/v1/transports", headers=headers).json["data"]
    assert [one["id"] for one in listed] == [0, made.json["id"]]
    limit = {"kind": "provider", "name": "google", "per_second": 5}
    assert client.put("/api/v1/pace/limits", json=limit, headers=headers).json["limits"] == [
        {"kind": "provider", "name": "google", "per_second": 5.0, "per_hour": None, "per_day": None}
    ]
    warm = {"kind": "domain", "name": "news.example", "days": [2000]}
    pace = client.put("/api/v1/pace/warm_ups", json=warm, headers=headers).json
    assert pace["warm_ups"][0]["most_today"] == 50
    assert pace["waiting"] == 0
    assert client.delete(address, headers=headers).status_code == 204


def test_programs_single_mails_and_newsletters_choose_their_transport_on_its_page(
    runtime: Runtime, sign_in: SignIn
) -> None:
    open_house(runtime)
    client = sign_in("admin")
    with runtime.sessions.begin() as session:
        values = {"key": "relay", "name": "Relay", "kind": "smtp",
                  "settings": {"host": "127.0.0.1", "port": 1, "tls": "off"}}  # fmt: skip
        relay = transports.new(session, values, now=TUESDAY).id
        news = edit_newsletters.create(session, {"name": "Spring news"}, by="test", now=TUESDAY).id
        may_choose = transports.may_choose(session)
        [(program, _name, _nothing)] = may_choose["program"]
        mail, mail_name, _program_name = may_choose["mail"][0]
        transports.choose(session, "newsletter", 4711, relay)
    page = f"{HERE}/{relay}"
    shown = client.get(page).text
    assert "Single mails that take it" in shown and mail_name in shown
    assert "Spring news" in shown

    form = a_server("smtp://127.0.0.1:1", name="Relay")
    post(client, page, page, **form, programs=program, mails=mail, newsletters=news)
    with runtime.sessions() as session:
        assert transports.choices(session) == {
            ("program", program): relay,
            ("mail", mail): relay,
            ("newsletter", news): relay,
            ("newsletter", 4711): relay,
        }

    post(client, page, page, **form, programs=program)
    with runtime.sessions() as session:
        assert set(transports.choices(session)) == {("program", program), ("newsletter", 4711)}
