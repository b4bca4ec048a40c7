"""A page asks the database a fixed number of questions, whatever it lists and however long the list is."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from nurture.files.yaml_lines import Faults
from nurture.flows.keys import create_key
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.runtime import Runtime
from tests.browser.company import CAMPAIGNS
from tests.conftest import TUESDAY
from tests.web.attacks.town import FORM
from tests.web.conftest import SignIn
from tests.web.lists import lists

FEW, MANY = range(1, 4), range(4, 13)
# Pages of one thing that has many others under it: the contacts of a company, the guests of an event.
UNDER = (
    "/leads/1", "/leads/1?only=mails", "/leads/1/why", "/companies/1", "/events/1", "/events/1/check-in",
    "/programs/1", "/programs/1/edit", "/programs/1/edit/mails", "/programs/1/plan", "/programs/1/versions",
    "/programs/1/statistics", "/programs/1/simulations", "/chains/1", "/chains/1/statistics", "/forms/1",
    "/segments/1", "/sources/1", "/webhooks/1", "/webhooks/messages", "/fields", "/models/potential",
    "/models/readiness", "/models/approvals", "/models/target", "/deliveries/1", "/handoffs/1",
    "/handoffs?show=closed", "/settings/users/1", "/newsletters/1",
    "/calendar/2026-03-04?chain=1&step=welcome",
)  # fmt: skip
# What happens rather than being made: said straight to the tables.
_HAPPENED = (
    """
    INSERT INTO delivery (dedup_key, purpose, lead_id, mail_version_id, state, due_at, created_at, sent_at)
    SELECT 'cost:' || :n, 'chain', :n, min(id), (ARRAY['sent', 'failed', 'uncertain'])[1 + :n % 3], :at, :at,
        :at FROM mail_version
    """,
    """
    INSERT INTO handoff (lead_id, ripening_no, model_id, cause, state, score, rise, reasons, temperature,
        heat, bant, ready_at, released_at, owner_id)
    SELECT :n, 1, m.id, 'threshold', (ARRAY['released', 'accepted', 'won'])[1 + :n % 3], 62, 60, '[]', 'hot',
        55, '{}', :at, :at, 1 FROM heat_model m WHERE m.key = 'default'
    """,
    """
    INSERT INTO webhook_message (id, type, dedup_key, body, created_at)
    VALUES ('msg_cost' || :n, 'lead.hot', 'cost:' || :n, '{}', :at)
    """,
    """
    INSERT INTO webhook_post (message_id, endpoint_id, due_at)
    SELECT 'msg_cost' || :n, id, :at FROM webhook_endpoint
    """,
    "INSERT INTO lead_import (filename, state, created_at) VALUES ('fair ' || :n || '.csv', 'done', :at)",
    """
    INSERT INTO lead_duplicate (lead_id, other_id, reason, found_at)
    VALUES (:n, :n + 100, 'phone', :at)
    """,
    """
    INSERT INTO signal (id, received_at, lead_id, kind, occurred_at, source)
    VALUES (gen_random_uuid(), :at, 1, 'visited', :at, 'api')
    """,
)


@pytest.fixture
def make(app: Flask, runtime: Runtime) -> Callable[[int], None]:
    """One more of everything, by the API wherever it can be made there."""
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
        headers = {"Authorization": f"Bearer {create_key(session, 'cost', 'admin', now=TUESDAY)}"}
        # The twins of the leads, out of the way of their numbers.
        session.execute(
            text(
                "INSERT INTO lead (id, first_name, stage_since, temperature_since, created_at, updated_at)"
                " SELECT 100 + n, 'Twin ' || n, :at, :at, :at, :at FROM generate_series(1, 20) n"
            ),
            {"at": TUESDAY},
        )
    client = app.test_client()

    def one_more(n: int) -> None:
        def call(path: str, **body: Any) -> None:
            answer = client.post(f"/api/v1{path}", json=body, headers=headers)
            assert answer.status_code < 300, f"{path}: {answer.text}"

        lead = {"email": f"anna{n}@weber.example", "company": "Weber", "tags": [f"tag-{n}", "fair"]}
        call("/leads", **lead, source=f"Source {n}", consent={"marketing": True})
        call("/leads/1/touches", kind="call", direction="in", note=f"The {n}th call.")
        call("/companies", name=f"Firm {n}")
        call("/segments", name=f"Warm {n}", condition={"temperature": "warm"})
        call("/sources", name=f"Fair {n}")
        call("/newsletters", name=f"News {n}", subject="News", body="Hello.")
        call("/events", name=f"Breakfast {n}", starts_at="2026-05-01T08:00:00Z")
        call("/events/1/guests", email=f"guest{n}@weber.example")
        call("/forms", key=f"form-{n}", name=f"Form {n}", **FORM)
        call("/programs", key=f"more-{n}", name=f"More {n}", like=1)
        call("/programs/1/simulate", leads=10 * n, days=30)
        call("/fields", label=f"Field {n}")
        call("/suppressions", email=f"out{n}@weber.example")
        call("/blocked_domains", domain=f"out{n}.example")
        call("/verdict_patterns", field="ip", pattern=f"198.51.100.{n}/32", verdict="machine")
        call("/domains", name=f"news{n}.example")
        call(
            "/transports",
            kind="smtp",
            name=f"Way {n}",
            settings={"host": "10.0.0.1", "port": 9, "tls": "off"},
        )
        call("/users", email=f"user{n}@kessler-ohm.example", name="U", role="sales", password="a" * 20)
        call("/invitations", email=f"invited{n}@kessler-ohm.example", role="viewer")
        call("/keys", name=f"Key {n}", role="viewer")
        call("/teams", name=f"Team {n}")
        call("/routing_rules", name=f"Rule {n}", condition={"temperature": "hot"}, user_id=1)
        call("/absences", user_id=1, from_day=f"2027-01-{n:02}", until_day=f"2027-01-{n:02}")
        call("/website/sites", host=f"www{n}.weber.example")
        call("/website/rules", pattern=f"/prices/{n}", kind="visited")
        call("/webhook_endpoints", url=f"https://crm{n}.example.com/hook", types=["lead.hot"])
        with runtime.sessions.begin() as session:
            for statement in _HAPPENED:
                session.execute(text(statement), {"n": n, "at": TUESDAY})

    return one_more


def test_no_page_asks_more_for_a_longer_list(
    app: Flask, sign_in: SignIn, runtime: Runtime, make: Callable[[int], None]
) -> None:
    client = sign_in("admin")
    for n in FEW:
        make(n)
    pages = [*lists(app), *UNDER]
    assert len(pages) > 55

    few = {address: asked(runtime, client, address) for address in pages}
    for n in MANY:
        make(n)
    many = {address: asked(runtime, client, address) for address in pages}

    grown = [address for address in pages if len(few[address]) != len(many[address])]
    assert {address: _more(few[address], many[address]) for address in grown} == {}


def asked(runtime: Runtime, client: Any, address: str) -> list[str]:
    """The statements of this page, once it is warm, by what they begin with."""
    assert client.get(address).status_code == 200, address
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(" ".join(statement.split())[:300])

    event.listen(runtime.engine, "before_cursor_execute", note)
    assert client.get(address).status_code == 200, address
    event.remove(runtime.engine, "before_cursor_execute", note)
    return seen


def _more(few: list[str], many: list[str]) -> list[str]:
    """What is asked more often than before."""
    return sorted({one for one in many if many.count(one) != few.count(one)})
