"""The base goes out as a file and could come back."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Unavailable
from nurture.flows.export_leads import export_leads
from nurture.flows.import_leads import ImportOptions, import_leads
from tests.conftest import TUESDAY

LEADS = (
    "email,first_name,last_name,company,company.size,phone,tags,fields.interest,dates.birthday,bant.need\n"
    'anna@weber.example,"=cmd(""x"")",Weber,"Weber, Pumps",120,+493012345678,a;b,-stock,1980-05-17,yes\n'
    "bert@weber.example,Bert,Groß,,,,,,,\n"
)


@pytest.fixture
def base(sessions: sessionmaker[Session], tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text(LEADS)
    bring_in(sessions, path, tmp_path)
    return tmp_path


def bring_in(sessions: sessionmaker[Session], path: Path, home: Path):
    where = {"home": home, "pepper": b"p" * 32, "base_url": "http://localhost"}
    return import_leads(sessions, path, ImportOptions(consent="marketing"), now=TUESDAY, **where)


def test_no_cell_of_an_export_is_a_formula(base: Path, sessions: sessionmaker[Session]):
    assert export_leads(sessions, base / "out.csv", now=TUESDAY) == 2
    with (base / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        anna, bert = csv.DictReader(file)
    assert anna["first_name"] == '\'=cmd("x")'
    assert anna["phone"] == "'+493012345678"
    assert anna["fields.interest"] == "'-stock"
    assert (anna["company"], anna["tags"], anna["bant.need"]) == ("Weber, Pumps", "a;b", "yes")
    assert (bert["last_name"], bert["consents"]) == ("Groß", "marketing")


def test_an_export_imported_again_changes_nothing(base: Path, sessions: sessionmaker[Session], db: Session):
    export_leads(sessions, base / "out.csv", now=TUESDAY)
    result = bring_in(sessions, base / "out.csv", base)
    assert (result.new, result.updated, result.unchanged, result.bad) == (0, 0, 2, {})
    assert db.execute(text("SELECT first_name FROM lead ORDER BY id")).scalars().all()[0] == '=cmd("x")'


def test_a_folder_that_is_not_there_is_named(base: Path, sessions: sessionmaker[Session]):
    with pytest.raises(Unavailable, match="cannot be written"):
        export_leads(sessions, base / "none" / "out.csv", now=TUESDAY)
