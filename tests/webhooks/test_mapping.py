"""Bodies in another shape: what a mapping makes, what it refuses, and that nothing secret shows."""

import json
import logging
import re
import socket

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from nurture.errors import Invalid
from nurture.files.vault import Vault
from nurture.flows import shape_messages
from nurture.flows.endpoints import Receiver, change_endpoint, create_endpoint, try_endpoint
from nurture.rules.message_filter import passes
from nurture.store.webhooks import WebhookAttempt, WebhookEndpoint, write_message
from nurture.webhooks import catalogue
from nurture.webhooks.mapping import MOST_BYTES
from nurture.webhooks.payload import MAX_REASONS
from nurture.webhooks.presets import NAMED, PRESETS, Preset
from tests.conftest import TUESDAY
from tests.sinks import WebhookSink
from tests.webhooks.receivers import RawReceiver

TOKEN = "pat-eu1-0f8e2c7d-not-a-real-one"


def made_of(mapping: object, kind: str = "lead.hot"):
    return shape_messages.preview(json.dumps(mapping), kind)


def faults_of(mapping: str) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        shape_messages.check(mapping, ["lead.hot"])
    return refusal.value.errors["mapping"]


def make(db: Session, vault: Vault, url: str, **more):
    wanted = Receiver(url, ["lead.hot"], **more)
    created = create_endpoint(db, vault, wanted, private=True, by="user:1", now=TUESDAY)
    db.commit()
    return created


def a_hot_lead(db: Session, name: str = "Ada") -> str | None:
    data = {**catalogue.example("lead.hot")["data"]}
    data["lead"] = data["lead"] | {"name": name}
    written = write_message(db, "lead.hot", data, lead_id=None, dedup_key=f"hot:{name}", now=TUESDAY)
    db.commit()
    return written


def test_one_expression_is_the_value_itself_and_anything_else_a_text() -> None:
    made = made_of(
        {"heat": "{{ data.heat }}", "say": "Heat {{ data.heat|round|int }}", "all": "{{ data.bant }}"}
    )
    assert made["heat"] == 61.5
    assert made["say"] == "Heat 62"
    assert made["all"]["budget"] == "yes"


def test_lists_are_repeated_and_parts_left_out_where_nothing_is_known() -> None:
    example = catalogue.example("lead.hot")
    example["data"]["lead"]["phone"] = None
    shape = {
        "why": {"$each": "{{ data.readiness.reasons }}", "$do": {"text": "{{ item.text|upper }}"}},
        "phones": [{"$if": "{{ data.lead.phone }}", "$then": {"value": "{{ data.lead.phone }}"}}],
        "call": {"$if": "{{ data.lead.phone }}", "$then": "now", "$else": "write"},
    }
    made = json.loads(shape_messages.mapped(json.dumps(shape), json.dumps(example).encode()))
    assert made == {"why": [{"text": "CLICKED THE PRICE LIST"}], "phones": [], "call": "write"}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ('{"a": ', "Line 1, column 7 is not JSON"),
        ('{"a": 1, "a": 2}', "a: This name stands twice"),
        ('{"a": NaN}', "NaN is not a number"),
        ('"text"', "A mapping is an object or a list."),
        ('{"a": [{"b": "{{ data.lead.emial }}"}]}', "a[0].b: “data.lead.emial” is not known."),
        ('{"a": "{{ secrets }}"}', "a: “secrets” is not known."),
        ('{"a": "{{ data.lead.name() }}"}', "a: “call” cannot be used here."),
        ('{"a": "{{ [1] * 99999999 }}"}', "a: “mul” cannot be used here."),
        ('{"a": "{{ data.lead|attr(\'x\') }}"}', "a: There is no filter “attr”."),
        ('{"a": "{% include \'x\' %}"}', "a: “include” cannot be used here."),
        ('{"a": "{{ data.lead. }}"}', "a: The template cannot be read"),
        ('{"a": {"$if": "{{ data.grade }}", "b": 1}}', "a: $if goes with $then"),
        ('{"a": {"$each": 5, "$do": 1}}', "a: $if and $each ask one expression"),
        ('{"chat_id": "YOUR_CHAT_ID"}', "chat_id: Put your own value in the place of YOUR_CHAT_ID."),
        ("[" * 400 + "]" * 400, "too deep"),
        (json.dumps({"a": "x" * 20_000}), "longer than 20000 characters"),
        (json.dumps(list(range(400))), "too many parts"),
    ],
)
def test_every_fault_is_named_at_its_place_before_anything_is_kept(wrong: str, sentence: str) -> None:
    assert sentence in faults_of(wrong)[0]


