"""What goes out as CSV."""

from pathlib import Path

import pytest

from nurture.files.csv_out import BadRows, harmless


@pytest.mark.parametrize("cell", ["=1+1", "+49", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"])
def test_a_formula_is_made_harmless(cell: str):
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Anna", "'tis", "a=b"])
def test_other_cells_stay_as_they_are(cell: str):
    assert harmless(cell) == cell


def test_bad_rows_go_on_where_they_were_settled(tmp_path: Path):
    path = tmp_path / "bad.csv"
    with BadRows(path, ["email"]) as bad:
        bad.add(2, "first", ["ä"])
        settled = bad.settle()
        bad.add(3, "written and lost", ["b"])
    with BadRows(path, ["email"], position=settled) as bad:
        bad.add(3, "again", ["b"])
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["line,reason,email", "2,first,ä", "3,again,b"]
