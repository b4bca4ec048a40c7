"""One reader, one moment, one verdict; and never outside its hours, in any zone, over ten years of clocks
that change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.conditions import parse
from nurture.rules.facts import Facts
from nurture.rules.newsletter import Later, LeaveOut, NotAddressed, Plan, Reader, Send, decide, local_turn
from nurture.rules.timing import Frequency, Window, is_open, zone_for

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)
TEN_YEARS = st.datetimes(datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2034-01-01"))


def plan(**more: object) -> Plan:
    return Plan(**{"purpose": "marketing", "starts_at": NOW, **more})


def reader(**more: object) -> Reader:
    facts = {"lead_id": 1, "consents": frozenset({"marketing"}), "fields": {"email": "a@muster.example"}}
    timezone = more.pop("timezone", None)
    return Reader(Facts(**facts, timezone=timezone), **more)


def test_only_who_agreed_and_fits_is_addressed():
    nobody = Reader(Facts(lead_id=1, fields={"email": "a@muster.example"}))
    assert decide(plan(), nobody, None, NOW) == NotAddressed()
    tagged = plan(audience=parse({"tag": "large"}))
    assert decide(tagged, reader(), None, NOW) == NotAddressed()
    assert decide(plan(), reader(), None, NOW) == Send(None)


def test_a_pause_and_a_suppressed_address_are_respected():
    assert decide(plan(), reader(suppressed=True), None, NOW) == LeaveOut("suppressed")
    later = NOW + timedelta(days=9)
    assert decide(plan(), reader(paused_until=later), None, NOW) == LeaveOut("own_pause")


def test_over_the_cap_it_is_left_out_or_waits_by_choice():
    cap = Frequency(1, timedelta(days=3))
    busy = reader(sends=[NOW - timedelta(days=1)])
    assert decide(plan(), busy, cap, NOW) == LeaveOut("frequency")
    assert decide(plan(over="defer"), busy, cap, NOW) == Later(NOW + timedelta(days=2), "frequency")
    month = Frequency(1, timedelta(days=30))
    assert decide(plan(over="defer"), busy, month, NOW) == LeaveOut("frequency")


def test_ten_in_the_morning_is_ten_wherever_the_reader_lives():
    ten = plan(local_at=datetime.fromisoformat("2026-03-04T10:00"))
    for zone, hour in (("Asia/Tokyo", 1), ("America/New_York", 15), (None, 10)):
        verdict = decide(ten, reader(timezone=zone), None, NOW)
        assert verdict == Later(datetime(2026, 3, 4, hour, tzinfo=UTC), "local_time")


def test_where_the_local_time_had_passed_at_the_start_it_comes_a_day_later():
    ten = plan(local_at=datetime.fromisoformat("2026-03-03T10:00"))
    assert local_turn(ten, "Asia/Tokyo") == datetime(2026, 3, 4, 1, tzinfo=UTC)
    assert local_turn(ten, "America/New_York") == datetime(2026, 3, 3, 15, tzinfo=UTC)


@given(
    zone=st.sampled_from(ZONES),
    start=TEN_YEARS,
    opens=st.integers(0, 1380),
    length=st.integers(30, 1440),
    days=st.frozensets(st.integers(0, 6), min_size=1),
    local=st.booleans(),
)
def test_no_newsletter_goes_out_outside_its_hours(zone, start, opens, length, days, local):
    now = start.replace(tzinfo=UTC)
    window = Window(days, opens, min(opens + length, 1440), ("DE",))
    given_plan = plan(starts_at=now, window=window, local_at=start + timedelta(hours=20) if local else None)
    where = zone_for(zone, "UTC")
    for _turn in range(6):
        verdict = decide(given_plan, reader(timezone=zone), None, now)
        if isinstance(verdict, Send):
            assert is_open(window, where, now)
            assert verdict.until is not None and is_open(window, where, verdict.until - timedelta(seconds=1))
            return
        if isinstance(verdict, LeaveOut):
            return
        assert verdict.at > now
        now = verdict.at
    raise AssertionError("it never came to an end")


@given(zone=st.sampled_from(ZONES), at=TEN_YEARS)
def test_a_local_time_comes_at_that_local_time_unless_the_clocks_skip_it(zone, at):
    at = at.replace(second=0, microsecond=0)
    turn = local_turn(plan(starts_at=datetime(2020, 1, 1, tzinfo=UTC), local_at=at), zone)
    local = turn.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert local == at or at < local <= at + timedelta(hours=25)
