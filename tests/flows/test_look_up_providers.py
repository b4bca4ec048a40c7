"""Domains of nobody known are grouped by who takes their mail."""

from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.look_up_providers import look_up_providers
from nurture.net.resolver import Records
from nurture.rules.transports import Limits
from nurture.store import pacing
from tests.conftest import TUESDAY
from tests.flows.mailroom import Mailroom, mailer


def answers(name: str, kind: str) -> Records:
    hosts = {
        "kunde.example": ("20 alt.example.", "10 aspmx.l.google.com."),
        "own.example": ("5 mx.own.example.",),
    }
    return Records(hosts[name])


def test_a_domain_whose_mail_google_takes_counts_as_google(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    room = Mailroom(sessions, tmp_path, mailer("smtp://127.0.0.1:1"), TUESDAY)
    for name in ("kunde", "own"):
        room.queue(room.lead(name.title(), email=f"anna@{name}.example"))
    assert look_up_providers(sessions, answers, now=TUESDAY) == 0  # nobody is limited, so nobody is asked
    with sessions.begin() as session:
        pacing.set_limit(session, "provider", "google", Limits(per_second=5.0))
    assert look_up_providers(sessions, answers, now=TUESDAY) == 2
    assert look_up_providers(sessions, answers, now=TUESDAY) == 0
    with sessions() as session:
        assert pacing.providers_of(session, ["kunde.example", "own.example"]) == {
            "kunde.example": "google",
            "own.example": "others",
        }
