"""The course of virtual time, kept in the home folder so that all processes agree on it."""

import json
import os
from datetime import datetime
from pathlib import Path

from nurture.rules.clock import Course


def course(home: Path, start: datetime | None, speed: float, *, real: datetime) -> Course:
    """The course of time of this home.

    With a `start`, virtual time begins at it when first asked for and goes on from there at every later
    start with the same settings. Without one, a course left by a running `up` is joined, so that a
    command typed beside it lives in the same time.
    """
    path = home / "clock.json"
    kept = _read(path)
    if start is None:
        return kept or Course()
    if kept is not None and (kept.start, kept.speed) == (start, speed):
        return kept
    made = Course(start=start, began=real, speed=speed)
    _write(path, made)
    return _read(path) or made


def forget(home: Path) -> None:
    """Back to real time: `up` without a virtual clock starts with this."""
    (home / "clock.json").unlink(missing_ok=True)


def _read(path: Path) -> Course | None:
    try:
        kept = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return Course(
        datetime.fromisoformat(kept["start"]), datetime.fromisoformat(kept["began"]), float(kept["speed"])
    )


def _write(path: Path, made: Course) -> None:
    assert made.start is not None
    assert made.began is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(f".{os.getpid()}")
    content = {"start": made.start.isoformat(), "began": made.began.isoformat(), "speed": made.speed}
    written.write_text(json.dumps(content))
    written.replace(path)