def test_loops_cannot_multiply_work() -> None:
    inner = '{"$each": "{{ data.recent_signals }}", "$do": 1}'
    assert (
        "inside another"
        in faults_of(f'{{"a": {{"$each": "{{{{ data.recent_signals }}}}", "$do": {inner}}}}}')[0]
    )
    twice = "{% for a in data.recent_signals %}{% for b in data.recent_signals %}x{% endfor %}{% endfor %}"
    assert "1 deep at most" in faults_of(json.dumps({"a": twice}))[0]
    once = "{% for a in data.recent_signals %}x{% endfor %}"
    repeated = {"$each": "{{ data.recent_signals }}", "$do": once}
    assert "0 deep at most" in faults_of(json.dumps({"a": repeated}))[0]


def test_a_body_that_would_be_too_large_is_refused() -> None:
    body = json.dumps({"type": "form.submitted", "data": {"answers": {"q": "x" * 30_000}}}).encode()
    with pytest.raises(Invalid, match="64 kB"):
        shape_messages.mapped(json.dumps({"a": "{{ data.answers.q }}" * 3}), body)
    assert MOST_BYTES == 65_536


def test_a_value_that_is_quoted_again_and_again_is_refused_before_it_fills_the_memory() -> None:
    """Each time round it is twice as long."""
    body = json.dumps({"type": "form.submitted", "data": {"answers": {"q": "x"}}}).encode()
    with pytest.raises(Invalid, match="grows beyond"):
        shape_messages.mapped(json.dumps({"a": "{{ data.answers.q" + " | json" * 50 + " }}"}), body)


def test_what_people_write_into_fields_never_becomes_code_or_breaks_the_json() -> None:
    example = catalogue.example("lead.hot")
    for name in ("name", "first_name", "last_name"):
        example["data"]["lead"][name] = '"}], {{ 7*7 }} <@U1> \\'
    for preset in PRESETS:
        made = shape_messages.mapped(ready(preset), json.dumps(example).encode())
        assert "49" not in json.dumps(json.loads(made)).replace("+495615550142", "")
    slack = json.loads(shape_messages.mapped(NAMED["slack"].mapping, json.dumps(example).encode()))
    assert "&lt;@U1&gt;" in slack["text"]


def test_slack_and_telegram_get_no_more_than_they_take_and_nothing_that_acts_as_markup() -> None:
    example = catalogue.example("lead.hot")
    flood = "&<!channel>" * 27
    lead, reason = example["data"]["lead"], {"text": flood[:200], "points": 1}
    lead |= dict.fromkeys(("name", "role", "company"), flood)
    example["data"]["readiness"]["reasons"] = [reason] * MAX_REASONS
    body = json.dumps(example).encode()
    slack = json.loads(shape_messages.mapped(NAMED["slack"].mapping, body))
    texts = [block["text"] for block in slack["blocks"]]
    assert all(1 <= len(one["text"]) <= 3000 and one["verbatim"] for one in texts)
    assert "<!channel" not in json.dumps(slack) and "&lt;!channel&gt;" in slack["text"]
    assert not re.search(r"&(?!(amp|lt|gt);)", json.dumps(slack)), "an entity is never cut in two"
    telegram = json.loads(shape_messages.mapped(ready(NAMED["telegram"]), body))
    assert "parse_mode" not in telegram and flood in telegram["text"]
    assert len(telegram["text"].encode("utf-16-le")) // 2 <= 4096


