"""A file of leads comes in, whole or not at all."""

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, Invalid, Unavailable
from nurture.flows import import_leads as flow
from nurture.flows.import_leads import ImportOptions, ImportResult, dating, reading
from nurture.store import imports, outcomes, suppressions
from nurture.store.consents import LeadConsent
from nurture.store.imports import Import
from nurture.store.leads import Lead
from tests.conftest import TUESDAY

PEPPER = b"p" * 32
Sessions = sessionmaker[Session]
Importer = Callable[..., ImportResult]


@pytest.fixture
def importer(sessions: Sessions, tmp_path: Path) -> Importer:
    def run(content: str | bytes, now=TUESDAY, name="people.csv", **options) -> ImportResult:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return flow.import_leads(
            sessions,
            path,
            ImportOptions(**options),
            home=tmp_path / "home",
            pepper=PEPPER,
            base_url="http://localhost:8000",
            now=now,
        )

    return run


def lead(db: Session, email: str) -> Lead:
    return db.query(Lead).filter_by(email_norm=email).one()


def test_a_plain_file_becomes_leads_with_companies_and_zones(importer: Importer, db: Session):
    result = importer(
        "Email,First name,Last name,Company,Company size,Country,Phone,Tags,Budget,fields.interest\n"
        "Anna@Weber.example,Anna,Weber,Weber Pumps,120,Germany,030 1234567,fair; pumps,yes,stock\n"
        "ole@lund.example,Ole,Lund,Lund AS,51-200,NO,,,,\n",
        source="Fair 2026",
    )
    assert (result.read, result.new, result.updated, result.bad) == (2, 2, 0, {})
    anna = lead(db, "anna@weber.example")
    assert (anna.email, anna.first_name, anna.phone) == ("Anna@Weber.example", "Anna", "+49301234567")
    assert (anna.country, anna.timezone, anna.timezone_source) == ("DE", "Europe/Berlin", "phone")
    assert (anna.stage, anna.temperature, sorted(anna.tags)) == ("lead", "cold", ["fair", "pumps"])
    assert anna.fields == {"interest": "stock"}
    assert anna.bant["budget"]["answer"] == "yes"
    assert "weber pumps" in anna.search
    sizes = db.execute(text("SELECT name, size FROM company ORDER BY name")).all()
    assert sizes == [("Lund AS", 51), ("Weber Pumps", 120)]
    assert db.execute(text("SELECT name, kind FROM source")).all() == [("Fair 2026", "import")]
    assert (
        db.execute(text("SELECT old, new, reason FROM stage_change")).all()
        == [(None, "lead", "imported")] * 2
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_umlauts_survive_every_usual_encoding(importer: Importer, db: Session, encoding: str):
    importer("E-Mail;Vorname;Firma\nj@mueller.example;Jürgen;Müller & Söhne\n".encode(encoding))
    assert lead(db, "j@mueller.example").first_name == "Jürgen"


def test_russian_headers_are_understood(importer: Importer, db: Session):
    importer("Электронная почта\tИмя\tФамилия\nivan@firma.example\tИван\tПетров\n")
    assert lead(db, "ivan@firma.example").last_name == "Петров"


def test_bad_rows_come_back_with_line_and_reason_and_the_good_ones_are_taken(importer: Importer, db: Session):
    result = importer(
        "email,name\nanna@weber.example,Anna\n"
        'not an address,"=cmd()"\n,Nobody\n"x@y.example","two\nlines",surplus\n'
    )
    assert result.new == 1
    assert result.bad == {"address": 1, "nobody": 1, "unreadable": 1}
    with result.bad_rows.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["line", "reason", "email", "name"]
    assert [row[0] for row in rows[1:]] == ["3", "4", "5"]
    assert rows[1][2:] == ["not an address", "'=cmd()"]
    assert all(row[1] for row in rows[1:])


def test_on_error_stop_takes_nothing(importer: Importer, db: Session):
    with pytest.raises(Invalid, match="nothing was"):
        importer("email\nanna@weber.example\nnot an address\n", on_error="stop")
    assert db.query(Lead).count() == 0
    assert db.execute(text("SELECT count(*) FROM import_row")).scalar() == 0
    noted = db.query(Import).one()
    assert (noted.state, noted.summary["bad"]) == ("failed", {"address": 1})
    assert noted.bad_rows_path


def test_the_first_of_two_rows_wins_and_its_blanks_are_filled(importer: Importer, db: Session):
    result = importer(
        "email,first name,city,tags\nanna@weber.example,Anna,,a\nANNA@weber.example ,Annabel,Bonn,b\n"
    )
    assert (result.new, result.duplicates) == (1, 1)
    anna = lead(db, "anna@weber.example")
    assert (anna.first_name, anna.city, sorted(anna.tags)) == ("Anna", "Bonn", ["a", "b"])
    assert "anna" in anna.search


def test_blanks_overwrite_nothing_and_an_import_again_changes_nothing(importer: Importer, db: Session):
    file = "email,first name,city,need\nanna@weber.example,Anna,Bonn,partly\n"
    importer(file)
    second = importer("email,first name,city\nanna@weber.example,Anne,\n", now=TUESDAY + timedelta(days=1))
    assert (second.new, second.updated, second.unchanged) == (0, 1, 0)
    anna = lead(db, "anna@weber.example")
    assert (anna.first_name, anna.city) == ("Anne", "Bonn")
    db.rollback()
    third = importer(
        "email,first name,city,need\nanna@weber.example,Anne,Bonn,partly\n", now=TUESDAY + timedelta(days=2)
    )
    assert (third.new, third.updated, third.unchanged) == (0, 0, 1)


def test_a_switchboard_number_identifies_one_lead_and_is_kept_for_the_others(importer: Importer, db: Session):
    result = importer(
        "email,phone,first name\na@weber.example,+49 30 1234567,Anna\nb@weber.example,+49 30 1234567,Bert\n"
        ",+49 30 1234567,\n"
    )
    assert (result.new, result.duplicates) == (2, 1)
    assert lead(db, "a@weber.example").phone == "+49301234567"
    assert lead(db, "b@weber.example").phone is None
    assert lead(db, "b@weber.example").fields == {"shared_phone": "+49301234567"}


def test_a_caller_known_by_phone_alone_gets_the_address_of_the_file(importer: Importer, db: Session):
    importer("phone,name\n+49 30 1234567,Anna Weber\n")
    result = importer("email,phone\nanna@weber.example,+49301234567\n", now=TUESDAY + timedelta(days=1))
    assert (result.new, result.updated) == (0, 1)
    assert lead(db, "anna@weber.example").last_name == "Weber"


def test_two_rows_that_turn_out_to_be_one_known_lead_are_one(importer: Importer, db: Session):
    importer("email,phone\nanna@weber.example,+49301234567\n")
    result = importer(
        "email,phone,city,role\nanna@weber.example,,Bonn,\n,+49301234567,,Buyer\n",
        now=TUESDAY + timedelta(days=1),
    )
    assert (result.new, result.updated, result.duplicates) == (0, 1, 1)
    assert (lead(db, "anna@weber.example").city, lead(db, "anna@weber.example").role) == ("Bonn", "Buyer")


def test_a_file_without_any_contact_column_says_what_to_do(importer: Importer):
    with pytest.raises(Invalid, match="--map"):
        importer("Who,When\nAnna,now\n")


def test_columns_are_named_by_hand_and_unknown_ones_are_said_to_be_ignored(importer: Importer, db: Session):
    result = importer(
        "Wer,Interesse,Notiz\nanna@weber.example,stock,x\n",
        mapping={"Wer": "email", "interesse": "fields.interest"},
    )
    assert list(result.ignored_columns) == ["Notiz"]
    assert lead(db, "anna@weber.example").fields == {"interest": "stock"}


def test_a_wrong_mapping_names_every_fault(importer: Importer):
    with pytest.raises(Invalid) as refusal:
        importer("email\na@b.example\n", mapping={"mail": "email", "email": "nonsense"})
    assert len(refusal.value.errors["map"]) == 2


def test_the_same_file_goes_on_where_it_was_interrupted(
    sessions: Sessions, tmp_path: Path, db: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "CHUNK", 3)
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "".join(f"lead{n}@firma.example\n" if n % 4 else "bad\n" for n in range(12)))
    where = {"home": tmp_path, "pepper": PEPPER, "base_url": "http://x", "now": TUESDAY}

    def interrupted(progress: flow.Progress) -> None:
        if progress.done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        flow.import_leads(sessions, path, ImportOptions(), progress=interrupted, **where)
    assert db.query(Lead).count() == 0
    db.rollback()
    seen: list[int] = []
    result = flow.import_leads(
        sessions, path, ImportOptions(), progress=lambda progress: seen.append(progress.done), **where
    )
    assert seen[0] == 9
    assert (result.read, result.new, result.bad) == (12, 9, {"address": 3})
    assert len(result.bad_rows.read_text().splitlines()) == 4
    assert db.query(Import).count() == 1


