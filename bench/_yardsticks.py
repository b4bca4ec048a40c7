"""Yardsticks for sending that are written for it: the bare loop, which does as little as a sender can, and
the plain script that most people write first. Each runs in processes of its own, to the same sink."""

import sys
from typing import Any

from bench._peer_process import own_database, told
from bench._post_office import Letter
from nurture.errors import Unavailable
from nurture.mail.source import CompiledMail
from nurture.mail.trap import with_trap

BARE_LOOP, SCRIPT = "the bare loop", "a script with Jinja2, EmailMessage and smtplib"


def bare_rate(database_url: str, port: int, count: int, mail: CompiledMail, sender: dict[str, str]) -> float:
    """Mails a second of the bare loop, over a database of its own beside the given one. Its mail carries the
    link that nobody sees as well."""
    url = own_database(database_url, "bare").render_as_string(hide_password=False)
    words = {"subject": mail.subject, "text": mail.text, "html": with_trap(mail.html)}
    asked = {
        "database_url": url,
        "port": port,
        "count": count,
        "links": len(mail.links) + 1,
        "sender": sender,
    }
    return _rate("bare_loop.py", asked | words, BARE_LOOP)


def script_rate(port: int, count: int, letter: Letter) -> float:
    """Mails a second of the script."""
    return _rate("plain_script.py", {"port": port, "count": count, **vars(letter)}, SCRIPT)


def _rate(script: str, asked: dict[str, Any], name: str) -> float:
    done = told(sys.executable, script, asked, name)
    if done["sent"] != asked["count"]:
        raise Unavailable(f"{name} sent {done['sent']} of {asked['count']} mails.")
    return float(done["sent"] / done["seconds"])
