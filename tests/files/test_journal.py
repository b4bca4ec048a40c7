"""The journal tells started, answered and never begun apart, whatever died."""

import os
import signal
import time
from pathlib import Path

import pytest

from nurture.files import journal
from nurture.files.journal import ANSWERED, IN_DOUBT, NEVER_BEGUN, Journal


def phases(folder: Path) -> dict[int, str]:
    return {one.delivery_id: one.phase for _path, traces in journal.left_behind(folder) for one in traces}


def test_a_dead_process_leaves_what_it_did(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        book = Journal(tmp_path)
        book.open_group([(1, 7), (2, 7), (3, 8)])
        book.start(1)
        book.answer(1, {"state": "sent"})
        book.start(2)
        (tmp_path / "ready").touch()
        time.sleep(60)
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    assert phases(tmp_path) == {}, "its writer lives"
    assert journal.all_told(tmp_path).traces[2].phase == IN_DOUBT
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    [(path, traces)] = list(journal.left_behind(tmp_path))
    assert [(one.delivery_id, one.token, one.phase) for one in traces] == [
        (1, 7, ANSWERED),
        (2, 7, IN_DOUBT),
        (3, 8, NEVER_BEGUN),
    ]
    assert traces[0].answer == {"state": "sent"}
    journal.remove(path)
    assert phases(tmp_path) == {}


def test_a_group_that_stands_in_the_database_is_forgotten(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    for _ in range(3):
        book.open_group([(1, 1)])
        book.start(1)
        book.answer(1, {"state": "sent"})
        book.close_group()
    book.open_group([(2, 1)])
    book.abandon()
    assert phases(tmp_path) == {2: NEVER_BEGUN}


def test_a_group_given_up_stays_for_the_sweeper_while_the_process_goes_on(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    book.open_group([(1, 1)])
    book.start(1)
    book.abandon()
    book.open_group([(2, 1)])
    assert phases(tmp_path) == {1: IN_DOUBT}
    book.close_group()
    book.close()


def test_after_the_death_of_the_host_every_unanswered_mail_is_in_doubt(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    book.open_group([(1, 1), (2, 1)])
    book.start(1)
    book.answer(1, {"state": "sent"})
    book.abandon()
    [path] = tmp_path.glob("*.journal")
    head, _, rest = path.read_text().partition("\n")
    path.write_text(head.partition(" ")[0] + " another-boot\n" + rest)
    assert phases(tmp_path) == {1: ANSWERED, 2: IN_DOUBT}


def test_a_line_cut_short_was_not_begun(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    book.open_group([(1, 1), (2, 1)])
    book.start(1)
    book.abandon()
    [path] = tmp_path.glob("*.journal")
    path.write_bytes(path.read_bytes() + b"S 2")
    assert phases(tmp_path) == {1: IN_DOUBT, 2: NEVER_BEGUN}


@pytest.mark.parametrize("damage", [b"", b"rubbish\n", b"nurture-journal-1 x\nG 1:x\n"])
def test_a_journal_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "broken.journal").write_bytes(damage)
    assert not journal.all_told(tmp_path).whole
    assert list(journal.left_behind(tmp_path)) == []


def test_of_two_that_had_a_mail_in_hand_the_later_one_tells(tmp_path: Path) -> None:
    """Whichever of their files is read first."""
    one, other = Journal(tmp_path), Journal(tmp_path)
    one.open_group([(1, 5), (2, 6)])
    other.open_group([(1, 6), (2, 5)])
    other.start(1)
    one.start(2)
    told = journal.all_told(tmp_path).traces
    assert [(told[mail].token, told[mail].phase) for mail in (1, 2)] == [(6, IN_DOUBT), (6, IN_DOUBT)]
    one.abandon()
    other.abandon()


def test_a_closed_journal_leaves_no_file(tmp_path: Path) -> None:
    book = Journal(tmp_path)
    book.open_group([(1, 1)])
    book.close_group()
    book.close()
    assert list(tmp_path.glob("*.journal")) == []


def test_a_home_keeps_its_name(tmp_path: Path) -> None:
    assert journal.host_id(tmp_path) == journal.host_id(tmp_path) != journal.host_id(tmp_path / "other")
