"""Lines that the disk refuses wait in memory until it takes them."""

import time
from pathlib import Path

from structlog.testing import capture_logs

from nurture.files.held import MOST_HELD, HeldSpool
from nurture.files.spool import Spool, draining


def spooled(folder: Path) -> list[bytes]:
    with draining(folder, MOST_HELD) as drained:
        return drained.lines if drained else []


def wait_for(folder: Path, number: int) -> list[bytes]:
    until = time.monotonic() + 10
    while len(spooled(folder)) < number:
        assert time.monotonic() < until
        time.sleep(0.01)
    return spooled(folder)


def test_a_refused_line_is_written_as_soon_as_the_disk_takes_it(tmp_path: Path) -> None:
    in_the_way = tmp_path / "home"
    in_the_way.write_text("a file where the folder should be")
    spool = HeldSpool(Spool(in_the_way / "spool"), again_seconds=0.02)
    spool.append(b"one")
    spool.append(b"two")

    in_the_way.unlink()
    spool.append(b"three")

    assert sorted(wait_for(in_the_way / "spool", 3)) == [b"one", b"three", b"two"]
    time.sleep(0.1)
    assert len(spooled(in_the_way / "spool")) == 3


def test_a_disk_that_stays_full_costs_bounded_memory_and_the_oldest_lines(tmp_path: Path) -> None:
    in_the_way = tmp_path / "home"
    in_the_way.write_text("a file where the folder should be")
    spool = HeldSpool(Spool(in_the_way / "spool"), again_seconds=0.5)
    with capture_logs() as said:
        for number in range(MOST_HELD + 10):
            spool.append(str(number).encode())
        in_the_way.unlink()
        kept = wait_for(in_the_way / "spool", MOST_HELD)

    assert kept == [str(number).encode() for number in range(10, MOST_HELD + 10)]
    assert {"spool.disk_refuses", "spool.lines_given_up"} <= {one["event"] for one in said}
