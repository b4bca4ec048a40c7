"""Leads are put into a chain by hand: one by one, many at once, or with a file, at once or over days."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Invalid
from nurture.files.yaml_lines import Faults
from nurture.flows import change_leads
from nurture.flows.import_leads import ImportOptions, import_leads
from nurture.flows.leads import save_lead
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.flows.start_leads import places, read_place
from nurture.store.enrollments import Enrollment
from nurture.store.leads import Lead
from tests.conftest import TUESDAY

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
PLACE = "consulting/cold/reorder-points"


@pytest.fixture
def program(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")


def _runs(session: Session) -> list[tuple[int, str | None, object]]:
    found = session.query(Enrollment).filter(Enrollment.state == "active").order_by(Enrollment.lead_id)
    return [(run.lead_id, run.step_key, run.due_at) for run in found]


def _import(sessions: sessionmaker[Session], folder: Path, count: int, **options: object) -> None:
    file = folder / "fair.csv"
    file.write_text("email\n" + "".join(f"guest{n}@werk.example\n" for n in range(count)), encoding="utf-8")
    import_leads(
        sessions,
        file,
        ImportOptions(**options),  # type: ignore[arg-type]
        home=folder,
        pepper=b"p" * 32,
        base_url="http://localhost",
        now=TUESDAY,
    )


def test_the_places_are_the_chains_and_steps_of_live_programs(program: None, db: Session) -> None:
    written = [place for place, *_words in places(db)]
    assert {"consulting/cold", "consulting/hot", PLACE} <= set(written)
    for place in written:
        read_place(db, place)
    for nonsense in ("", "consulting", "consulting/tepid", "consulting/cold/nothing", "other/cold", "'/--/x"):
        with pytest.raises(Invalid):
            read_place(db, nonsense)


def test_many_start_at_a_step_and_are_taken_out_again(program: None, db: Session) -> None:
    ids = [
        save_lead(
            db,
            {"email": f"{n}@werk.example"},
            now=TUESDAY,
            by="test",
            pepper=b"pepper",
            base_url="http://localhost",
        ).id
        for n in "abc"
    ]
    db.get_one(Lead, ids[2]).held_at = TUESDAY
    db.flush()
    done = change_leads.change_leads(db, ids, "start", PLACE, by="test", now=TUESDAY)
    assert done.lead_ids == ids[:2]
    assert _runs(db) == [(ids[0], "reorder-points", TUESDAY), (ids[1], "reorder-points", TUESDAY)]
    assert change_leads.change_leads(db, ids, "start", PLACE, by="test", now=TUESDAY).lead_ids == []
    change_leads.undo(db, done.id, by="test", now=TUESDAY)
    assert _runs(db) == []


def test_a_file_of_leads_starts_over_days(
    program: None, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    (tmp_path / "imports").mkdir()
    _import(sessions, tmp_path, 4, start=PLACE, spread_days=2, consent="marketing")
    with sessions() as session:
        dues = [(step, due) for _lead, step, due in _runs(session)]
    assert dues == [("reorder-points", TUESDAY + timedelta(days=n / 2)) for n in range(4)]


def test_a_place_that_is_none_is_refused_before_anything_is_taken(
    program: None, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    for options in ({"start": "consulting/none"}, {"start": PLACE, "spread_days": 366}):
        with pytest.raises(Invalid):
            _import(sessions, tmp_path, 1, **options)
    with sessions() as session:
        assert session.query(Lead).count() == 0