def test_other_processes_sort_out_a_file_as_this_one_would(
    sessions: Sessions, tmp_path: Path, db: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reading, "CHUNK", 3)
    shut = [suppressions.address_hash(PEPPER, f"lead5@{house}.example") for house in ("firma", "werke")]
    suppressions.suppress(
        db, [suppressions.NewSuppression(one, "complaint") for one in shut], now=TUESDAY
    )  # fmt: skip
    db.commit()
    where = {"home": tmp_path, "pepper": PEPPER, "base_url": "http://x", "now": TUESDAY}
    found = {}
    for house, code, processes in (("firma", "12", 2), ("werke", "67", 0)):
        people = [f"lead{n}@{house}.example;Großmann {n};030 {code}345{n:02d}\n" for n in range(15)]
        people[4], people[8] = "bad;;\n", 'lead1@open.example;"open;\n'
        path = tmp_path / f"{house}.csv"
        path.write_text("email;Nachname;Telefon\n" + "".join(people))
        found[house] = flow.import_leads(
            sessions, path, ImportOptions(consent="marketing"), processes=processes, **where
        )
    together, alone = found["firma"], found["werke"]
    assert (together.read, together.new, together.bad) == (15, 13, {"address": 1, "unreadable": 1})
    assert together.not_mailable == {"suppressed": 1}
    for name in ("read", "new", "duplicates", "bad", "mailable", "not_mailable", "warnings"):
        assert getattr(together, name) == getattr(alone, name)
    assert together.bad_rows.read_text() == alone.bad_rows.read_text()
    first, second = lead(db, "lead7@firma.example"), lead(db, "lead7@werke.example")
    assert first.last_name == second.last_name == "Großmann 7"
    assert first.search == second.search.replace("werke", "firma").replace("6734507", "1234507")


