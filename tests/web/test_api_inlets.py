"""What other programs and people report of leads: identify, track and page, touches, verdicts."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from nurture.flows.keys import create_key
from nurture.flows.leads import erase_lead
from nurture.flows.rate import rate
from nurture.jobs.streams import streams
from nurture.rules import hits
from nurture.rules.model import read
from nurture.rules.outside_events import answers_of, kind_of
from nurture.runtime import Runtime
from tests.applications import application
from tests.clock import StandingClock
from tests.flows.rated_leads import publish
from tests.flows.recording import clicked
from tests.mailed import a_delivery, a_lead, a_mailing
from tests.rules.models import RAW

Call = Callable[..., TestResponse]
ANNA = "anna@weber.example"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    return application(runtime).test_client()


@pytest.fixture
def post(client: FlaskClient, runtime: Runtime) -> Iterator[Call]:
    with runtime.sessions.begin() as session:
        key = create_key(session, "site", "marketer", now=runtime.now())

    def call(path: str, **body: object) -> TestResponse:
        return client.post(f"/api/v1{path}", json=body, headers={"Authorization": f"Bearer {key}"})

    call.key = key  # type: ignore[attr-defined]
    yield call


def identified(post: Call) -> int:
    traits = {"email": ANNA, "firstName": "Anna", "company": {"name": "Weber Pumps"}, "plan": "trial"}
    answer = post("/identify", userId="u-17", anonymousId="a-1", traits=traits, integrations={"All": True})
    assert answer.status_code == 200, answer.text
    return int(answer.json["lead_id"])


def signals(db: Session) -> list[tuple[object, ...]]:
    db.rollback()
    return [tuple(row) for row in db.execute(text("SELECT lead_id, kind, source FROM signal ORDER BY kind"))]


def test_a_batch_takes_what_it_can_and_says_of_each_what_became_of_it(post: Call, db: Session) -> None:
    batch = [
        {"type": "identify", "userId": "u-17", "traits": {"email": ANNA}},
        {"type": "track", "userId": "u-17", "event": "File Downloaded", "messageId": "m-1"},
        {"type": "track", "userId": "u-17", "event": "???"},
        {"type": "alias", "userId": "u-17"},
        {"type": "page", "userId": "u-17", "properties": {"path": "/prices"}},
        "nothing",
    ]
    answer = post("/batch", batch=batch)
    assert (answer.status_code, answer.json["success"]) == (200, False)
    assert [one["success"] for one in answer.json["data"]] == [True, True, False, False, True, False]
    assert [kind for _lead, kind, _source in signals(db)] == ["downloaded", "visited"]
    assert post("/batch", batch=[]).status_code == 422


def test_the_key_may_come_as_clients_of_the_specification_send_it(client: FlaskClient, post: Call) -> None:
    said = {"userId": "u-1", "traits": {"email": ANNA}}
    key = post.key  # type: ignore[attr-defined]
    assert client.post("/api/v1/identify", json=said, auth=(key, "")).status_code == 200
    assert client.post("/api/v1/identify", json=said, auth=("nk_x.y", "")).status_code == 401
    wrong = {"Authorization": "Basic %%%"}
    assert client.post("/api/v1/identify", json=said, headers=wrong).status_code == 401


def test_whoever_is_identified_becomes_a_lead_and_is_known_by_those_names(post: Call, db: Session) -> None:
    number = identified(post)
    lead = db.execute(text("SELECT email, first_name, fields FROM lead WHERE id = :id"), {"id": number}).one()
    assert tuple(lead) == (ANNA, "Anna", {"plan": "trial"})
    again = post("/identify", userId="u-17", traits={"lastName": "Weber"})
    assert again.json["lead_id"] == number
    assert post("/track", anonymousId="a-1", event="Pricing Viewed").json["lead_id"] == number


def test_what_the_identified_do_becomes_signals_once_a_message(post: Call, db: Session) -> None:
    number = identified(post)
    message = {"userId": "u-17", "event": "Order Completed", "properties": {"total": 90}, "messageId": "m-1"}
    first, second = post("/track", **message), post("/track", **message)
    assert first.json["signal_id"] is not None
    assert second.json["signal_id"] is None
    page = post("/page", userId="u-17", name="Prices", properties={"url": "https://shop.example/prices"})
    assert page.status_code == 200, page.text
    assert signals(db) == [(number, "order_completed", "segment"), (number, "visited", "segment")]


def test_nobody_unknown_gets_a_signal(post: Call, db: Session) -> None:
    ages = {"timestamp": "0002-01-01T00:00:00Z", "sentAt": "9999-12-31T00:00:00Z"}
    assert post("/track", anonymousId="a-1", event="Signed Up", **ages).status_code == 422
    assert post("/track", userId="nobody", event="Signed Up").json["lead_id"] is None
    assert post("/track", event="Signed Up").status_code == 422
    assert post("/track", userId="u-17", event="???").status_code == 422
    assert post("/identify", userId="u-18", traits={}).status_code == 422
    assert signals(db) == []


def test_an_erased_person_is_known_by_no_name(post: Call, client: FlaskClient, runtime: Runtime) -> None:
    number = identified(post)
    with runtime.sessions.begin() as session:
        erase_lead(
            session, number, pepper=runtime.pepper, home=runtime.settings.home, now=runtime.now(), by="test"
        )
    assert post("/track", userId="u-17", event="Signed Up").status_code == 404


def test_what_somebody_did_without_a_name_is_the_leads_once_it_is_identified(post: Call, db: Session) -> None:
    said = {"anonymousId": "a-1", "context": {"userAgent": FIREFOX}}
    looked = {"url": "https://shop.example/prices?token=x", "title": "Prices", "path": "/prices"}
    for _twice in range(2):
        page = post("/page", **said, properties=looked, messageId="m-1")
        assert (page.status_code, page.json["lead_id"]) == (200, None), page.text
    assert post("/track", anonymousId="a-1", event="File Downloaded", messageId="m-2").json["success"]
    robot = {"anonymousId": "a-1", "context": {"userAgent": "Googlebot/2.1"}}
    assert post("/track", **robot, event="Pricing Viewed").status_code == 200
    assert post("/track", anonymousId="a-2", event="Demo Requested").json["lead_id"] is None
    assert signals(db) == []
    number = identified(post)
    assert signals(db) == [(number, "downloaded", "website"), (number, "visited", "website")]
    data = db.scalar(text("SELECT data FROM signal WHERE kind = 'visited'"))
    assert (data["url"], data["title"]) == ("https://shop.example/prices", "Prices")
    identified(post)
    assert len(signals(db)) == 2


def test_a_message_that_is_sent_again_once_its_sender_is_known_counts_once(post: Call, db: Session) -> None:
    said = {"anonymousId": "a-1", "event": "File Downloaded", "messageId": "m-1"}
    assert post("/track", **said).json["lead_id"] is None
    number = identified(post)
    assert post("/track", **said).json == {"success": True, "lead_id": number, "signal_id": None}
    named = {"userId": "u-17", "event": "File Downloaded", "messageId": "m-1"}
    assert post("/track", **named).json["signal_id"] is None
    assert signals(db) == [(number, "downloaded", "website")]


def test_an_event_in_russian_is_taken_and_told_by_its_name(post: Call, db: Session) -> None:
    post("/identify", userId="u-5", traits={"email": ANNA, "Любимый цвет": "синий", "Город": "Пермь"})
    assert post("/identify", userId="u-5", traits=None).status_code == 200
    track = post("/track", userId="u-5", event="Заказ оформлен", properties=None)
    assert track.status_code == 200, track.text
    assert post("/signals", email=ANNA, kind="заказ_оформлен").status_code == 201
    refused = post("/signals", email=ANNA, kind="Заказ оформлен")
    assert refused.json["errors"] == {
        "kind": ["A kind is written in small letters, digits and _, beginning with a letter: event_attended."]
    }
    assert {kind for _lead, kind, _source in signals(db)} == {"заказ_оформлен"}
    assert len(signals(db)) == 2
    assert db.scalar(text("SELECT fields FROM lead")) == {"любимый_цвет": "синий", "город": "Пермь"}
    model = read({**RAW, "signals": {**RAW["signals"], "заказ_оформлен": {"weight": 5}}})
    assert "заказ_оформлен" in {rule.kind for rule in model.rules}


def test_an_unknown_user_at_the_browser_of_a_known_lead_is_not_that_lead(post: Call, db: Session) -> None:
    identified(post)
    colleague = {"userId": "u-99", "anonymousId": "a-1"}
    assert post("/track", **colleague, event="Signed Up").json["lead_id"] is None
    assert post("/page", **colleague, properties={"email": ANNA}).json["lead_id"] is None
    assert signals(db) == []


def test_an_address_is_enough_to_be_found(post: Call, db: Session) -> None:
    number = identified(post)
    assert post("/track", userId=ANNA, event="File Downloaded").json["lead_id"] == number
    context = {"traits": {"email": ANNA}}
    assert post("/page", anonymousId="new", context=context).json["lead_id"] == number


def test_names_of_events_become_kinds() -> None:
    assert kind_of("Product Viewed") == "viewed_product"
    assert kind_of("trialStarted") == "trial_started"
    assert kind_of("  42 ") is None
    assert kind_of("Заказ оформлен") == kind_of("заказОформлен") == "заказ_оформлен"
    assert kind_of("Angebot geöffnet") != kind_of("Angebot geeffnet")
    assert len(kind_of("x" * 200) or "") == 64
    assert kind_of("x" * 200) != kind_of("x" * 201)
    assert answers_of({"name": "Ada Lind", "title": "CTO", "company": "Lind"}) == {
        "role": "CTO", "first_name": "Ada", "last_name": "Lind", "company": "Lind",
    }  # fmt: skip


def test_a_call_is_entered_and_counts_when_it_was_the_lead_who_called(
    post: Call, db: Session, runtime: Runtime, clock: StandingClock
) -> None:
    publish(runtime.sessions)
    number = identified(post)
    called = post(f"/leads/{number}/touches", kind="call", note="asked about pumps")
    assert called.status_code == 201, called.text
    assert post(f"/leads/{number}/touches", kind="call", direction="out").status_code == 201
    at = (clock.moment - timedelta(days=3)).isoformat()
    assert post(f"/leads/{number}/touches", kind="business_card", at=at).status_code == 201
    assert post(f"/leads/{number}/touches", kind="note", note="call back in May").status_code == 201
    rate(runtime.sessions, now=clock.moment)
    counted = db.execute(
        text("SELECT touches_in, touches_out FROM lead WHERE id = :id"), {"id": number}
    ).one()
    assert tuple(counted) == (2, 1)
    assert [kind for _lead, kind, _source in signals(db)] == ["business_card", "called", "note", "phoned"]


def test_what_was_told_by_mistake_is_taken_back_as_if_it_had_never_been(
    post: Call, client: FlaskClient, db: Session, runtime: Runtime, clock: StandingClock
) -> None:
    publish(runtime.sessions)
    number = identified(post)

    def take_back(signal: object) -> int:
        key = {"Authorization": f"Bearer {post.key}"}  # type: ignore[attr-defined]
        return client.delete(f"/api/v1/signals/{signal}", headers=key).status_code

    reply = {"lead_id": number, "kind": "replied", "key": "mail-1"}
    told = [
        post(f"/leads/{number}/touches", kind="call", direction="out").json["id"],
        post(f"/leads/{number}/touches", kind="business_card").json["id"],
        post("/signals", **reply).json["id"],
    ]
    rate(runtime.sessions, now=clock.moment)
    late = post(f"/leads/{number}/touches", kind="call").json["id"]
    counted = text("SELECT touches_in, touches_out, temperature FROM lead WHERE id = :id")
    assert tuple(db.execute(counted, {"id": number}).one()) == (2, 1, "warm")
    db.rollback()
    for signal in [*told, late, told[0]]:
        assert take_back(signal) == 204
    assert post("/signals", **reply).json["new"] is False
    rate(runtime.sessions, now=clock.moment)
    assert tuple(db.execute(counted, {"id": number}).one()) == (0, 0, "cold")
    taken = "SELECT count(*) FROM audit_entry WHERE action = 'lead.signal_taken_back'"
    assert db.execute(text(taken)).scalar() == 4
    db.execute(text("UPDATE signal SET source = 'tracking' WHERE id = :id"), {"id": late})
    db.commit()
    assert take_back(late) == 409
    assert take_back("0190a000-0000-7000-8000-000000000000") == 404


def test_nothing_happened_before_the_first_year_of_computers(post: Call, db: Session) -> None:
    number = identified(post)
    for at in ("0001-01-01T00:00:00+14:00", "1960-01-01T00:00:00Z"):
        lead = {"lead_id": number, "kind": "called"}
        assert post("/signals", **lead, occurred_at=at).status_code == 422
        assert post(f"/leads/{number}/touches", kind="call", at=at).status_code == 422
        refused = post("/track", anonymousId="somebody", event="Looked", timestamp=at)
        assert (refused.status_code, list(refused.json["errors"])) == (422, ["timestamp"])
        consent = {"lead_id": number, "purpose": "marketing", "granted": True, "proof": "told", "at": at}
        assert list(post("/consents", **consent).json["errors"]) == ["at"]
    for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert list(post("/events", name="Dinner", starts_at=at).json["errors"]) == ["starts_at"]
    assert signals(db) == []


def test_a_touch_needs_a_lead_a_kind_and_a_past(post: Call, clock: StandingClock) -> None:
    number = identified(post)
    later = (clock.moment + timedelta(days=1)).isoformat()
    assert post("/leads/987654/touches", kind="call").status_code == 404
    assert post(f"/leads/{number}/touches", kind="telepathy").status_code == 422
    assert post(f"/leads/{number}/touches", kind="business_card", direction="out").status_code == 422
    assert post(f"/leads/{number}/touches", kind="call", at=later).status_code == 422


def test_a_marketer_sees_who_was_behind_a_click_and_overrules_it(
    post: Call, client: FlaskClient, db: Session, runtime: Runtime, clock: StandingClock
) -> None:
    publish(runtime.sessions)
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    seen = clicked(delivery, mailing, ua="curl/8.5.0")
    with streams(runtime) as work:

        def turn() -> None:
            while sum(one.serve(clock.moment) for one in work):
                pass

        runtime.redis.xadd("nurture:hits", {"h": hits.write(seen)})
        turn()
        answer = post(f"/hits/{seen.id}/verdict", verdict="human", reason="her script, she says")
        assert (answer.status_code, answer.json["changed"]) == (200, True)
        turn()
    headers = {"Authorization": f"Bearer {post.key}"}  # type: ignore[attr-defined]
    shown = client.get(f"/api/v1/deliveries/{delivery}", headers=headers).json
    assert [(hit["verdict"], hit["reasons"]) for hit in shown["hits"]] == [
        ("human", ["her script, she says"])
    ]
    assert shown["clicked_at"] is not None
    assert [kind for _lead, kind, _source in signals(db)] == ["clicked"]
    assert post("/hits/0196b7a0-0000-7000-8000-000000000000/verdict", verdict="human").status_code == 404


def test_a_pattern_is_made_listed_and_ended(post: Call, client: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {post.key}"}  # type: ignore[attr-defined]
    said = {"field": "ip", "pattern": "198.51.100.7/24", "verdict": "machine", "reason": "our agency"}
    made = post("/verdict_patterns", **said)
    assert (made.status_code, made.json["pattern"]) == (201, "198.51.100.0/24"), made.text
    assert post("/verdict_patterns", **(said | {"pattern": "everybody"})).status_code == 422
    address = f"/api/v1/verdict_patterns/{made.json['id']}"
    assert client.delete(address, headers=headers).status_code == 204
    assert client.delete(address, headers=headers).status_code == 404
    [one] = client.get("/api/v1/verdict_patterns", headers=headers).json["data"]
    assert (one["reason"], one["ended_at"] is not None) == ("our agency", True)
