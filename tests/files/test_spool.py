"""The spool keeps every line through deaths, forks and full disks, and lets go only of what is drained."""

import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nurture.files.spool import Spool, draining, waiting_bytes

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def taken(folder: Path, limit: int = 1000, *, keep: bool = True) -> list[bytes]:
    with draining(folder, limit) as drained:
        assert drained is not None
        if keep:
            drained.keep()
        return drained.lines


def test_what_is_appended_is_drained_once(folder: Path) -> None:
    spool = Spool(folder)
    spool.append(b"one")
    spool.append(b"two")
    assert taken(folder) == [b"one", b"two"]
    spool.append(b"three")
    assert taken(folder) == [b"three"]
    assert taken(folder) == []


def test_lines_that_nobody_kept_come_again(folder: Path) -> None:
    Spool(folder).append(b"one")
    assert taken(folder, keep=False) == taken(folder, keep=False) == [b"one"]


def test_draining_takes_no_more_than_it_is_asked_for(folder: Path) -> None:
    spool = Spool(folder)
    for n in range(5):
        spool.append(str(n).encode())
    assert [taken(folder, 2), taken(folder, 2), taken(folder, 2)] == [[b"0", b"1"], [b"2", b"3"], [b"4"]]


def test_a_segment_stays_as_long_as_it_has_a_writer(folder: Path) -> None:
    spool = Spool(folder)
    spool.append(b"one")
    taken(folder)
    assert len(list(folder.glob("*.hits"))) == 1
    spool.close()
    taken(folder)
    assert list(folder.glob("*.hits")) == list(folder.glob("*.done")) == []


def test_a_full_segment_is_followed_by_another(folder: Path) -> None:
    spool = Spool(folder, segment_bytes=10)
    for _ in range(3):
        spool.append(b"0123456789")
    assert len(list(folder.glob("*.hits"))) == 3
    assert len(taken(folder)) == 3
    assert len(list(folder.glob("*.hits"))) == 1


def test_draining_goes_on_where_no_new_file_can_be_made(folder: Path) -> None:
    spool = Spool(folder)
    for n in range(4):
        spool.append(str(n).encode())
    before = sorted(path.name for path in folder.iterdir())
    taken(folder, 2)
    assert waiting_bytes(folder) == 4
    assert taken(folder, 2) == [b"2", b"3"]
    assert {path.name for path in folder.iterdir()} - set(before) == {"drain.lock"}


def test_a_host_without_a_spool_has_nothing_to_drain(folder: Path) -> None:
    assert taken(folder) == []
    assert waiting_bytes(folder) == 0


def test_two_pumps_of_a_host_do_not_drain_at_once(folder: Path) -> None:
    Spool(folder).append(b"one")
    with draining(folder, 10) as first, draining(folder, 10) as second:
        assert first is not None
        assert second is None


def test_doctor_can_tell_how_much_waits(folder: Path) -> None:
    Spool(folder).append(b"1234")
    assert waiting_bytes(folder) == 5
    taken(folder)
    assert waiting_bytes(folder) == 0


def test_threads_share_a_spool_without_mixing_lines(folder: Path) -> None:
    spool = Spool(folder, segment_bytes=2000)

    def write(name: bytes) -> None:
        for n in range(200):
            spool.append(name * 20 + str(n).encode())

    threads = [threading.Thread(target=write, args=(name,)) for name in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = taken(folder)
    assert sorted(lines) == sorted(
        name * 20 + str(n).encode() for name in (b"a", b"b", b"c", b"d") for n in range(200)
    )


def test_a_forked_child_writes_into_a_segment_of_its_own(folder: Path) -> None:
    spool = Spool(folder)
    spool.append(b"parent")
    child = os.fork()
    if child == 0:
        spool.append(b"child")
        os._exit(0)
    os.waitpid(child, 0)
    spool.append(b"parent again")
    assert sorted(taken(folder)) == [b"child", b"parent", b"parent again"]
    assert len(list(folder.glob("*.hits"))) == 1  # the child's is drained and has lost its writer


_WRITER = """
import sys
from pathlib import Path
from nurture.files.spool import Spool
spool = Spool(Path(sys.argv[1]))
n = 0
while True:
    spool.append(b"%d" % n)
    print(n, flush=True)
    n += 1
"""


def test_a_killed_writer_loses_no_line_it_has_written(folder: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(folder)], stdout=subprocess.PIPE, cwd=ROOT)
    assert writer.stdout is not None
    for _ in range(300):
        last = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    lines = taken(folder, 1_000_000)
    assert lines[: last + 1] == [b"%d" % n for n in range(last + 1)]
    assert list(folder.glob("*.hits")) == []


_CRAMPED = """
import resource, signal, sys
from pathlib import Path
from nurture.files.spool import Spool
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (25, resource.RLIM_INFINITY))
spool = Spool(Path(sys.argv[1]))
for line in (b"0123456789", b"abcdefghij", b"klmnopqrst"):
    try:
        spool.append(line)
    except OSError:
        print("refused", flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
spool.append(b"uvwxyz")
"""


def test_a_line_torn_by_a_full_disk_spoils_no_other(folder: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    said = subprocess.run(
        [sys.executable, "-c", _CRAMPED, str(folder)], capture_output=True, check=True, cwd=ROOT
    )
    assert said.stdout.split() == [b"refused"]
    assert taken(folder) == [b"0123456789", b"abcdefghij", b"klm", b"uvwxyz"]
