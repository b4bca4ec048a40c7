"""The main job again, this time from outside: processes, HTTP and the terminal, nothing else.

Virtual time starts on a Tuesday at ten and runs four hours a second.
"""

import json
import re
import shutil
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from standardwebhooks import Webhook

from tests.sinks import WebhookSink
from tests.stories.office import ADA, BROWSER, PASSWORD, Office, links, wait_until

pytestmark = pytest.mark.xdist_group("embedded")

KATRIN, JONAS, MIRA = (f"{name}@kessler.example" for name in ("katrin", "jonas", "mira"))
LEADS = f"""email,first_name,last_name,company,company_size,role
{KATRIN},Katrin,Vogel,Kessler Antriebe GmbH,340,Head of operations
{JONAS},Jonas,Größe,Kessler Antriebe GmbH,340,Buyer
{MIRA},Mira,Aydın,Werk Süd,25,Owner
nobody,No,Body,,,
"""


_CLOCK = {"NURTURE_CLOCK_START": "2026-03-03T10:00:00+00:00", "NURTURE_CLOCK_SPEED": "14400"}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Office(tmp_path, **_CLOCK) as one:
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
    assert "3 leads and everything about them" in office.done("backup", str(tmp_path / "nurture.backup"))
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

    letters = [office.mail(one["id"]) for one in office.mails()]
    _people_make_mistakes(office, api)
    office.stop()
    _no_log_tells_who_or_how(office, letters, [key, endpoint.json()["secret"], str(data["answer_url"])])
    _it_lives_again_from_its_backup(office, letters, key, tmp_path)


def _people_make_mistakes(office: Office, api: httpx.Client) -> None:
    """Whatever goes wrong is logged, too."""
    wrong = {"email": KATRIN, "password": "katrins own secret"}
    stranger = httpx.Client(base_url=office.web.base_url, headers=BROWSER, timeout=20)
    form = stranger.get("/sign-in").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert stranger.post("/sign-in", data={**wrong, "csrf_token": form}).status_code == 422
    assert api.post("/leads", json={"email": f"{KATRIN} and more"}).status_code == 422
    assert api.post("/leads", json={"email": "late@kessler.example", "phone": "+49 171 5550199"}).is_success
    assert (
        httpx.get(f"{api.base_url}leads", headers={"Authorization": "Bearer nk_0.wrong"}).status_code == 401
    )
    assert office.nurture("erase", "nobody@kessler.example", "--yes").returncode == 1
    stranger.close()


def _no_log_tells_who_or_how(office: Office, letters: list[EmailMessage], told_once: list[str]) -> None:
    """Grep everything that all processes wrote for every address, link, key and password that was used."""
    kept = {file.name: file.read_text(errors="replace") for file in (office.home / "log").iterdir()}
    assert {"web.log", "pump-1.log", "scheduler.log", "long.log"} <= set(kept)
    assert sum(map(len, kept.values())) > 2_000, "they did write"
    kept["the terminal"] = re.sub(r"token=\S+", "", office.block)  # the set-up link is for whoever sits there
    tokens = [link.rpartition("/")[2] for one in letters for door in "cou" for link in links(one, door)]
    secrets = [
        *(KATRIN, JONAS, MIRA, ADA, "late@kessler.example", "5550199", "Katrin", "Vogel", "Größe"),
        *(PASSWORD, "katrins own secret", "nk_0.wrong"),
        *told_once,
        *(token for token in tokens if token),
        *(office.home / "secrets" / "keys").read_text().split(),
        (office.home / "pepper" / "suppression").read_text().strip(),
    ]
    assert len(secrets) > 40
    found = [(name, one) for name, text in kept.items() for one in secrets if one.lower() in text.lower()]
    assert found == []


def _it_lives_again_from_its_backup(
    first: Office, letters: list[EmailMessage], key: str, folder: Path
) -> None:
    """In another home: keys and links go on working, and nobody gets a mail that they have got."""
    second = Office(folder / "second", **{name: first.env[name] for name in _CLOCK})
    second.home.mkdir(parents=True)
    shutil.copy(first.home / "clock.json", second.home)
    assert "3 leads are back" in second.done("restore", str(folder / "nurture.backup"))
    with second:
        assert second.api(key).get("/leads", params={"q": KATRIN}).json()["data"]
        mine = next(str(one["list-unsubscribe"]) for one in letters if one["list-unsubscribe"]).strip("<>")
        assert second.web.get(urlsplit(mine).path).status_code == 200
        wait_until(lambda: len(second.mails()) > 0, "a mail of the second life")
        again = [second.mail(one["id"]) for one in second.mails()]
    got = {(str(one["to"]), str(one["subject"])) for one in letters}
    assert got & {(str(one["to"]), str(one["subject"])) for one in again} == set()
