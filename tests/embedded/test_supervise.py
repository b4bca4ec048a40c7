"""Children that die are started again, children that hang are killed, and none outlives its supervisor."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nurture.embedded import processes
from nurture.embedded.supervise import Role, Supervisor, bound_logs
from nurture.errors import Unavailable


def python(name: str, code: str) -> Role:
    return Role(name, (sys.executable, "-c", code))


def supervisor(
    folder: Path, *roles: Role, heal: Callable[[], list[str]] = list
) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    return Supervisor(roles, folder, heal=heal, say=said.append), said


def beat_until(one: Supervisor, true: Callable[[], bool], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        one.beat()
        time.sleep(0.05)


def test_a_child_that_dies_is_started_again_with_one_line(tmp_path: Path) -> None:
    one, said = supervisor(tmp_path, python("brief", "print('hello', flush=True)"))
    one.start()

    beat_until(one, lambda: (tmp_path / "brief.log").read_text().count("hello") >= 2)
    one.stop()

    assert said[0].startswith("brief ended (status 0), starts again in 0.5 s")


def test_a_child_that_keeps_dying_is_started_ever_more_seldom(tmp_path: Path) -> None:
    one, said = supervisor(tmp_path, python("broken", "import sys; sys.exit(3)"))
    one.start()

    beat_until(one, lambda: len(said) >= 3)
    one.stop()

    assert [line.split("again in ")[1].split(";")[0] for line in said[:3]] == ["0.5 s", "1.0 s", "2.0 s"]


_KIND = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("goodbye", flush=True), sys.exit(0)))
print("here", flush=True)
time.sleep(600)
"""


def test_a_child_ends_when_asked(tmp_path: Path) -> None:
    one, _ = supervisor(tmp_path, python("kind", _KIND))
    one.start()
    [child], log = one.children, tmp_path / "kind.log"
    beat_until(one, lambda: "here" in log.read_text())

    one.stop(patience=60)

    assert child.pid and not processes.alive(child.pid)
    assert "goodbye" in log.read_text()  # nobody had to kill it


_DEAF = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.argv[1:]:
    import os
    os.setpgrp()
    print(os.getpid(), flush=True)
else:
    subprocess.Popen([sys.executable, __file__, "inner"])
time.sleep(600)
"""


def deaf(folder: Path) -> Role:
    """It ignores SIGTERM, and so does what it starts, in a process group of its own."""
    script = folder / "deaf.py"
    script.write_text(_DEAF)
    return Role("deaf", (sys.executable, str(script)))


def test_a_deaf_child_and_what_it_started_are_killed(tmp_path: Path) -> None:
    one, _ = supervisor(tmp_path, deaf(tmp_path))
    one.start()
    log = tmp_path / "deaf.log"
    beat_until(one, lambda: log.read_text().endswith("\n"))
    grandchild = int(log.read_text())

    one.stop(patience=0.3)

    assert processes.gone_within(grandchild, 5)
    assert one.children[0].pid and not processes.alive(one.children[0].pid)


def test_a_second_wish_to_stop_does_not_wait(tmp_path: Path) -> None:
    one, _ = supervisor(tmp_path, deaf(tmp_path))
    one.start()
    log, asked = tmp_path / "deaf.log", []
    beat_until(one, lambda: log.read_text().endswith("\n"))

    one.stop(patience=60, hurry=lambda: not asked.append(True))

    assert len(asked) == 1
    assert one.children[0].pid and not processes.alive(one.children[0].pid)


_PARENT = """
import sys, time
from pathlib import Path
from nurture.embedded.supervise import Role, Supervisor
one = Supervisor([Role("child", (sys.executable, "-c", "import time; time.sleep(600)"))], Path(sys.argv[1]),
                 heal=lambda: [], say=print)
one.start()
print(one.children[0].pid, flush=True)
time.sleep(600)
"""


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait(10)

    assert processes.gone_within(child, 5)


def test_servers_that_cannot_be_healed_do_not_end_the_supervisor(tmp_path: Path) -> None:
    answers = iter([Unavailable("Redis did not start: the disk is full.")])

    def heal() -> list[str]:
        for answer in answers:
            raise answer
        return ["Redis"]

    one, said = supervisor(tmp_path, heal=heal)

    beat_until(one, lambda: len(said) >= 2)

    assert said[:2] == [
        "Redis did not start: the disk is full.",
        "Redis had ended and was started again",
    ]


def test_a_log_that_cannot_be_moved_aside_is_bounded_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_bytes(b"x" * 3000)
    (tmp_path / "web.log.1").mkdir()  # as on a full disk, writing there fails

    bound_logs(tmp_path, limit=1000)

    assert (tmp_path / "web.log").stat().st_size == 0


def test_logs_stay_within_their_bound(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab") as writer:
        writer.write(b"x" * 3000)
        writer.flush()

        bound_logs(tmp_path, limit=1000)
        writer.write(b"and on\n")

    assert log.read_bytes() == b"and on\n"
    assert (tmp_path / "web.log.1").stat().st_size == 1000