def test_a_disk_that_takes_no_more_is_one_sentence_and_the_import_goes_on_later(
    importer: Importer, tmp_path: Path, db: Session
):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "imports").write_text("in the way")
    with pytest.raises(Unavailable, match="start it again"):
        importer("email\nanna@firma.example\nbad\n")
    (tmp_path / "home" / "imports").unlink()
    assert importer("email\nanna@firma.example\nbad\n").new == 1
    assert db.query(Import).count() == 1


def test_an_import_is_carried_out_by_one_process_at_a_time(sessions: Sessions, tmp_path: Path):
    path = tmp_path / "people.csv"
    path.write_text("email\nanna@firma.example\n")
    where = {"home": tmp_path, "pepper": PEPPER, "base_url": "http://x", "now": TUESDAY}
    import_id = flow.begin_import(sessions, path, ImportOptions(), now=TUESDAY, by="test")
    with imports.turn(sessions, import_id), pytest.raises(Conflict):
        flow.run_import(sessions, import_id, path, **where)
    assert flow.run_import(sessions, import_id, path, **where).new == 1


def test_an_uploaded_file_waits_for_its_worker(sessions: Sessions, tmp_path: Path):
    path = tmp_path / "uploads" / "x"
    path.parent.mkdir()
    path.write_text("email\nanna@firma.example\n")
    where = {"home": tmp_path, "pepper": PEPPER, "base_url": "http://x", "now": TUESDAY}
    import_id = flow.begin_import(sessions, path, ImportOptions(), now=TUESDAY, by="test")
    flow.keep_upload(path, tmp_path, import_id)
    assert flow.run_waiting(sessions, **where) == 1
    assert flow.run_waiting(sessions, **where) == 0
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_import_says_who_may_be_mailed_and_why_the_others_may_not(
    importer: Importer, sessions: Sessions, db: Session
):
    with sessions.begin() as session:
        gone = suppressions.NewSuppression(
            suppressions.address_hash(PEPPER, "bounced@firma.example"), "hard_bounce"
        )
        suppressions.suppress(session, [gone], now=TUESDAY)
    file = "email,phone\nanna@firma.example,\nbounced@firma.example,\n,+49301234567\n"
    result = importer(file, consent="marketing")
    assert result.mailable == 1
    assert result.not_mailable == {"suppressed": 1, "no_email": 1}
    assert importer(file, source="again").not_mailable == {"suppressed": 1, "no_email": 1}
    assert importer("email\nbert@firma.example\n").not_mailable == {"no_consent": 1}


def test_consent_in_a_file_carries_its_proof(importer: Importer, db: Session):
    result = importer("email\nanna@firma.example\n", consent="marketing")
    anna = lead(db, "anna@firma.example")
    assert db.get(LeadConsent, (anna.id, "marketing")).granted
    proof = db.execute(text("SELECT proof FROM consent")).scalar_one()
    assert proof["import"] == result.import_id
    assert len(proof["file_hash"]) == 64


def test_nobody_is_told_of_imported_leads_when_nobody_listens(importer: Importer, db: Session):
    importer("email\nanna@firma.example\n")
    assert db.execute(text("SELECT count(*) FROM webhook_message")).scalar() == 0


