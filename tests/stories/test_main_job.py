"""The main job, from a file of leads to a signed "lead is hot" at sales and the answer back."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from standardwebhooks import Webhook

from nurture.flows.keys import create_key
from nurture.runtime import Runtime
from tests.clock import StandingClock
from tests.sinks import SmtpSink, WebhookSink
from tests.stories.main_job import JONAS, KATRIN, LEADS, MIRA, at_work, bring_in, listen, of_type, publish
from tests.stories.world import World, leaves, never_reads, reads_all


@pytest.fixture
def world(runtime: Runtime, clock: StandingClock, smtp_sink: SmtpSink) -> Iterator[World]:
    with at_work(runtime, clock, smtp_sink) as world:
        yield world


def count(world: World, query: str, **values: object) -> int:
    with Session(world.runtime.engine) as session:
        return int(session.scalar(text(query), values) or 0)


def value(world: World, query: str, **values: object) -> object:
    with Session(world.runtime.engine) as session:
        return session.scalar(text(query), values)


def test_from_a_file_of_leads_to_a_hot_lead_at_sales_and_the_answer_back(
    world: World, webhook_sink: WebhookSink, tmp_path: Path
) -> None:
    secret = listen(world, webhook_sink)
    publish(world)
    result = bring_in(world, LEADS, tmp_path, consent="marketing", source="Trade fair")
    assert (result.read, result.new, result.duplicates, sum(result.bad.values())) == (5, 3, 1, 1)
    assert result.mailable == 3
    assert result.bad_rows is not None
    assert "not-an-address" in result.bad_rows.read_text()

    world.readers = {KATRIN: reads_all, JONAS: never_reads, MIRA: leaves}
    world.live(weeks=12, until=lambda: bool(of_type(webhook_sink, "lead.hot")))

    hot = of_type(webhook_sink, "lead.hot")
    assert len(hot) == 1
    body = json.loads(hot[0].body)["data"]
    Webhook(secret).verify(hot[0].body.decode(), hot[0].headers)
    assert body["lead"]["email"] == KATRIN
    assert body["temperature"] == "hot"
    assert body["grade"] in ("A", "B")
    assert body["readiness"]["score"] >= body["readiness"]["rise"]
    assert sum(reason["points"] for reason in body["readiness"]["reasons"]) == pytest.approx(
        body["readiness"]["score"], abs=0.05
    )
    assert 5 <= len(body["recent_signals"]) <= 10

    warmed = [
        (row.old, row.new)
        for row in _rows(
            world, "SELECT old, new FROM temperature_change WHERE lead_id = :id ORDER BY id", KATRIN
        )
    ]
    assert warmed[:2] == [("cold", "warm"), ("warm", "hot")]
    chains = _rows(
        world,
        "SELECT c.temperature FROM enrollment e JOIN chain c ON c.id = e.chain_id"
        " WHERE e.lead_id = :id ORDER BY e.id",
        KATRIN,
    )
    assert [row.temperature for row in chains][:3] == ["cold", "warm", "hot"]
    assert value(world, "SELECT stage FROM lead WHERE email_norm = :e", e=KATRIN) == "sales_ready"

    _sales_answers_by_api(world, body["handoff_id"])
    assert value(world, "SELECT stage FROM lead WHERE email_norm = :e", e=KATRIN) == "opportunity"
    before = len(world.letters_to(KATRIN))
    world.live(weeks=4)
    assert len(world.letters_to(KATRIN)) == before, "the goal is met: no more chain mails"

    _sales_answers_by_link(world, body["answer_url"])
    world.work()
    assert value(world, "SELECT stage FROM lead WHERE email_norm = :e", e=KATRIN) == "customer"
    assert len(of_type(webhook_sink, "lead.hot")) == 1

    assert len(world.letters_to(MIRA)) == 1, "one click, and nothing more is sent"
    assert value(world, "SELECT temperature FROM lead WHERE email_norm = :e", e=JONAS) == "cold"
    assert len(world.letters_to(JONAS)) >= 4
    _every_number_agrees_with_the_rows(world)


def _sales_answers_by_api(world: World, handoff_id: int) -> None:
    with world.runtime.sessions.begin() as session:
        key = create_key(session, "CRM", "sales", now=world.clock.moment)
    at = (world.clock.moment + timedelta(days=5)).isoformat().replace("+00:00", "Z")
    answer = world.door.post(
        f"/api/v1/handoffs/{handoff_id}/outcome",
        json={"outcome": "meeting", "at": at},
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200, answer.text


def _sales_answers_by_link(world: World, answer_url: str) -> None:
    answer = world.door.post(
        urlsplit(answer_url).path, json={"outcome": "won", "amount": 18_000, "currency": "EUR"}
    )
    assert answer.status_code == 200, answer.text


def _rows(world: World, query: str, email: str) -> list[object]:
    with Session(world.runtime.engine) as session:
        lead_id = session.scalar(text("SELECT id FROM lead WHERE email_norm = :e"), {"e": email})
        return list(session.execute(text(query), {"id": lead_id}))


def _every_number_agrees_with_the_rows(world: World) -> None:
    sent = count(world, "SELECT count(*) FROM delivery WHERE state = 'sent'")
    assert sent == len(world.letters)
    assert sent == count(world, "SELECT sum(n) FROM step_count WHERE what = 'sent'")
    assert sent == count(world, "SELECT count(DISTINCT dedup_key) FROM delivery WHERE state = 'sent'")
    for what, column in (("opened", "opened_at"), ("clicked", "clicked_at")):
        counted = count(world, "SELECT sum(n) FROM step_count WHERE what = :what", what=what)
        assert counted == count(world, f"SELECT count(*) FROM delivery WHERE {column} IS NOT NULL")
    clicks = count(world, "SELECT count(*) FROM hit WHERE kind = 'click' AND verdict = 'human'")
    assert clicks == count(world, "SELECT count(*) FROM signal WHERE kind = 'clicked'")
    assert count(world, "SELECT count(*) FROM unrated_signal") == 0
    assert count(world, "SELECT count(*) FROM signal_default") == 0
