"""Every address that changes something leaves a line in the audit log, or is exempt with its reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from nurture import flows
from nurture.files.yaml_lines import Faults
from nurture.flows.keys import create_key
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.runtime import Runtime
from nurture.store import audit
from nurture.store.audit import Wanted
from nurture.web import audit_words
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.web import audit_campaigns, audit_house, audit_leads, audit_people, audit_rooms, audit_sales
from tests.web.audit_exempt import EXEMPT
from tests.web.audit_house import COMPANY
from tests.web.audit_walk import Walk
from tests.web.conftest import PASSWORD, SignIn

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def walk(app: Flask, runtime: Runtime, sign_in: SignIn) -> Iterator[Walk]:
    admin = sign_in("admin")
    with runtime.sessions.begin() as session:
        key = create_key(session, "CRM", "admin", now=runtime.now())
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=False, now=TUESDAY, by="test")
    walk = Walk(app, runtime, admin, key)
    lead = {"email": "anna@weber.example", "consent": {"marketing": True, "proof": "at the fair"}}
    headers = {"Authorization": f"Bearer {key}"}
    for number in (1, 2, 3):
        lead["email"] = f"anna{number}@weber.example"
        assert app.test_client().post("/api/v1/leads", json=lead, headers=headers).status_code == 201
    yield walk


def test_whatever_changes_something_leaves_a_line(
    walk: Walk, app: Flask, sign_in: SignIn, watch: StandingClock
) -> None:
    for room in (
        audit_house.sending,
        audit_campaigns.demo,
        audit_campaigns.programs,
        audit_campaigns.segments,
        audit_campaigns.newsletters,
        audit_campaigns.webhooks,
        audit_leads.imports,
        audit_leads.leads,
        audit_leads.sources_and_tags,
        audit_sales.handoffs,
        audit_sales.sales,
        audit_sales.verdicts,
    ):
        room(walk)
    for room in audit_rooms.ROOMS:
        room(walk)
    audit_house.settings(walk)
    audit_house.mail(walk)
    audit_house.jobs(walk)
    audit_people.users(walk)
    audit_people.users_by_the_api(walk)
    audit_people.own_account(walk, sign_in, watch)
    audit_people.coming_in(walk)
    changing = {rule.endpoint for rule in app.url_map.iter_rules() if CHANGING & (rule.methods or set())}
    assert changing - walk.seen - set(EXEMPT) == set(), "these leave no line and give no reason"
    assert set(EXEMPT) - changing == set(), "there are no such addresses"
    assert walk.seen & set(EXEMPT) == set(), "these leave a line after all"


def test_every_action_that_is_written_down_has_words() -> None:
    written = set()
    for file in Path(flows.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            name = getattr(
                getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", "")
            )
            if isinstance(node, ast.Call) and name in ("audit", "_audit", "_fresh_codes"):
                written |= {
                    arg.value for arg in node.args if isinstance(arg, ast.Constant) and "." in str(arg.value)
                }
    assert written > {"key.created", "second_factor.on", "program.published"}
    assert written - set(audit_words.ACTIONS) == set()
    assert {action.partition(".")[0] for action in audit_words.ACTIONS} <= set(audit_words.KINDS)


def test_no_line_holds_an_address_or_a_secret(walk: Walk) -> None:
    walk.page("installation.changed", "/settings", **COMPANY)
    audit_campaigns.newsletters(walk)
    audit_people.users(walk)
    with walk.runtime.sessions() as session:
        lines = [f"{row.subject} {row.detail}" for row in audit.all_of(session, Wanted())]
    assert not [line for line in lines if "@" in line or PASSWORD in line or "nk_" in line]