def test_a_lead_known_by_its_number_alone_has_a_name_there_and_does_not_go_where_it_is_refused() -> None:
    example = catalogue.example("lead.hot")
    example["data"]["lead"] |= dict.fromkeys(("email", "name", "first_name", "last_name"))
    body = json.dumps(example).encode()
    made = {one.key: json.loads(shape_messages.mapped(ready(one), body)) for one in PRESETS}
    phone = example["data"]["lead"]["phone"]
    assert made["pipedrive"]["name"] == made["bitrix24"]["fields"]["name"] == phone
    assert made["amocrm"][0]["_embedded"]["contacts"][0]["name"] == phone
    assert phone in made["slack"]["text"] and phone in made["telegram"]["text"]
    wanted = NAMED["hubspot"].filter
    assert not passes(wanted, "lead.hot", example["data"], TUESDAY)
    assert passes(wanted, "lead.hot", catalogue.example("lead.hot")["data"], TUESDAY)


def ready(preset: Preset) -> str:
    return preset.mapping.replace("YOUR_CHAT_ID", "-100200300")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_a_preset_is_a_mapping_of_what_a_hot_lead_carries(preset: Preset) -> None:
    shape_messages.check(ready(preset), preset.types)
    made = json.dumps(shape_messages.preview(ready(preset), "lead.hot"), ensure_ascii=False)
    assert "Katrin" in made and "Vogel" in made and "YOUR" not in made


def test_hubspot_gets_an_upsert_by_email() -> None:
    [one] = shape_messages.preview(NAMED["hubspot"].mapping, "lead.hot")["inputs"]
    assert (one["idProperty"], one["id"]) == ("email", "katrin.vogel@brueckner.example")
    assert (one["properties"]["firstname"], one["properties"]["lastname"]) == ("Katrin", "Vogel")
    example = catalogue.example("lead.hot")
    example["data"]["lead"] |= dict.fromkeys(("first_name", "last_name", "phone", "company", "role"))
    [bare] = json.loads(shape_messages.mapped(NAMED["hubspot"].mapping, json.dumps(example).encode()))[
        "inputs"
    ]
    assert sorted(bare["properties"]) == ["email", "lifecyclestage", "message"], (
        "what is empty takes nothing away"
    )


def test_bitrix24_and_amocrm_get_addresses_as_their_own_kinds_of_fields() -> None:
    bitrix = shape_messages.preview(NAMED["bitrix24"].mapping, "lead.hot")
    assert bitrix["entityTypeId"] == 1
    assert (bitrix["fields"]["name"], bitrix["fields"]["lastName"]) == ("Katrin", "Vogel")
    assert [one["typeId"] for one in bitrix["fields"]["fm"]] == ["EMAIL", "PHONE"]
    [amo] = shape_messages.preview(NAMED["amocrm"].mapping, "lead.hot")
    [contact] = amo["_embedded"]["contacts"]
    assert (contact["first_name"], contact["last_name"]) == ("Katrin", "Vogel")
    assert [one["field_code"] for one in contact["custom_fields_values"]] == ["EMAIL", "PHONE", "POSITION"]


def test_a_mapped_body_is_what_is_signed_sent_and_kept(db, vault, webhook_sink: WebhookSink, turn) -> None:
    created = make(db, vault, webhook_sink.url, mapping='{"who": "{{ data.lead.name }}"}')
    message_id = a_hot_lead(db)
    turn()
    [post] = webhook_sink.posts
    assert json.loads(post.body) == {"who": "Ada"}
    assert post.headers["webhook-id"] == message_id
    Webhook(created.secret).verify(post.body, post.headers)
    [attempt] = db.query(WebhookAttempt).all()
    assert attempt.sent == post.body


