"""A disk that takes no more: at the start, under the home of a host, and under the database itself."""

import logging
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from redis import Redis

from tests.stories.office import Office, wait_until
from tests.stories.waves import SlowSink, Wave, publish_letter

pytestmark = pytest.mark.xdist_group("embedded")

log = logging.getLogger(__name__)


class Disk:
    """A small disk of its own. `fill()` leaves no byte free, `free()` takes that back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        with self._filler.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(65536))
        with self._filler.open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"x")

    def free(self) -> None:
        self._filler.unlink()


Mount = Callable[[int], Disk]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Makes a disk of so many megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk to fill")
    with ExitStack() as mounted:

        def made(megabytes: int) -> Disk:
            folder = tmp_path / f"disk-{megabytes}"
            folder.mkdir()
            options = f"size={megabytes}m,mode=0755"
            done = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
                capture_output=True,
                check=False,
            )
            if done.returncode != 0:
                pytest.skip("this machine lets nobody mount a small disk to fill")
            mounted.callback(subprocess.run, ["umount", "-l", str(folder)], check=True)
            return Disk(folder)

        yield made


@pytest.fixture
def sink() -> Iterator[SlowSink]:
    with SlowSink() as one:
        yield one


VIRTUAL = {
    "NURTURE_LIVE": "1",
    "NURTURE_CLOCK_START": "2026-03-03T10:00:00+00:00",
    "NURTURE_CLOCK_SPEED": "60",
}


def test_a_disk_too_small_to_start_on_is_said_in_one_sentence(mount: Mount) -> None:
    for megabytes, begin in (
        (2, "Error: The disk of"),
        (30, "Error: PostgreSQL could not make its data folder"),
    ):
        disk = mount(megabytes)
        if megabytes == 2:
            disk.fill()
        office = Office(disk.folder)
        refused = office.nurture("up")
        assert refused.returncode == 1
        assert refused.stderr.startswith(begin), refused.stderr
        assert "full" in refused.stderr
        assert "make room and start again" in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert office.pids("up") == []


def test_a_full_home_stops_the_mails_and_neither_redirects_nor_clicks(
    mount: Mount, sink: SlowSink, database_url: str, redis_client: Redis, redis_url: str, tmp_path: Path
) -> None:
    disk = mount(24)
    given = {
        "NURTURE_DATABASE_URL": database_url,
        "NURTURE_REDIS_URL": redis_url,
        "NURTURE_SMTP_URL": sink.url,
    }
    with Office(disk.folder, **VIRTUAL, **given) as office:
        office.set_up()
        publish_letter(office, tmp_path)
        wave = Wave(office, sink, "disk", 150)
        wave.bring_in(tmp_path)
        wave.grown_by(60)

        disk.fill()
        wait_until(
            lambda: "cannot be written" in office.web.get("/").text, "a word on the overview", patience=30
        )
        assert "The sending journal cannot be written (No space left on device)" in office.web.get("/").text
        doctor = office.nurture("doctor")
        assert "Make room." in doctor.stdout, doctor.stdout + doctor.stderr
        assert wave.states()["failed"] == 0
        time.sleep(2)
        wait_until(wave.all_read, "all mails read", wave.read, patience=30, pause=0)
        wait_until(lambda: wave.recorded_clicks() == wave.clicks, "clicks recorded meanwhile", patience=30)

        disk.free()
        pause = wave.grown_by(1)
        log.info("FIGURE with room on the disk the next mail came after %.1f s", pause)
        wave.nothing_lost_or_doubled()


def test_a_full_disk_under_the_database_harms_nothing_that_was_written(
    mount: Mount, sink: SlowSink, tmp_path: Path
) -> None:
    disk = mount(400)
    with Office(disk.folder, NURTURE_SMTP_URL=sink.url, **VIRTUAL) as office:
        office.set_up()
        publish_letter(office, tmp_path)
        wave = Wave(office, sink, "full", 200)
        wave.bring_in(tmp_path)
        wave.grown_by(60)

        disk.fill()
        time.sleep(5)
        wait_until(wave.all_read, "all mails read", wave.read, patience=30, pause=0.1)
        with suppress(httpx.TransportError):
            assert office.web.get("/healthz").status_code == 200

        assert "is full: make room. Links in mails still work" in office.block

        disk.free()
        began = time.monotonic()
        wait_until(lambda: answers(office), "PostgreSQL again", patience=60)
        log.info("FIGURE with room on the disk PostgreSQL answered after %.1f s", time.monotonic() - began)
        wave.nothing_lost_or_doubled()
        assert office.number("SELECT count(*) FROM lead") == wave.size
        assert "There is room again" in office.block


def answers(office: Office) -> bool:
    with suppress(Exception):
        return office.number("SELECT 1") == 1
    return False
