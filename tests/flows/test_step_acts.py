"""Steps record signals, tell people of the house and call webhooks: rows first, then the usual paths."""

import json
import time

import pytest
from sqlalchemy import select, update

from nurture.files.vault import Vault
from nurture.flows import check_programs
from nurture.flows.endpoints import rotate_secret
from nurture.flows.judge_leads import judge_leads
from nurture.flows.letters import view
from nurture.flows.post_webhooks import post_webhooks, replay
from nurture.flows.rate import rate
from nurture.net.outgoing import Way
from nurture.rules.tokens import KeyRing
from nurture.store.deliveries import Delivery
from nurture.store.installation import Installation
from nurture.store.leads import Lead
from nurture.store.signals import Signal
from nurture.store.users import User
from nurture.store.webhooks import WebhookEndpoint, WebhookMessage, WebhookPost, write_message
from nurture.webhooks.post import Poster
from tests.flows.garden import Garden
from tests.sinks import WebhookSink

RING = KeyRing((b"k" * 32,))
ENTER = "    enter: {when: {consent: marketing}}\n"


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


@pytest.fixture
def vault():
    return Vault(RING)


@pytest.fixture
def post(garden, vault):
    poster = Poster(Way(private=True, connect_seconds=1, total_seconds=2), real_seconds=time.time)
    yield lambda: post_webhooks(garden.sessions, poster, vault, now=garden.clock.now, patience=10)
    poster.close()


def publish(garden: Garden, *steps: str) -> None:
    garden.publish("  cold:\n" + ENTER + "    steps:\n" + "".join(f"      - {step}\n" for step in steps))


def colleague(garden: Garden, email: str, role: str = "sales", **more: object) -> int:
    with garden.sessions.begin() as session:
        user = User(email=email, name=email.partition("@")[0].title(), role=role, password_hash="-", **more)
        user.created_at = garden.clock.now
        session.add(user)
        session.flush()
        return user.id


def house_at(garden: Garden, sender: str) -> None:
    with garden.sessions.begin() as session:
        session.execute(update(Installation).values(sender_email=sender))


def listens(garden: Garden, vault: Vault, sink: WebhookSink) -> None:
    """Somebody who wants to hear everything."""
    sealed = vault.seal("whsec_" + "a" * 32)
    with garden.sessions.begin() as session:
        session.add(WebhookEndpoint(url=sink.url, types=[], secrets=[sealed], created_at=garden.clock.now))


def notices(garden: Garden) -> dict[str, Delivery]:
    with garden.sessions() as session:
        rows = session.scalars(select(Delivery).where(Delivery.purpose == "notice").order_by(Delivery.id))
        return {row.address: row for row in rows}


