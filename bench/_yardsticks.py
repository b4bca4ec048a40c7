"""Yardsticks for sending that are written for it: the bare loop, which does as little as a sender can, and
the plain script that most people write first. Each runs in processes of its own, to the same sink."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from bench._post_office import Letter
from nurture.errors import Unavailable
from nurture.mail.source import CompiledMail

_PEERS = Path(__file__).parent / "peers"
_PATIENCE_SECONDS = 600
BARE_LOOP, SCRIPT = "the bare loop", "a script with Jinja2, EmailMessage and smtplib"


def bare_rate(database_url: str, port: int, count: int, mail: CompiledMail, sender: dict[str, str]) -> float:
    """Mails a second of the bare loop, over a database of its own beside the given one."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
    url = make_url(database_url).set(database="bare").render_as_string(hide_password=False)
    words = {"subject": mail.subject, "text": mail.text, "html": mail.html}
    asked = {"database_url": url, "port": port, "count": count, "links": len(mail.links), "sender": sender}
    return _rate("bare_loop.py", asked | words, BARE_LOOP)


def script_rate(port: int, count: int, letter: Letter) -> float:
    """Mails a second of the script."""
    return _rate("plain_script.py", {"port": port, "count": count, **vars(letter)}, SCRIPT)


def _rate(script: str, asked: dict[str, Any], name: str) -> float:
    done = subprocess.run(
        [sys.executable, str(_PEERS / script)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )
    if done.returncode != 0:
        raise Unavailable(f"{name} failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    told = json.loads(done.stdout)
    if told["sent"] != asked["count"]:
        raise Unavailable(f"{name} sent {told['sent']} of {asked['count']} mails.")
    return float(told["sent"] / told["seconds"])
