"""A mail server that does as the test says, and a house that sends by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.conftest import TUESDAY
from tests.flows.mailroom import Mailroom, mailer
from tests.mail.scripted_smtp import ScriptedSmtp


@pytest.fixture
def server() -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp() as running:
        yield running


@pytest.fixture
def room(sessions: sessionmaker[Session], tmp_path: Path, server: ScriptedSmtp) -> Mailroom:
    return Mailroom(sessions, tmp_path, mailer(server.url), TUESDAY)
