"""Past activities come in from a file, once, and warm as much as they still can."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid
from nurture.flows.approve import decide
from nurture.flows.import_signals import import_signals
from nurture.flows.rate import rate
from nurture.rules.activity_columns import named
from nurture.store import approvals
from tests.conftest import TUESDAY
from tests.flows.rated_leads import publish, strong_lead
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
