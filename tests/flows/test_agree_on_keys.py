"""One ring of secret keys for one database."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Unavailable
from nurture.flows.agree_on_keys import agree_on_keys, forget_keys, missing
from nurture.rules.tokens import KeyRing
from nurture.runtime import make_engine
from tests.conftest import TUESDAY

OLD, NEW, STRANGE = KeyRing((b"old" * 12,)), KeyRing((b"new" * 12, b"old" * 12)), KeyRing((b"odd" * 12,))


def lacking(sessions: sessionmaker[Session], ring: KeyRing) -> int:
    with sessions() as session:
        return missing(session, ring)


def test_a_host_that_shares_no_key_is_not_let_in(sessions: sessionmaker[Session]) -> None:
    agree_on_keys(sessions, OLD, now=TUESDAY)
    agree_on_keys(sessions, OLD, now=TUESDAY)
    with pytest.raises(Unavailable, match="set NURTURE_SECRET_KEY as on the first host"):
        agree_on_keys(sessions, STRANGE, now=TUESDAY)


def test_while_keys_are_changed_the_older_host_goes_on_and_is_known_to_lack_one(
    sessions: sessionmaker[Session],
) -> None:
    agree_on_keys(sessions, OLD, now=TUESDAY)
    agree_on_keys(sessions, NEW, now=TUESDAY)
    agree_on_keys(sessions, OLD, now=TUESDAY)
    assert (lacking(sessions, NEW), lacking(sessions, OLD)) == (0, 1)


def test_keys_that_are_lost_for_good_give_way_by_a_persons_word(sessions: sessionmaker[Session]) -> None:
    agree_on_keys(sessions, OLD, now=TUESDAY)
    with sessions.begin() as session:
        forget_keys(session, by="terminal", now=TUESDAY)
    agree_on_keys(sessions, STRANGE, now=TUESDAY)
    with pytest.raises(Unavailable):
        agree_on_keys(sessions, OLD, now=TUESDAY)


def test_a_database_that_is_away_is_not_the_keys_fault() -> None:
    engine = make_engine("postgresql://nobody@127.0.0.1:1/nowhere", pool=1)
    agree_on_keys(sessionmaker(engine), OLD, now=TUESDAY)
    engine.dispose()
