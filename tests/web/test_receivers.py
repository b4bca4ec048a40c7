"""Receivers of webhooks through the pages and the API: made, narrowed, shaped, keyed, told again."""

import html
import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from nurture.runtime import Runtime
from nurture.store.webhooks import WebhookEndpoint, WebhookMessage, WebhookPost, write_message
from nurture.webhooks.presets import NAMED
from tests.conftest import TUESDAY
from tests.web.api_caller import api, caller
from tests.web.conftest import SignIn, token_of

__all__ = ["api", "caller"]

URL = "https://crm.example.com/hooks"


@pytest.fixture
def admin(sign_in: SignIn) -> FlaskClient:
    return sign_in("admin")


def act(client: FlaskClient, path: str, **form):
    page = client.get("/webhooks")
    return client.post(path, data={**form, "csrf_token": token_of(page.text)})


def kept(db: Session) -> WebhookEndpoint:
    db.rollback()
    return db.query(WebhookEndpoint).populate_existing().order_by(WebhookEndpoint.id.desc()).first()


def test_a_preset_fills_the_form_and_names_what_is_to_be_put_in(db, admin) -> None:
    page = admin.get("/webhooks/new?preset=telegram").text
    assert "YOUR_CHAT_ID" in page and "api.telegram.org" in page
    preset = NAMED["telegram"]
    refused = act(
        admin, "/webhooks", url=preset.url, types="lead.hot", mapping=preset.mapping, preset="telegram"
    )
    assert refused.status_code == 422
    assert "chat_id: Put your own value in the place of YOUR_CHAT_ID." in refused.text
    assert "Put your own value in the place of the part in capitals." in refused.text
    assert "link_preview_options" in refused.text


def test_the_preset_of_hubspot_asks_for_leads_with_an_address(db, admin) -> None:
    page = admin.get("/webhooks/new?preset=hubspot").text
    assert '<option value="data.lead.email" selected>' in page
    assert '<option value="exists" selected>' in page
    asked = {"ask_field": "data.lead.email", "ask_way": "exists", "ask_value": ""}
    act(admin, "/webhooks", url=URL, types="lead.hot", **asked)
    assert kept(db).filter == NAMED["hubspot"].filter
    assert '<option value="exists" selected>' in admin.get(f"/webhooks/{kept(db).id}").text


def test_a_receiver_is_made_with_filter_shape_and_a_header_that_never_shows_again(
    db, runtime: Runtime, admin
) -> None:
    answer = act(
        admin,
        "/webhooks",
        url=URL,
        types=["lead.hot", "handoff.outcome"],
        ask_field=["data.grade", "data.readiness.score"],
        ask_way=["in", "gte"],
        ask_value=["A, B", "70"],
        mapping='{"who": "{{ data.lead.name }}"}',
        header_name="Authorization",
        header_value="Bearer never-to-be-seen",
    )
    assert answer.status_code == 201 and "whsec_" in answer.text
    row = kept(db)
    assert row.filter == {
        "all": [{"field": "data.grade", "in": ["A", "B"]}, {"field": "data.readiness.score", "gte": 70.0}]
    }
    assert runtime.vault.open(row.headers["Authorization"]) == "Bearer never-to-be-seen"
    page = admin.get(f"/webhooks/{row.id}").text
    assert "A, B" in page and "Authorization" in page
    assert "never-to-be-seen" not in page + answer.text + json.dumps(row.headers)
    assert "whsec_" not in page


def test_a_change_keeps_headers_that_are_not_touched(db, runtime, admin) -> None:
    act(admin, "/webhooks", url=URL, header_name="Authorization", header_value="Bearer one-two-three")
    row = kept(db)
    act(admin, f"/webhooks/{row.id}/change", url=URL + "/2", types="lead.hot")
    assert (kept(db).url, kept(db).types) == (URL + "/2", ["lead.hot"])
    assert runtime.vault.open(kept(db).headers["Authorization"]) == "Bearer one-two-three"
    act(admin, f"/webhooks/{row.id}/change", url=URL, header_gone="Authorization")
    assert kept(db).headers == {}


def test_a_filter_of_the_api_stays_until_lines_take_its_place(db, admin, api) -> None:
    wide = {"any": [{"field": "data.grade", "eq": "A"}, {"not": {"field": "data.source", "eq": "fair"}}]}
    made = api.post("/webhook_endpoints", json={"url": URL, "filter": wide}).json
    page = admin.get(f"/webhooks/{made['id']}").text
    assert "Set by the API:" in page
    act(admin, f"/webhooks/{made['id']}/change", url=URL)
    assert kept(db).filter == wide
    line = {"ask_field": "data.grade", "ask_way": "in", "ask_value": "A"}
    act(admin, f"/webhooks/{made['id']}/change", url=URL, **line)
    assert kept(db).filter == {"field": "data.grade", "in": ["A"]}


