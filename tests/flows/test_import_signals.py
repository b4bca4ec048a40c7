"""Past activities come in from a file, once, and warm as much as they still can."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid
from nurture.flows.approve import decide
from nurture.flows.import_signals import HowDates, SignalImport, check_signals, import_signals
from nurture.flows.leads import erase_lead
from nurture.flows.rate import rate
from nurture.flows.strangers import MakeLeads
from nurture.rules.activity_columns import named
from nurture.store import approvals
from tests.conftest import TUESDAY
from tests.flows.rated_leads import publish, send, strong_lead
from tests.mailed import a_lead

FILE = """Email,Kind,Occurred_at,Where
anna@example.com,Event Attended,2026-02-20T18:00:00Z,Fair
ANNA@example.com,clicked,2026-03-01,
anna@example.com,clicked,2026-03-01,
nobody@example.com,clicked,2026-03-01,
anna@example.com,clicked,last week,
anna@example.com,clicked,2031-01-01,
,clicked,2026-03-01,
"""


def test_a_file_of_past_activities_is_taken_once(
    db: Session, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    publish(sessions)
    a_lead(db)
    file = tmp_path / "past.csv"
    file.write_text(FILE)
    done = import_signals(sessions, file, now=TUESDAY)
    assert (done.read, done.new, done.known, done.bad) == (7, 3, 0, 4)
    assert [line for line, _sentence in sorted(done.faults)] == [5, 6, 7, 8]
    again = import_signals(sessions, file, now=TUESDAY)
    assert (again.new, again.known, again.bad) == (0, 3, 4)
    rate(sessions, now=TUESDAY)
    found = db.execute(text("SELECT temperature, touches_in, last_signal_at FROM lead")).one()
    assert (found.temperature, found.touches_in) == ("warm", 3)
    assert db.scalar(text("SELECT data FROM signal WHERE kind = 'event_attended'")) == {"where": "Fair"}
    assert db.scalar(text("SELECT count(*) FROM signal_default")) == 0


def test_a_file_of_past_activities_hands_nobody_over_before_somebody_says_yes(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    publish(sessions)
    lead_id = strong_lead(sessions, email="anna@example.com", email_norm="anna@example.com")
    file = tmp_path / "past.csv"
    hot = "".join(
        f"anna@example.com,downloaded,2026-03-0{day}T0{hour}:00Z\n" for day in (1, 2) for hour in (7, 8, 9)
    )
    file.write_text(f"email,kind,occurred_at\n{hot}anna@example.com,meeting_requested,2026-03-02T10:00Z\n")
    import_signals(sessions, file, now=TUESDAY)
    rate(sessions, now=TUESDAY)
    with sessions() as session:
        assert session.scalar(text("SELECT temperature FROM lead")) == "hot"
        assert session.scalar(text("SELECT count(*) FROM handoff")) == 0
        assert [one.lead_id for one in approvals.page(session, after=None, limit=9)] == [lead_id]
    assert decide(sessions, None, hand_over=True, now=TUESDAY, by="user:1").approved == 1
    with sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM handoff")) == 1


def test_what_was_asked_long_ago_hands_over_neither_before_nor_after_a_no(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    publish(sessions)
    lead_id = strong_lead(sessions, email="anna@example.com", email_norm="anna@example.com")
    file = tmp_path / "past.csv"
    file.write_text("email,kind,occurred_at\nanna@example.com,meeting_requested,2026-03-02T10:00Z\n")
    import_signals(sessions, file, now=TUESDAY)
    rate(sessions, now=TUESDAY)

    def handed_over_by(kind: str, minutes: int) -> bool:
        now = TUESDAY + timedelta(minutes=minutes)
        send(sessions, lead_id, kind, now)
        rate(sessions, now=now)
        with sessions() as session:
            return bool(session.scalar(text("SELECT count(*) FROM handoff")))

    assert not handed_over_by("opened", 1), "it waits for a yes"
    assert decide(sessions, None, hand_over=False, now=TUESDAY, by="user:1").declined == 1
    assert not handed_over_by("opened", 2), "and was kept back"
    assert handed_over_by("meeting_requested", 3), "who asks today does not wait"


def test_its_columns_are_known_by_the_names_that_people_give_them(
    db: Session, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    a_lead(db)
    file = tmp_path / "past.csv"
    file.write_text("E-Mail,Ereignis,Datum,Ort\nanna@example.com,Messe besucht,2026-02-20,Köln\n")
    done = import_signals(sessions, file, now=TUESDAY)
    assert (done.new, done.faults) == (1, [])
    kept = db.execute(text("SELECT kind, data FROM signal")).one()
    assert tuple(kept) == ("messe_besucht", {"ort": "Köln"})
    assert named(["Электронная почта", "Событие", "Дата", "Lead ID"])[:3] == ["email", "kind", "occurred_at"]
    assert named(["email", "Mail", "kind", "Event", "occurred_at", "Lead ID"])[1::2] == [
        "mail",
        "event",
        "lead id",
    ]


def test_a_file_without_kinds_is_refused(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    file = tmp_path / "past.csv"
    file.write_text("email,when\nanna@example.com,2026-03-01\n")
    with pytest.raises(Invalid):
        import_signals(sessions, file, now=TUESDAY)


def taken_in(
    sessions: sessionmaker[Session], file: Path, rows: str, order: str | None = None, zone: str = "UTC"
) -> SignalImport:
    file.write_text(
        "email,kind,occurred_at\n" + "".join(f"anna@example.com,{row}\n" for row in rows.split("|"))
    )
    return import_signals(sessions, file, now=TUESDAY, how=HowDates(order, zone))


def days(db: Session) -> list[str]:
    db.rollback()
    rows = db.scalars(text("SELECT to_char(occurred_at, 'MM-DD HH24:MI') FROM signal ORDER BY kind"))
    return list(rows)


def test_the_whole_column_tells_what_comes_first_in_its_dates(
    db: Session, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    a_lead(db)
    done = taken_in(sessions, tmp_path / "a.csv", "a,03/02/2026 9:30|b,28/02/2026|c,45992")
    assert (done.new, done.bad, done.dates.order) == (3, 0, "day_first")
    assert days(db) == ["02-03 09:30", "02-28 00:00", "12-01 00:00"]
    assert [one.written for one in done.dates.shown] == ["03/02/2026 9:30", "28/02/2026", "45992"]
    assert str(done.dates.last)[:10] == "2026-02-28"


def test_american_dates_are_told_by_one_that_can_be_nothing_else(
    db: Session, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    a_lead(db)
    done = taken_in(sessions, tmp_path / "a.csv", "a,02/03/2026 2:05 PM|b,02/28/2026", zone="Europe/Berlin")
    assert done.dates.order == "month_first"
    assert days(db) == ["02-03 13:05", "02-27 23:00"]


def test_dates_that_mean_two_days_are_asked_about_and_nothing_is_taken(
    db: Session, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    a_lead(db)
    with pytest.raises(Invalid, match="Line 3 says 01/02/2026: is that 2026-02-01 or 2026-01-02") as asked:
        taken_in(sessions, tmp_path / "a.csv", "a,2026-01-01|b,01/02/2026")
    assert list(asked.value.errors) == ["dates"]
    with pytest.raises(Invalid, match="Line 2 says 13/02/2026, which has the day first, and line 3"):
        taken_in(sessions, tmp_path / "a.csv", "a,13/02/2026|b,02/14/2026")
    assert days(db) == []
    done = taken_in(sessions, tmp_path / "a.csv", "a,13/02/2026|b,02/14/2026|c,01/02/2026", "month-first")
    assert (done.new, done.bad) == (2, 1)
    assert done.faults == [(2, '"13/02/2026" is no date with the month first.')]
    assert days(db) == ["02-14 00:00", "01-02 00:00"]


def test_a_check_says_what_would_be_and_writes_nothing(
    db: Session, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    publish(sessions)
    a_lead(db)
    file = tmp_path / "past.csv"
    file.write_text(FILE)
    checked = check_signals(sessions, file, now=TUESDAY)
    assert days(db) == []
    done = import_signals(sessions, file, now=TUESDAY)
    assert checked == done
    again = check_signals(sessions, file, now=TUESDAY)
    assert (again.new, again.known, again.bad) == (0, 3, 4)


def test_what_is_no_zone_or_order_is_said(sessions: sessionmaker[Session], tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="Europe/Berlin"):
        taken_in(sessions, tmp_path / "a.csv", "a,2026-01-01", zone="Middle of nowhere")
    with pytest.raises(Invalid, match="day_first or month_first"):
        taken_in(sessions, tmp_path / "a.csv", "a,2026-01-01", "year_first")


def test_strangers_of_a_file_are_told_and_become_leads_where_somebody_says_so(
    db: Session, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    pepper = b"p" * 32
    gone = a_lead(db, "gone")
    erase_lead(db, gone.id, pepper=pepper, home=tmp_path, now=TUESDAY, by="test")
    anna = a_lead(db)
    file = tmp_path / "past.csv"
    rows = "".join(
        f"New{number % 50}@fair.example,downloaded,2026-02-{number % 20 + 1:02}\n" for number in range(100)
    )
    told = "anna@example.com,clicked,2026-03-01\nGONE@example.com,clicked,2026-03-01\n"
    file.write_text(f"email,kind,occurred_at\n{rows}{told}no address,clicked,2026-03-01\n")
    seen = check_signals(sessions, file, now=TUESDAY)
    assert (seen.new, seen.bad, len(seen.strangers), seen.made) == (1, 102, 51, 0)
    make = MakeLeads("Fair", tmp_path, pepper, "https://n.example", "test")
    done = import_signals(sessions, file, now=TUESDAY, make=make)
    assert (done.new, done.bad, done.made, done.strangers) == (101, 2, 50, {"gone@example.com"})
    assert db.scalar(text("SELECT count(*) FROM lead_consent WHERE granted")) == 0
    source = "SELECT DISTINCT s.name FROM lead l JOIN source s ON s.id = l.source_id WHERE l.id > :anna"
    assert db.scalars(text(source), {"anna": anna.id}).all() == ["Fair"]
    again = import_signals(sessions, file, now=TUESDAY, make=make)
    assert (again.new, again.known, again.made) == (0, 101, 0)
