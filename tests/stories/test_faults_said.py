"""What goes wrong outside is said in a sentence where a person looks, and nothing is lost by it."""

import json
import logging
import re
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import httpx
import pytest

from tests.sinks import WebhookSink, free_port
from tests.stories.office import Office, wait_until
from tests.stories.waves import SlowSink, Wave, publish_letter

pytestmark = [
    pytest.mark.xdist_group("embedded"),
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"),
]

log = logging.getLogger(__name__)
RIGHT, WRONG = ("ada", "the right password"), ("ada", "another one")


@pytest.fixture(scope="module")
def sink() -> Iterator[SlowSink]:
    """A mail server that insists on a login."""
    with SlowSink(RIGHT) as one:
        yield one


@pytest.fixture(scope="module")
def office(sink: SlowSink, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("said")
    settings = {
        "NURTURE_SMTP_URL": sink.url,
        "NURTURE_LIVE": "1",
        "NURTURE_CLOCK_START": "2026-03-03T10:00:00+00:00",
        "NURTURE_CLOCK_SPEED": "60",
    }
    with Office(folder, **settings) as one:
        one.set_up()
        publish_letter(one, folder)
        yield one


# Two workers, each with up to four connections to the one server.
_CONNECTIONS = 8


def overview(office: Office) -> str:
    """The text of the overview, without its markup."""
    answer = office.web.get("/")
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def smtp_finding(office: Office) -> dict[str, str]:
    found = json.loads(office.nurture("doctor", "--json").stdout)
    return next(finding for finding in found if finding["part"] == "smtp")


def test_a_refused_login_holds_the_mails_back_until_it_is_right(
    office: Office, sink: SlowSink, tmp_path: Path
) -> None:
    sink.login = WRONG  # somebody has changed the password at the mail server
    sink.hang_up()
    wave = Wave(office, sink, "login", 40)
    wave.bring_in(tmp_path)
    wait_until(lambda: "Mails cannot go out" in overview(office), "a word on the overview", patience=30)
    sentence = re.search(r"The mail server \S+ refuses the login: 535 [^.]*", overview(office))
    assert sentence is not None
    finding = smtp_finding(office)
    assert finding["state"] == "fail"
    assert finding["sentence"].startswith(f"The mail server 127.0.0.1:{sink.port} refuses the login: 535")
    assert RIGHT[1] not in overview(office) + office.nurture("doctor").stdout + office.block
    assert wave.states() == {"ready": 40}
    assert office.number("SELECT max(attempt_no) FROM delivery") == 0, "nobody has tried a lead in vain"

    sink.login = RIGHT
    pause = wait_until(wave.settled, "the mails", patience=60)
    log.info("FIGURE with the right login all mails were out after %.1f s", pause)
    wave.each_once()
    wait_until(lambda: "Mails cannot go out" not in overview(office), "the overview clear", patience=10)
    assert smtp_finding(office)["state"] == "ok"


def test_a_mail_server_that_is_down_costs_time_and_no_mail(
    office: Office, sink: SlowSink, tmp_path: Path
) -> None:
    wave = Wave(office, sink, "down", 600)
    wave.bring_in(tmp_path)
    wave.grown_by(30)
    sink.close()
    wait_until(
        lambda: f"The mail server 127.0.0.1:{sink.port} cannot be reached" in overview(office),
        "a word on the overview", patience=30,
    )  # fmt: skip
    assert "cannot be reached" in smtp_finding(office)["sentence"]
    time.sleep(1)
    assert wave.states()["failed"] == 0

    sink.open()
    wait_until(wave.settled, "the mails", patience=60)
    uncertain = wave.states()["uncertain"]
    assert uncertain <= _CONNECTIONS  # on each, the one whose answer was cut off
    wave.each_once(uncertain)
    wait_until(lambda: "Mails cannot go out" not in overview(office), "the overview clear", patience=10)


def test_a_receiver_that_is_down_is_tried_again_in_sight_and_told_later(
    office: Office, tmp_path: Path
) -> None:
    api, port = office.api(), free_port()
    with WebhookSink() as sink:
        sink.script = lambda post: 500
        made = api.post("/webhook_endpoints", json={"url": sink.url, "types": ["lead.hot"]})
        assert made.status_code == 201
        lead = api.post("/leads", json={"email": "otto@kessler.example", "consent": {"marketing": True}})
        signal_ = {"email": "otto@kessler.example", "kind": "meeting_requested"}
        assert lead.is_success
        assert api.post("/signals", json=signal_).status_code == 201
        wait_until(lambda: len(sink.posts) >= 2, "two attempts", patience=30)

        [message] = hot(api)
        assert (message["delivered"], message["waiting"]) == (0, 1)
        [post] = api.get(f"/webhook_messages/{message['id']}").json()["posts"]
        assert [attempt["status"] for attempt in post["attempts"]][:2] == [500, 500]
        page = office.web.get(f"/webhooks/messages/{message['id']}").text
        assert page.count("500") >= 2
        assert "1 webhook receiver does not take messages" in overview(office)

        sink.script = lambda post: 200
        pause = wait_until(lambda: hot(api)[0]["delivered"], "delivered", patience=60)
        log.info("FIGURE the message was delivered %.1f s after the receiver came back", pause)
        assert {post.headers["webhook-id"] for post in sink.posts} == {message["id"]}
        assert "does not take messages" not in overview(office)
    # Nobody listens any more at all.
    gone = api.post(
        "/webhook_endpoints", json={"url": f"http://127.0.0.1:{port}/", "types": ["webhook.test"]}
    )
    tried = api.post(f"/webhook_endpoints/{gone.json()['id']}/test").json()

    def attempts() -> list[dict[str, object]]:
        posts = api.get(f"/webhook_messages/{tried['message_id']}").json()["posts"]
        return list(posts[0]["attempts"]) if posts else []

    wait_until(attempts, "an attempt", patience=30)
    assert "refused" in str(attempts()[0]["error"])


def hot(api: httpx.Client) -> list[dict[str, object]]:
    messages = api.get("/webhook_messages", params={"limit": 500}).json()["data"]
    return [message for message in messages if message["type"] == "lead.hot"]


def excel(folder: Path) -> Path:
    file = folder / "renamed.csv"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file


def written(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def test_broken_files_of_leads_are_refused_whole_each_in_a_sentence(office: Office, tmp_path: Path) -> None:
    broken = {
        excel(tmp_path): "This Excel file",
        written(tmp_path, "photo.csv", bytes(range(256)) * 300): "This is not a text file",
        written(tmp_path, "no-address.csv", b"name,city\nAnna,Bonn\n"): "No column holds the e-mail",
        written(tmp_path, "headless.csv", b"anna@firm.example,Anna\nbert@firm.example,Bert\n"): "header line",
        written(tmp_path, "empty.csv", b""): "The file is empty.",
    }
    before = office.number("SELECT count(*) FROM lead")
    with ThreadPoolExecutor(2) as hands:
        ends = list(hands.map(lambda file: office.nurture("leads", "import", str(file)), broken))
    for (file, sentence), end in zip(broken.items(), ends, strict=True):
        assert end.returncode == 1, (file, end.stdout)
        [said] = [line for line in end.stderr.splitlines() if line.startswith("Error: ")]
        assert sentence in said
        assert "Traceback" not in end.stderr
        assert "should not have" not in said, said
    assert office.number("SELECT count(*) FROM lead") == before


def test_a_missing_quotation_mark_is_handed_back_and_swallows_nobody(office: Office, tmp_path: Path) -> None:
    rows = "".join(f"quoted-{number}@firm.example,Bert\n" for number in range(5_000))
    file = written(tmp_path, "quote.csv", f'email,first_name\nanna@firm.example,"Anna\n{rows}'.encode())
    leads = "SELECT count(*) FROM lead WHERE email_norm LIKE 'quoted-%%'"

    stopped = office.nurture("leads", "import", str(file), "--on-error", "stop")
    assert stopped.returncode == 1
    assert "One row cannot be taken, so nothing was" in stopped.stderr
    assert office.number(leads) == 0

    taken = json.loads(office.done("leads", "import", str(file), "--json"))
    assert (taken["new"], taken["bad"]) == (5_000, {"unreadable": 1})
    [reason] = Path(taken["bad_rows"]).read_text().splitlines()[1:]
    assert reason == "2,a quotation mark begins a cell and none ends it,anna@firm.example,Anna"
    assert office.number(leads) == 5_000


BROKEN_PROGRAM = """\
program: broken
name: Broken
chains:
  cold:
    enter: {when: {consent: marketing}}
    steps:
      - send: nowhere
      - wait: soon
      - goto: {chain: burning}
      - sned: letter
"""


def test_a_broken_program_names_every_fault_with_its_line_and_loads_nothing(
    office: Office, tmp_path: Path
) -> None:
    publish_letter_of(tmp_path / "good", "good")
    broken = tmp_path / "broken"
    (broken / "mails").mkdir(parents=True)
    (broken / "program.yaml").write_text(BROKEN_PROGRAM)
    (broken / "mails/letter.md").write_text("---\nname: L\nsubject: Hello {{ lead.name\n---\nHello\n")
    rows = "SELECT (SELECT count(*) FROM program), (SELECT count(*) FROM mail_version)"
    before = office.rows(rows)

    checked = office.nurture("campaigns", "check", str(tmp_path))
    loaded = office.nurture("campaigns", "load", str(tmp_path), "--publish")

    for end in (checked, loaded):
        assert end.returncode == 1
        lines = {int(found) for found in re.findall(r"broken/program\.yaml:(\d+): ", end.stderr)}
        assert {7, 8, 9, 10} <= lines
        assert re.search(r"broken/mails/letter\.md:3: ", end.stderr)
        assert "Traceback" not in end.stderr
    assert office.rows(rows) == before, "the good program beside it is not half loaded either"


def publish_letter_of(folder: Path, name: str) -> None:
    (folder / "mails").mkdir(parents=True)
    steps = f"program: {name}\nname: Good\nchains:\n  cold:\n    enter: {{when: {{consent: marketing}}}}\n"
    (folder / "program.yaml").write_text(steps + "    steps:\n      - send: letter\n")
    (folder / "mails/letter.md").write_text("---\nname: L\nsubject: Hello\n---\nHello\n")
