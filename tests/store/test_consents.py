"""The ledger of consent: what was said stays said, whoever asks the database to forget it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from nurture.store import consents, leads
from nurture.store.consents import NewConsent
from tests.clock import StandingClock

PROOF = {"ip": "192.0.2.7"}


@pytest.fixture
def ada(sessions: sessionmaker[Session], clock: StandingClock) -> int:
    with sessions.begin() as session:
        lead = leads.add(session, "lead", source_id=None, now=clock.now)
        session.flush()
        said = NewConsent(lead.id, "marketing", "granted", "form", "Write to me about prices", PROOF)
        consents.write(session, [said], now=clock.now)
        return lead.id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent SET state = 'withdrawn'",
        "UPDATE consent SET wording = 'Write to me about everything'",
        "UPDATE consent SET at = at - interval '1 year'",
        "UPDATE consent SET proof = '{}'",
        "DELETE FROM consent",
        "TRUNCATE consent CASCADE",
    ],
)
def test_no_statement_changes_or_takes_away_what_was_said(sessions, ada, statement):
    with pytest.raises(DBAPIError, match="appended only"), sessions.begin() as session:
        session.execute(text(statement))
    with sessions() as session:
        (entry,) = consents.ledger(session, ada)
    assert (entry.state, entry.wording, entry.channel, entry.proof) == (
        "granted",
        "Write to me about prices",
        "form",
        PROOF,
    )


def test_a_withdrawal_is_an_entry_beside_the_yes(sessions, ada, clock):
    with sessions.begin() as session:
        consents.write(session, [NewConsent(ada, "marketing", "withdrawn", "page")], now=clock.now)
        assert [entry.state for entry in consents.ledger(session, ada)] == ["granted", "withdrawn"]
        assert consents.standing(session, ada) == {"marketing": "withdrawn"}


def test_of_an_erased_person_the_entry_stays_without_its_proof(sessions, ada, clock):
    with sessions.begin() as session:
        leads.forget(session, ada, now=clock.now)
    with sessions() as session:
        (entry,) = consents.ledger(session, ada)
    assert (entry.state, entry.at, entry.proof) == ("granted", clock.now, {})
