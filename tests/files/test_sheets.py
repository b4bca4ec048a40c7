"""Excel workbooks as people send them."""

import io
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from nurture.errors import Invalid
from nurture.files import csv_in, sheets, uploads

# A sheet knows no zones.
HALF_PAST_NINE = datetime.fromisoformat("2026-03-01 09:30")


def _book(path: Path, *rows: list[object], hidden: list[object] | None = None) -> Path:
    workbook = openpyxl.Workbook()
    first = workbook.active
    assert first is not None
    if hidden is not None:
        first.append(hidden)
        first.sheet_state = "hidden"
    workbook.create_sheet("Empty")
    sheet = workbook.create_sheet("Leads")
    for row in rows:
        sheet.append(row)
    if rows:
        workbook.create_sheet("Later").append(["other"])
    workbook.save(path)
    return path


def _lines(path: Path, to: Path) -> list[str]:
    sheets.write_csv(path, to)
    return to.read_text().split("\n")


def test_values_come_as_a_person_would_write_them(tmp_path: Path):
    book = _book(
        tmp_path / "fair.xlsx",
        ["email", "phone", "zip", "rate", "day", "at", "hour", "yes"],
        [
            "a@x.example",
            49301234567,
            34117.0,
            1.5,
            date(2026, 3, 1),
            HALF_PAST_NINE,
            time(9),
            True,
        ],
    )
    assert _lines(book, tmp_path / "a.csv")[1] == (
        "a@x.example,49301234567,34117,1.5,2026-03-01,2026-03-01 09:30:00,09:00:00,true"
    )


def test_the_first_visible_sheet_that_says_anything_is_read_row_by_row(tmp_path: Path):
    book = _book(tmp_path / "fair.xlsx", [], ["email"], [], ["two\nlines", None], hidden=["secret"])
    assert _lines(book, tmp_path / "a.csv") == ["", "email", "", "two lines", ""]


def test_a_formula_is_never_run_and_a_text_that_looks_like_one_stays_text(tmp_path: Path):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["email", "note"])
    sheet.append(["a@x.example", '=HYPERLINK("https://bad.example")'])
    sheet["B3"] = "=1+1"
    sheet["B3"].data_type = "s"
    workbook.save(tmp_path / "f.xlsx")
    assert _lines(tmp_path / "f.xlsx", tmp_path / "f.csv") == ["email,note", "a@x.example", ",=1+1", ""]


def test_an_upload_is_the_csv_of_its_sheet_with_the_rows_numbered_as_excel_does(tmp_path: Path):
    book = _book(tmp_path / "fair.xlsx", ["email"], ["a@x.example"], [], ["not an address"])
    with book.open("rb") as stream:
        path = uploads.receive(stream, tmp_path)
    found = csv_in.survey(path)
    rows = [(row.line, row.cells) for row in csv_in.read_rows(path, found, 1)]
    assert csv_in.read_header(path, found) == ["email"] and rows[-1] == (4, ["not an address"])
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_unpacks_to_more_than_it_says_or_is_broken_is_refused_and_leaves_nothing(tmp_path: Path):
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as file:
            for _ in range(sheets.MOST // 2**20 + 1):
                file.write(b" " * 2**20)
    assert len(bomb.getvalue()) < 2**20
    with pytest.raises(Invalid, match="unpacks to more"):
        uploads.receive(io.BytesIO(bomb.getvalue()), tmp_path)
    whole = _book(tmp_path / "fair.xlsx", ["email"]).read_bytes()
    spot = whole.index(b"xl/worksheets/sheet") + 60
    broken = whole[:spot] + bytes(255 - one for one in whole[spot : spot + 40]) + whole[spot + 40 :]
    with pytest.raises(Invalid, match="cannot be read"):
        uploads.receive(io.BytesIO(broken), tmp_path)
    assert list((tmp_path / "uploads").iterdir()) == []


def test_an_empty_workbook_says_so(tmp_path: Path):
    with pytest.raises(Invalid, match="empty"):
        sheets.write_csv(_book(tmp_path / "e.xlsx"), tmp_path / "e.csv")
