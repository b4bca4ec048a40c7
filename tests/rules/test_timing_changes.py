"""Around every change of the clocks of ten years, in every zone of the world, no mail leaves outside its
window: neither when it is decided nor at the last moment at which delivery may still begin."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from nurture.rules.facts import Facts
from nurture.rules.newsletter import Plan, Reader, Send, decide, local_turn
from nurture.rules.timing import Window, closes_at, next_open

FIRST, YEARS = datetime(2026, 1, 1, tzinfo=UTC), 10
WINDOWS = (
    Window(frozenset(range(7)), 0, 1440),
    Window(frozenset(range(5)), 9 * 60, 18 * 60),
    Window(frozenset((6,)), 60, 4 * 60),
    Window(frozenset((5, 6)), 2 * 60 + 15, 2 * 60 + 45),
    Window(frozenset(range(7)), 23 * 60 + 30, 1440),
)


def changes(zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants at which the offset of a zone changes, to the minute."""
    found = []
    for day in range(366 * YEARS):
        low = FIRST + timedelta(days=day)
        high = low + timedelta(days=1)
        after = high.astimezone(zone).utcoffset()
        if low.astimezone(zone).utcoffset() == after:
            continue
        while high - low > timedelta(minutes=1):
            middle = low + (high - low) / 2
            low, high = (low, middle) if middle.astimezone(zone).utcoffset() == after else (middle, high)
        found.append(high.replace(second=0, microsecond=0))
    return tuple(found)


def _every_change() -> Iterator[tuple[ZoneInfo, datetime]]:
    """Each once: zones that change alike and stand alike are one."""
    seen = set()
    for name in sorted(available_timezones() - {"localtime"}):
        zone = ZoneInfo(name)
        for change in changes(zone):
            beside = (change - timedelta(days=2)).astimezone(zone).utcoffset()
            key = (change, beside, change.astimezone(zone).utcoffset())
            if key not in seen:
                seen.add(key)
                yield zone, change


CHANGES = list(_every_change())
AROUND = [timedelta(minutes=minutes) for minutes in (-1500, -200, -61, -31, -1, 0, 1, 29, 59, 61, 200, 1500)]


def within(window: Window, local: datetime) -> bool:
    minutes = local.hour * 60 + local.minute
    return local.weekday() in window.days and window.opens <= minutes < window.closes


def test_there_are_ten_years_of_changes_in_many_zones() -> None:
    assert len(CHANGES) > 200
    assert max(change for _zone, change in CHANGES).year == FIRST.year + YEARS - 1


@pytest.mark.parametrize("window", WINDOWS)
def test_chain_mails_keep_their_window_around_every_change(window: Window) -> None:
    for zone, change in CHANGES:
        for beside in AROUND:
            at = change + beside
            opened = next_open(window, zone, at)
            assert opened is not None and opened >= at, (zone, at)
            assert within(window, opened.astimezone(zone)), (zone, at)
            until = closes_at(window, zone, opened)
            assert until is not None and until > opened
            assert within(window, (until - timedelta(seconds=1)).astimezone(zone)), (zone, at, until)


@pytest.mark.parametrize("window", WINDOWS)
def test_newsletters_keep_the_same_calendar_around_every_change(window: Window) -> None:
    for zone, change in CHANGES:
        plan = Plan("marketing", starts_at=change - timedelta(days=3), window=window)
        facts = Facts(
            1, consents=frozenset({"marketing"}), timezone=zone.key, fields={"email": "ada@muster.example"}
        )
        for beside in AROUND:
            at = change + beside
            verdict = decide(plan, Reader(facts), None, at)
            if isinstance(verdict, Send):
                assert within(window, at.astimezone(zone)), (zone, at)
            else:
                later = getattr(verdict, "at", None)
                assert later is None or within(window, later.astimezone(zone)), (zone, at)


def test_a_local_time_is_never_missed_and_never_comes_twice_around_a_change() -> None:
    for zone, change in CHANGES:
        local = change.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
        for minutes in (-90, -30, 0, 30, 90):
            wanted = local + timedelta(minutes=minutes)
            start = change - timedelta(days=2)
            turn = local_turn(Plan("marketing", starts_at=start, local_at=wanted), zone.key)
            assert turn is not None and turn >= start
            there = turn.astimezone(zone).replace(tzinfo=None)
            exists = (
                wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted
            )
            assert there == wanted if exists else there > wanted, (zone, wanted, turn)