def test_a_retry_follows_a_mapping_that_was_mended_meanwhile(db, vault, webhook_sink, turn) -> None:
    webhook_sink.script = [400, 200]
    created = make(db, vault, webhook_sink.url, mapping='{"name": "{{ data.lead.name }}"}')
    a_hot_lead(db)
    turn()
    mended = Receiver(mapping='{"full_name": "{{ data.lead.name }}"}')
    change_endpoint(db, vault, created.id, mended, private=True, by="user:1", now=TUESDAY)
    db.execute(text("UPDATE webhook_post SET due_at = :now"), {"now": TUESDAY})
    db.commit()
    turn()
    assert [json.loads(post.body) for post in webhook_sink.posts] == [{"name": "Ada"}, {"full_name": "Ada"}]
    assert [json.loads(one.sent) for one in db.query(WebhookAttempt).order_by(WebhookAttempt.id)] == [
        {"name": "Ada"},
        {"full_name": "Ada"},
    ]
    assert len({post.headers["webhook-id"] for post in webhook_sink.posts}) == 1


def test_a_test_message_of_a_mapped_receiver_looks_like_the_real_thing(db, vault, webhook_sink, turn) -> None:
    created = make(db, vault, webhook_sink.url, mapping='{"who": "{{ data.lead.name }}", "t": "{{ type }}"}')
    try_endpoint(db, created.id, now=TUESDAY)
    db.commit()
    turn()
    [post] = webhook_sink.posts
    assert json.loads(post.body) == {"who": "Katrin Vogel", "t": "webhook.test"}


def repeating(stream: socket.socket, request: bytes) -> None:
    """Refuses, and quotes what it was given, as some programs do."""
    body = f"bad key {told(request)['authorization']}".encode()
    stream.sendall(b"HTTP/1.1 401 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def told(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}


def test_headers_go_with_every_post_and_are_nowhere_to_be_read(db, vault, turn, caplog, capsys) -> None:
    caplog.set_level(logging.DEBUG)
    with RawReceiver(repeating) as receiver:
        own = {"Authorization": f"Bearer {TOKEN}", "X-Team": "north"}
        created = make(db, vault, receiver.url(), headers=own)
        a_hot_lead(db)
        turn()
    [request] = receiver.heads
    assert (told(request)["authorization"], told(request)["x-team"]) == (f"Bearer {TOKEN}", "north")
    Webhook(created.secret).verify(request.partition(b"\r\n\r\n")[2], told(request))
    kept = db.get_one(WebhookEndpoint, created.id).headers
    assert sorted(kept) == ["Authorization", "X-Team"]
    assert TOKEN not in json.dumps(kept) and vault.open(kept["Authorization"]) == f"Bearer {TOKEN}"
    [attempt] = db.query(WebhookAttempt).all()
    assert (attempt.status, attempt.reply) == (401, "bad key •••")
    written = capsys.readouterr()
    assert TOKEN not in caplog.text + written.out + written.err


def test_a_header_is_changed_by_its_name_and_taken_away_by_none(db, vault, webhook_sink) -> None:
    created = make(
        db, vault, webhook_sink.url, headers={"Authorization": "Bearer a-first-token", "X-Team": "n"}
    )
    wanted = Receiver(headers={"authorization": "Bearer a-second-token", "X-Team": None})
    change_endpoint(db, vault, created.id, wanted, private=True, by="user:1", now=TUESDAY)
    kept = db.get_one(WebhookEndpoint, created.id).headers
    assert {name: vault.open(sealed) for name, sealed in kept.items()} == {
        "authorization": "Bearer a-second-token"
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "inner.example"},
        {"webhook-signature": "v1,x"},
        {"Content-Length": "5"},
        {"X-A": "one\r\nX-B: two"},
        {"X A": "one"},
        {"X-A": "Bearer YOUR_TOKEN"},
        {"X-A": "1", "x-a": "2"},
        {f"X-{no}": "1" for no in range(11)},
    ],
)
def test_headers_that_could_lead_a_message_astray_are_refused(db, vault, headers) -> None:
    with pytest.raises(Invalid) as refusal:
        make(db, vault, "https://crm.example/in", headers=headers)
    assert list(refusal.value.errors) == ["headers"]


def test_a_place_left_to_fill_in_is_named(db, vault) -> None:
    with pytest.raises(Invalid) as refusal:
        make(db, vault, NAMED["telegram"].url, mapping=NAMED["telegram"].mapping)
    assert sorted(refusal.value.errors) == ["mapping", "url"]
