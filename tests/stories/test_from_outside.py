"""The main job again, this time from outside: processes, HTTP and the terminal, nothing else.

Virtual time starts on a Tuesday at ten and runs four hours a second.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from tests.sinks import WebhookSink
from tests.stories.office import Office, links, wait_until

pytestmark = pytest.mark.xdist_group("embedded")

KATRIN, JONAS, MIRA = (f"{name}@kessler.example" for name in ("katrin", "jonas", "mira"))
LEADS = f"""email,first_name,last_name,company,company_size,role
{KATRIN},Katrin,Vogel,Kessler Antriebe GmbH,340,Head of operations
{JONAS},Jonas,Größe,Kessler Antriebe GmbH,340,Buyer
{MIRA},Mira,Aydın,Werk Süd,25,Owner
nobody,No,Body,,,
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    virtual = {"NURTURE_CLOCK_START": "2026-03-03T10:00:00+00:00", "NURTURE_CLOCK_SPEED": "14400"}
    with Office(tmp_path, **virtual) as one:
        yield one


def hot(sink: WebhookSink) -> list[dict[str, object]]:
    bodies = [json.loads(post.body) for post in sink.posts]
    return [body["data"] for body in bodies if body["type"] == "lead.hot"]


def test_two_commands_and_a_browser_do_the_whole_job(
    office: Office, webhook_sink: WebhookSink, tmp_path: Path
) -> None:
    office.set_up()
    assert office.press("/", "/sending/live").status_code == 302
    key = office.nurture("key", "create", "CRM", "--role", "admin").stdout.strip().splitlines()[-1]
    api = office.api(key)
    endpoint = api.post("/webhook_endpoints", json={"url": webhook_sink.url, "types": []})
    assert endpoint.status_code == 201, endpoint.text

    assert office.nurture("campaigns", "check", "campaigns/consulting").returncode == 0
    loaded = office.nurture("campaigns", "load", "campaigns/consulting", "--publish")
    assert loaded.returncode == 0, loaded.stderr
    (tmp_path / "leads.csv").write_text(LEADS)
    imported = office.nurture(
        "leads", "import", str(tmp_path / "leads.csv"), "--consent", "marketing", "--source", "Fair", "--json"
    )
    assert imported.returncode == 0, imported.stderr

    read: set[object] = set()

    def katrin_reads_and_mira_leaves() -> None:
        for one in office.mails():
            if one["id"] in read:
                continue
            read.add(one["id"])
            message = office.mail(one["id"])
            if message["to"].addresses[0].addr_spec == KATRIN:
                assert office.web.get(links(message, "o")[0]).status_code == 200
                for link in links(message, "c")[:2]:
                    assert office.web.get(link).status_code == 302
            elif message["to"].addresses[0].addr_spec == MIRA:
                unsubscribe = str(message["list-unsubscribe"]).strip("<>")
                gone = office.web.post(unsubscribe, data={"List-Unsubscribe": "One-Click"})
                assert gone.status_code == 200

    wait_until(lambda: bool(hot(webhook_sink)), "a lead.hot webhook", katrin_reads_and_mira_leaves)
    data = hot(webhook_sink)[0]
    assert data["lead"]["email"] == KATRIN  # type: ignore[index]
    post = next(post for post in webhook_sink.posts if json.loads(post.body)["type"] == "lead.hot")
    Webhook(endpoint.json()["secret"]).verify(post.body.decode(), post.headers)

    answer = httpx.post(str(data["answer_url"]), json={"outcome": "accepted"}, timeout=20)
    assert answer.status_code == 200, answer.text
    outcome = api.post(
        f"/handoffs/{data['handoff_id']}/outcome", json={"outcome": "meeting", "at": "2026-12-01T09:00:00Z"}
    )
    assert outcome.status_code == 200, outcome.text
    lead = api.get("/leads", params={"q": KATRIN}).json()["data"][0]
    assert lead["stage"] == "opportunity"

    office.nurture("stop-sending")
    time.sleep(2)
    assert len([one for one in office.mails() if MIRA in one["to"]]) == 1
    assert len(hot(webhook_sink)) == 1
    sent = api.get("/deliveries", params={"state": "sent", "limit": 500}).json()["data"]
    assert len(sent) == len(office.mails())

    began = time.monotonic()
    office.stop()
    assert time.monotonic() - began < 25
