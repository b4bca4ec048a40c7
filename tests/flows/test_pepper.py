"""One pepper for one database."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Unavailable
from nurture.flows.pepper import agree_on_pepper, forget_pepper
from nurture.runtime import make_engine
from tests.clock import StandingClock

FIRST, OTHER = b"1" * 32, b"2" * 32
FILE = Path("/home/second/pepper/suppression")


def test_the_first_host_decides_and_those_that_share_its_pepper_may_come(
    sessions: sessionmaker[Session],
) -> None:
    agree_on_pepper(sessions, FIRST, FILE)
    agree_on_pepper(sessions, FIRST, FILE)


def test_a_host_with_another_pepper_is_told_which_file_to_copy(sessions: sessionmaker[Session]) -> None:
    agree_on_pepper(sessions, FIRST, FILE)
    with pytest.raises(Unavailable, match=r"copy pepper/suppression .* to /home/second/pepper/suppression"):
        agree_on_pepper(sessions, OTHER, FILE)


def test_a_pepper_that_is_lost_for_good_gives_way_by_a_persons_word(
    sessions: sessionmaker[Session], clock: StandingClock
) -> None:
    agree_on_pepper(sessions, FIRST, FILE)
    with sessions.begin() as session:
        forget_pepper(session, by="terminal", now=clock.moment)
    agree_on_pepper(sessions, OTHER, FILE)
    with pytest.raises(Unavailable):
        agree_on_pepper(sessions, FIRST, FILE)


def test_a_database_that_is_away_is_not_the_peppers_fault() -> None:
    engine = make_engine("postgresql://nobody@127.0.0.1:1/nowhere", pool=1)
    agree_on_pepper(sessionmaker(engine), FIRST, FILE)
    engine.dispose()