def test_the_preview_shows_the_example_in_its_shape_or_every_fault(admin) -> None:
    shown = act(admin, "/webhooks/preview", types="lead.hot", mapping='{"who": "{{ data.lead.name }}"}')
    assert '"who": "Katrin Vogel"' in html.unescape(shown.text)
    wrong = act(admin, "/webhooks/preview", types="lead.hot", mapping='{"a": ["{{ data.lead.emial }}"]}')
    assert "a[0]: “data.lead.emial” is not known." in wrong.text


def test_old_keys_are_let_go_on_the_page(db, admin) -> None:
    act(admin, "/webhooks", url=URL)
    row = kept(db)
    assert "whsec_" in act(admin, f"/webhooks/{row.id}/secret").text
    act(admin, f"/webhooks/{row.id}/signing-key")
    act(admin, f"/webhooks/{row.id}/signing-key")
    assert len(kept(db).secrets) == 2 and kept(db).verify_key_before
    assert "two sign now" in admin.get(f"/webhooks/{row.id}").text
    act(admin, f"/webhooks/{row.id}/forget-keys")
    assert len(kept(db).secrets) == 1 and kept(db).verify_key_before is None


def test_a_stretch_of_time_is_sent_again_to_this_receiver_alone(db, admin) -> None:
    for path in ("/a", "/b"):
        act(admin, "/webhooks", url=URL + path, types="lead.erased")
    write_message(db, "lead.erased", {"lead": {"id": 1}}, lead_id=None, dedup_key="e", now=TUESDAY)
    db.query(WebhookPost).update({"state": "failed"})
    db.commit()
    row = kept(db)
    wrong = act(admin, f"/webhooks/{row.id}/replay", **{"from": "2026-03-04T10:00", "to": "2026-03-03T10:00"})
    assert wrong.status_code == 422 and "The end lies before the beginning." in wrong.text
    assert "2026-03-04T10:00" in wrong.text
    stretch = {"from": "2026-03-01T00:00", "to": "2026-03-09T00:00"}
    answer = act(admin, f"/webhooks/{row.id}/replay", **stretch)
    assert answer.status_code == 302
    db.rollback()
    states = {post.endpoint_id: post.state for post in db.query(WebhookPost)}
    assert states == {row.id: "pending", row.id - 1: "failed"}


def test_every_type_stands_there_with_example_and_schema(admin) -> None:
    page = html.unescape(admin.get("/webhooks/types").text)
    assert "katrin.vogel@brueckner.example" in page
    assert "https://json-schema.org/draft/2020-12/schema" in page


def test_secret_addresses_are_covered_in_lists(admin) -> None:
    act(admin, "/webhooks", url="https://api.telegram.org/bot7211:AAHsk2k3jdj3kd93kd/sendMessage")
    assert "AAHsk2k3jdj3kd93kd" not in admin.get("/webhooks").text


def test_a_marketer_looks_and_tries_and_changes_nothing(db, admin, sign_in: SignIn) -> None:
    act(admin, "/webhooks", url=URL)
    row, marketer = kept(db), sign_in("marketer")
    assert marketer.get(f"/webhooks/{row.id}").status_code == 200
    for path in ("change", "secret", "signing-key", "forget-keys", "switch"):
        assert act(marketer, f"/webhooks/{row.id}/{path}", url=URL).status_code == 403
    assert act(marketer, f"/webhooks/{row.id}/test").status_code == 302
    assert db.query(WebhookMessage).filter_by(type="webhook.test").count() == 1


def test_the_api_takes_a_mapping_as_it_is_and_tells_only_names_of_headers(api) -> None:
    shape = {"who": "{{ data.lead.name }}"}
    tried = api.post("/webhook_endpoints/preview", json={"mapping": shape})
    assert tried.json == {"sent": {"who": "Katrin Vogel"}}
    wrong = api.post("/webhook_endpoints/preview", json={"mapping": {"a": "{{ data.x }}"}})
    assert wrong.status_code == 422
    assert wrong.json["errors"]["mapping"] == ["a: “data.x” is not known."]
    headers = {"Authorization": "Bearer never-to-be-seen"}
    made = api.post("/webhook_endpoints", json={"url": URL, "mapping": shape, "headers": headers})
    assert (made.json["mapping"], made.json["headers"]) == (shape, ["Authorization"])
    path = f"/webhook_endpoints/{made.json['id']}"
    assert "never-to-be-seen" not in made.text + api.get(path).text
    changed = api.patch(path, json={"mapping": "", "headers": {"Authorization": None}})
    assert (changed.json["mapping"], changed.json["headers"]) == (None, [])
    presets = api.get("/webhook_presets").json["data"]
    assert [one["key"] for one in presets] == list(NAMED)