def test_a_listener_hears_of_each_new_lead_once(importer: Importer, sessions: Sessions, db: Session):
    with sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO webhook_endpoint (url, types, secrets, created_at)"
                " VALUES ('http://sales.example', '{}', '{}', clock_timestamp())"
            )
        )
    importer("email\nanna@firma.example\n")
    importer("email\nanna@firma.example\nbert@firma.example\n", now=TUESDAY + timedelta(days=1))
    told = db.execute(text("SELECT type FROM webhook_message")).scalars().all()
    assert told.count("lead.created") == 2


def test_past_deals_come_in_where_they_ended_and_teach_the_score(importer: Importer, db: Session):
    importer("email\nopen@x.example\nsales@x.example\n")
    db.execute(text("UPDATE lead SET stage = 'opportunity' WHERE email = 'sales@x.example'"))
    db.commit()
    result = importer(
        "email,Converted,Closed,Shoe size\nwon@x.example,1,2026-01-15,42\nlost@x.example,0,,41\n"
        "none@x.example,maybe,,\nnew@x.example,in progress,,\nopen@x.example,Closed Lost,2026-02-01,44\n"
        "sales@x.example,won,,\nfuture@x.example,won,2126-01-01,40\n",
        name="deals.csv",
        mapping={"Converted": "outcome", "Closed": "outcome_at"},
        others="keep",
    )
    assert result.outcomes == {"won": 3, "lost": 2} and result.ignored_columns == ()
    stands = {one.email: (one.stage, one.fields.get("shoe_size")) for one in db.query(Lead)}
    assert stands == {
        "won@x.example": ("customer", "42"),
        "lost@x.example": ("lost", "41"),
        "none@x.example": ("lead", None),
        "new@x.example": ("lead", None),
        "open@x.example": ("lost", "44"),
        "sales@x.example": ("opportunity", None),
        "future@x.example": ("customer", "40"),
    }
    assert "outcome cannot be read and was left out" in result.warnings
    since = dict(db.execute(text("SELECT email, stage_since FROM lead")).all())
    assert since["won@x.example"].isoformat() == "2026-01-15T00:00:00+00:00"
    assert since["future@x.example"] == TUESDAY
    moved = db.execute(text("SELECT old, new, reason FROM stage_change WHERE old = 'lead'")).all()
    assert [tuple(one) for one in moved] == [("lead", "lost", "imported")]
    won, lost = outcomes.counts(db, limit=100)
    assert (won, lost) == (2, 2)


def test_dates_of_a_file_are_read_as_people_write_them(importer: Importer, db: Session):
    result = importer(
        "email,Birthday,dates.contract_end\n"
        "anna@weber.example,5/17/1980,31 December 2026\n"
        "ben@weber.example,04/03/1975,2027-01-31T00:00:00Z\n"
        "cleo@weber.example,soon,\n"
    )
    assert lead(db, "anna@weber.example").dates == {"birthday": "1980-05-17", "contract_end": "2026-12-31"}
    assert lead(db, "ben@weber.example").dates == {"birthday": "1975-04-03", "contract_end": "2027-01-31"}
    assert result.dates_order == "month_first"
    assert [(one.line, one.written, one.day) for one in result.dates] == [
        (3, "04/03/1975", "1975-04-03"),
        (2, "31 December 2026", "2026-12-31"),
        (3, "2027-01-31T00:00:00Z", "2027-01-31"),
    ]
    assert result.warnings["dates.birthday cannot be read and was left out"] == 1


def test_a_file_whose_dates_mean_two_days_is_asked_about(importer: Importer, db: Session):
    file = "email,birthday\nanna@weber.example,04/03/1975\n"
    with pytest.raises(Invalid, match="Line 2 says 04/03/1975") as question:
        importer(file)
    assert list(question.value.errors) == ["dates"]
    assert db.query(Lead).count() == 0
    db.rollback()
    importer(file, dates="day_first")
    assert lead(db, "anna@weber.example").dates == {"birthday": "1975-03-04"}


def test_a_long_file_whose_dates_mean_two_days_waits_for_its_answer(
    sessions: Sessions, tmp_path: Path, db: Session, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dating, "_AT_ONCE", 1)
    path = tmp_path / "uploads" / "x"
    path.parent.mkdir()
    path.write_text("email,birthday\nanna@weber.example,04/03/1975\nben@weber.example,\n")
    where = {"home": tmp_path, "pepper": PEPPER, "base_url": "http://x", "now": TUESDAY}
    import_id = flow.lay_aside(sessions, path, now=TUESDAY, by="test", filename="x.csv", home=tmp_path)
    for told, state in (("", "draft"), ("month_first", "done")):
        with sessions.begin() as session:
            flow.settle_options(
                session, import_id, ImportOptions(dates=told), home=tmp_path, state="staged", now=TUESDAY
            )
        assert flow.run_waiting(sessions, **where) == 1
        db.rollback()
        assert db.get_one(Import, import_id).state == state
    assert lead(db, "anna@weber.example").dates == {"birthday": "1975-04-03"}