def test_a_signal_of_a_step_is_one_of_the_engine_recorded_once_and_ends_a_wait(garden):
    publish(
        garden,
        "signal: {kind: finished_cold, data: {where: cold}}",
        "wait_for: {signal: called, within: 9d}\n        then: [{signal: {kind: reached}}]",
        "wait: 30d",
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    garden.clock.advance(hours=1)
    garden.signal(anna, "called")
    garden.tick()
    with garden.sessions() as session:
        rows = session.scalars(select(Signal).where(Signal.source == "chain").order_by(Signal.occurred_at))
        assert [(row.kind, row.data, row.lead_id) for row in rows] == [
            ("finished_cold", {"where": "cold"}, anna),
            ("reached", {}, anna),
        ]
    assert rate(garden.sessions, now=garden.clock.now) >= 2


def test_a_step_done_again_in_another_pass_records_again_and_a_repeated_turn_does_not(garden):
    publish(garden, "signal: {kind: round}", "wait: 1h", "goto: {step: signal-1}")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    garden.value("SELECT 1")
    with garden.sessions.begin() as session:  # as after a crash between the turn and its commit
        session.connection().exec_driver_sql(
            "UPDATE enrollment SET step_key = 'signal-1', step_since = entered_at, due_at = entered_at"
        )
    garden.tick()
    assert garden.value("SELECT count(*) FROM signal WHERE kind = 'round'") == 1
    garden.clock.advance(hours=1)
    garden.tick()
    assert garden.value("SELECT count(*) FROM signal WHERE kind = 'round'") == 2


def test_owner_role_and_addresses_of_the_house_are_told_each_once(garden):
    mia = colleague(garden, "mia@nurture.example")
    colleague(garden, "tom@nurture.example")
    colleague(garden, "gone@nurture.example", disabled_at=garden.clock.now)
    house_at(garden, "news@mail.example")
    publish(
        garden,
        "notify: {owner: true, role: sales, to: [desk@mail.example, tom@nurture.example], "
        'subject: "{{ lead.first_name }} reads", '
        'text: "{{ lead.first_name }} has read it.\\n\\nCall {{ lead.phone }}."}',
        "wait: 30d",
    )
    anna = garden.lead("anna", owner_id=mia, phone="+4930123456")
    garden.enter(anna)
    garden.tick()
    told = notices(garden)
    assert sorted(told) == ["desk@mail.example", "mia@nurture.example", "tom@nurture.example"]
    with garden.sessions() as session:
        page = view(session, RING, "https://nurture.example", told["mia@nurture.example"].id)
    assert page is not None and "anna has read it." in page and "Call +4930123456." in page
    assert told["mia@nurture.example"].params["subject"] == "anna reads"


def test_nobody_outside_the_house_is_told_and_the_run_goes_on(garden):
    house_at(garden, "news@mail.example")
    publish(
        garden,
        "notify: {to: friend@elsewhere.example, text: psst}",
        "notify: {owner: true, text: x}",
        "wait: 30d",
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    assert notices(garden) == {}
    assert [line for line in garden.history(anna) if line[1] == "skipped"] == [
        ("notify-1", "skipped", "not_of_the_house"),
        ("notify-2", "skipped", "nobody_to_tell"),
    ]
    assert garden.run(anna).step_key == "wait-1"


def test_a_webhook_of_a_step_is_posted_to_its_address_alone_with_the_leads_values(garden, post, vault):
    with WebhookSink() as sink, WebhookSink() as other:
        publish(
            garden,
            f'webhook: {{url: "{sink.url}/lead/{{{{ lead.first_name }}}}?q={{{{ lead.city }}}}", '
            'body: {who: "{{ lead.email }}", deep: [{n: 1, city: "{{ lead.city }}"}]}}',
            f'webhook: {{url: "{sink.url}/plain"}}',
            "wait: 30d",
        )
        listens(garden, vault, other)
        anna = garden.lead("anna/../x", city="Köln & Bonn?x=1")
        garden.enter(anna)
        garden.tick()
        post()
        assert {one.path for one in sink.posts} == {
            "/hook/lead/anna%2F..%2Fx?q=K%C3%B6ln%20%26%20Bonn%3Fx%3D1",
            "/hook/plain",
        }
        said = {one.path.split("/")[2]: one for one in sink.posts}
        assert json.loads(said["lead"].body) == {
            "who": "anna/../x@muster.example",
            "deep": [{"n": 1, "city": "Köln & Bonn?x=1"}],
        }
        plain = json.loads(said["plain"].body)
        assert (plain["type"], plain["data"]["step"], plain["data"]["lead"]["id"]) == (
            "chain.step",
            "webhook-2",
            anna,
        )
        assert "webhook-signature" not in said["plain"].headers
        assert other.posts == []


def test_a_webhook_of_a_step_is_tried_again_under_one_id_signed_once_it_has_a_secret(garden, post, vault):
    with WebhookSink(script=[500]) as sink:
        publish(garden, f'webhook: {{url: "{sink.url}/hook"}}', "wait: 30d")
        anna, ben = garden.lead("anna"), garden.lead("ben")
        garden.enter(anna)
        garden.tick()
        post()
        with garden.sessions.begin() as session:
            endpoint = session.scalars(select(WebhookEndpoint)).one()
            rotate_secret(session, vault, endpoint.id, by="test", now=garden.clock.now)
        garden.clock.advance(hours=12)
        post()
        first, again = sink.posts
        assert first.headers["webhook-id"] == again.headers["webhook-id"]
        assert again.headers["webhook-signature"].startswith("v1,")
        garden.enter(ben)
        garden.tick()
        post()
        assert len(sink.posts) == 3
        with garden.sessions() as session:
            assert len(session.scalars(select(WebhookEndpoint)).all()) == 1
            states = [row.state for row in session.scalars(select(WebhookPost))]
            assert states == ["delivered", "delivered"]


def test_a_replay_goes_to_the_address_of_the_step_and_other_messages_never_do(garden, post, vault):
    with WebhookSink() as sink, WebhookSink() as other:
        publish(garden, f'webhook: {{url: "{sink.url}/hook"}}', "wait: 30d")
        garden.enter(garden.lead("anna"))
        garden.tick()
        listens(garden, vault, other)
        post()
        with garden.sessions.begin() as session:
            message = session.scalars(select(WebhookMessage)).one()
            assert replay(session, message.id, garden.clock.now) == 1
            write_message(session, "lead.hot", {"n": 1}, lead_id=None, dedup_key="hot", now=garden.clock.now)
        post()
        assert (len(sink.posts), len(other.posts)) == (2, 1)


def test_nobody_outside_hears_of_invented_leads(garden):
    colleague(garden, "mia@nurture.example")
    publish(garden, "notify: {role: sales, text: x}", 'webhook: {url: "https://crm.example/"}', "wait: 30d")
    with garden.sessions.begin() as session:
        session.connection().exec_driver_sql("UPDATE program SET demo = true")
    anna = garden.lead("anna", demo=True)
    garden.enter(anna)
    garden.tick()
    assert notices(garden) == {}
    assert garden.value("SELECT count(*) FROM webhook_message") == 0
    assert [line[2] for line in garden.history(anna) if line[1] == "skipped"] == ["demo", "demo"]


def test_what_templates_may_not_hold_is_named_with_its_line(garden):
    folder = garden.write(
        '  cold:\n    steps:\n      - notify:\n          owner: true\n          text: "{{ lead.secret }}"\n'
        '      - webhook: {url: "https://crm.example/{{ 7 * 7 }}", body: {a: "{% include \'x\' %}"}}\n'
    )
    faults = "\n".join(check_programs.check_folder(folder).faults)
    assert "program.yaml:9: “lead.secret” is not known." in faults
    assert "program.yaml:10: “mul” cannot be used" in faults
    assert "program.yaml:10: “include” cannot be used" in faults


def test_a_date_that_changes_while_it_is_waited_for_wakes_the_run(garden):
    publish(garden, 'wait_until: {field: dates.renewal, offset: -7d, at: "10:00"}', "send: c1")
    anna = garden.lead("anna", dates={"renewal": "2026-09-01"})
    garden.enter(anna)
    garden.tick()
    before = garden.run(anna).due_at
    with garden.sessions.begin() as session:
        session.execute(update(Lead).where(Lead.id == anna).values(dates={"renewal": "2026-06-01"}))
        judge_leads(session, [anna], now=garden.clock.now)
    garden.tick()
    assert garden.run(anna).due_at < before


def test_loading_warns_of_an_address_that_is_not_of_the_house(garden):
    house_at(garden, "news@mail.example")
    said = "{to: [desk@mail.example, friend@elsewhere.example], text: psst}"
    loaded = garden.publish(f"  cold:\n    steps:\n      - notify: {said}\n")
    assert [line.partition("program.yaml:")[2] for line in loaded.warnings] == [
        "7: friend@elsewhere.example is no address of this house: nobody will be told there."
    ]
