"""Where a round plays: programs, keys, limits of receivers, a transport that is warmed up, and who comes."""

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bench.faults import _hours, _rates
from bench.faults._server import NEVER
from nurture.mail.smtp_url import IMPLICIT
from tests.stories.office import Office

# Two letters each: to most of the leads, to some only within hours, to some by a transport that is warmed up.
PROGRAMS = {
    "fire": "{not: {any: [{tag: office}, {tag: young}]}}",
    "office": "{tag: office}",
    "young": "{tag: young}",
}
PROGRAM = """\
program: {key}
name: Two letters
timezone: UTC
{window}
chains:
  cold:
    enter: {{when: {{all: [{{consent: marketing}}, {who}]}}}}
    steps:
      - send: first
      - wait: 20m
      - send: second
"""
LETTER = """\
---
name: {key}
subject: {key} letter for {{{{ lead.first_name }}}}
---
Hello {{{{ lead.first_name }}}}, [here are the numbers](https://www.example.com/{key}).
"""
_SENDER_DOMAIN = "lindqvist.example"
BOUNCE_DOMAIN = f"bounce.{_SENDER_DOMAIN}"


@dataclass(frozen=True)
class SetUp:
    """What stands when the first leads come: the DKIM records by name, when the hours of one program begin by
    its clock, and the key of the transport that is warmed up."""

    records: dict[str, str]
    clock: _hours.Clock
    opens: datetime
    api: httpx.Client
    young: str

    def end_the_warm_up(self) -> None:
        """What it held back goes out. The database may have been killed a moment ago."""
        schedule = {"kind": "transport", "name": self.young, "days": []}
        for _attempt in range(10):
            with suppress(httpx.TransportError):
                if self.api.put("/pace/warm_ups", json=schedule).is_success:
                    return
            time.sleep(2)
        raise RuntimeError("the warm-up could not be ended")


def prepare(office: Office, folder: Path, clock: _hours.Clock) -> SetUp:
    """The programs, live, both kinds of keys, and limits; the hours come last, as they begin soon."""
    for program in ("fire", "young"):
        _publish(office, folder / program, "")
    office.done("domains", "add", _SENDER_DOMAIN)
    records = {}
    for algorithm in ("rsa", "ed25519"):
        said = office.done("domains", "key", _SENDER_DOMAIN, "--algorithm", algorithm, "--sign-now")
        found = re.search(r'^(\S+)\. TXT "(.+)"$', said, re.M)
        assert found is not None, said
        records[found[1]] = found[2]
    api = office.api()
    for domain, limit in (
        (_rates.SLOW, {"per_second": _rates.PER_SECOND, "per_hour": None, "per_day": None}),
        (_rates.FEW, {"per_second": None, "per_hour": _rates.PER_HOUR, "per_day": None}),
    ):
        api.put("/pace/limits", json={"kind": "domain", "name": domain, **limit}).raise_for_status()
    young = _warm_up(office, api)
    opens = (clock(time.monotonic()) + _hours.AHEAD).replace(second=0, microsecond=0)
    _publish(office, folder / "office", f'window: {{days: mon-sun, from: "{opens:%H:%M}", to: "24:00"}}')
    return SetUp(records, clock, opens, api, young)


def _publish(office: Office, folder: Path, window: str) -> None:
    key = folder.name
    (folder / "mails").mkdir(parents=True)
    (folder / "program.yaml").write_text(PROGRAM.format(key=key, who=PROGRAMS[key], window=window))
    for mail in ("first", "second"):
        (folder / "mails" / f"{mail}.md").write_text(LETTER.format(key=mail))
    office.done("campaigns", "load", str(folder), "--publish")


def _warm_up(office: Office, api: httpx.Client) -> str:
    """A transport of its own for one program, new to the world, to the same server; its key."""
    server = urlsplit(office.env["NURTURE_SMTP_URL"])
    settings = {"host": server.hostname, "port": server.port, "tls": IMPLICIT, "verify": False}
    made = api.post("/transports", json={"name": "Young", "kind": "smtp", "settings": settings})
    made.raise_for_status()
    [(program_id,)] = office.rows("SELECT id FROM program WHERE key = 'young'")
    choice = {"kind": "program", "id": program_id, "transport_id": made.json()["id"]}
    api.put("/transports/choices", json=choice).raise_for_status()
    schedule = {"kind": "transport", "name": made.json()["key"], "days": [_hours.FIRST_DAY, 5000]}
    api.put("/pace/warm_ups", json=schedule).raise_for_status()
    return str(made.json()["key"])


def bring_in(office: Office, folder: Path, numbers: range) -> None:
    """The leads of these numbers, from a file."""
    file = folder / f"leads-{numbers.start}.csv"
    rows = (
        f"{_address(number)},Katrin,{_hours.TAGS.get(_hours.domain_of(number) or '', '')}"
        for number in numbers
    )
    file.write_text("\n".join(["email,first_name,tags", *rows]))
    _insist(office, "leads", "import", str(file), "--consent", "marketing")


def _row(number: int) -> str:
    held_back = _hours.domain_of(number)
    return f"{_address(number)},Katrin,{_hours.TAGS[held_back] if held_back else ''}"


def _address(number: int) -> str:
    """A twelfth of them do not exist, two twelfths are at domains that want no more than was agreed, two are
    held back by the calendar."""
    name = f"{NEVER if number % 12 == 0 else 'lead-'}{number}"
    return f"{name}@{_rates.domain_of(number) or _hours.domain_of(number) or f'{name}.example'}"


def _insist(office: Office, *words: str) -> None:
    """A command that may come at a moment when the database has just been killed."""
    for _attempt in range(10):
        done = office.nurture(*words)
        if done.returncode == 0:
            return
        time.sleep(2)
    raise RuntimeError(done.stdout + done.stderr)
