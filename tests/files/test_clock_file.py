"""Virtual time is one course for all processes of a home."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from nurture.files import clock_file

START = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
REAL = datetime(2030, 1, 1, tzinfo=UTC)


def test_an_hour_passes_each_second(tmp_path: Path) -> None:
    course = clock_file.course(tmp_path, START, 3600, real=REAL)
    assert course.at(REAL + timedelta(seconds=24)) == START + timedelta(days=1)


def test_a_second_process_joins_the_course_of_the_first(tmp_path: Path) -> None:
    first = clock_file.course(tmp_path, START, 60, real=REAL)
    second = clock_file.course(tmp_path, START, 60, real=REAL + timedelta(minutes=5))
    beside = clock_file.course(tmp_path, None, 1, real=REAL + timedelta(minutes=9))
    assert first == second == beside


def test_other_settings_begin_a_new_course(tmp_path: Path) -> None:
    clock_file.course(tmp_path, START, 60, real=REAL)
    later = REAL + timedelta(hours=1)
    assert clock_file.course(tmp_path, START, 120, real=later).at(later) == START


def test_without_settings_and_without_a_running_course_time_is_real(tmp_path: Path) -> None:
    assert clock_file.course(tmp_path, None, 1, real=REAL).at(REAL) == REAL


def test_a_forgotten_course_is_real_time_again(tmp_path: Path) -> None:
    clock_file.course(tmp_path, START, 60, real=REAL)
    clock_file.forget(tmp_path)
    assert clock_file.course(tmp_path, None, 1, real=REAL).at(REAL) == REAL
