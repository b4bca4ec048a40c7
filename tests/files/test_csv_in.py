"""CSV files as people send them."""

from pathlib import Path

import pytest

from nurture.errors import Invalid
from nurture.files.csv_in import read_header, read_rows, survey


def read(tmp_path: Path, content: bytes) -> tuple[list[str], list[tuple[int, list[str], bool]]]:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    found = survey(path)
    header = read_header(path, found)
    return header, [
        (row.line, row.cells, row.fault is not None) for row in read_rows(path, found, len(header))
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str):
    lines = [["email", "name", "city"], ["a@b.example", "A, B; C" if delimiter in "\t|" else "A", "Bonn"]]
    text = "\n".join(delimiter.join(cells) for cells in lines)
    header, rows = read(tmp_path, text.encode())
    assert (header, rows[0][1]) == (lines[0], lines[1])


def test_a_single_column_needs_no_delimiter(tmp_path: Path):
    assert read(tmp_path, b"email\na@b.example\n")[1] == [(2, ["a@b.example"], False)]


def test_excels_own_line_decides_the_delimiter(tmp_path: Path):
    header, rows = read(tmp_path, b"sep=;\nemail;name\na@b.example;A,B,C\n")
    assert (header, rows) == (["email", "name"], [(3, ["a@b.example", "A,B,C"], False)])


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "email;name\na@b.example;Jürgen Größe\n"),
        ("utf-8-sig", "email;name\na@b.example;Jürgen Größe\n"),
        ("utf-16", "email;name\na@b.example;Jürgen Größe\n"),
        ("utf-16-le", "email;name\na@b.example;Jürgen Größe\n"),
        ("utf-16-be", "email;name\na@b.example;Jürgen Größe\n"),
        ("cp1252", "email;name\na@b.example;Jürgen Größe €\n"),
        ("cp1251", "email;имя\na@b.example;Иван Петров\n"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str, text: str):
    header, rows = read(tmp_path, text.encode(encoding))
    assert header == text.splitlines()[0].split(";")
    assert rows[0][1] == text.splitlines()[1].split(";")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way_and_cells_may_hold_them(tmp_path: Path, end: str):
    content = f'email,note{end}a@b.example,"two{end}lines"{end}{end}c@d.example,x{end}'
    rows = read(tmp_path, content.encode())[1]
    assert [(line, cells[0]) for line, cells, _ in rows] == [(2, "a@b.example"), (5, "c@d.example")]


def test_rows_that_do_not_fit_are_said_to_and_the_others_go_on(tmp_path: Path):
    endless = "x" * 131_073
    content = (
        "email,name\na@b.example\nb@b.example,B,surplus\n"
        f"c@b.example,{endless}\nd@b.example,D,,\ne@b.example,E\0\n"
    )
    rows = read(tmp_path, content.encode())[1]
    assert [(line, fault) for line, _, fault in rows] == [
        (2, False),
        (3, True),
        (4, True),
        (5, False),
        (6, True),
    ]
    assert rows[0][1] == ["a@b.example", ""]
    assert rows[4][1] == ["e@b.example", "E"]


@pytest.mark.parametrize(
    "rest",
    [
        "b@b.example,Berta\nc@b.example,Carl\n",
        'b@b.example,"Berta"\nc@b.example,"Carl"\n',
        '"b@b.example","Berta"\n"c@b.example","Carl"\n',
        "b@b.example,Berta\nc@b.example,Carl\n" + "".join(f"n{n}@b.example,N\n" for n in range(20_000)),
    ],
)
def test_a_missing_quotation_mark_costs_its_own_line_and_swallows_no_other(tmp_path: Path, rest: str):
    rows = read(tmp_path, f'email,name\na@b.example,"Anna\n{rest}'.encode())[1]
    assert rows[:3] == [
        (2, ["a@b.example", "Anna"], True),
        (3, ["b@b.example", "Berta"], False),
        (4, ["c@b.example", "Carl"], False),
    ]
    assert len(rows) == rest.count("\n") + 1


def test_a_file_full_of_missing_marks_loses_no_line(tmp_path: Path):
    line = 'a@b.example,"' + "x" * 100 + "\n" + "\n".join('"" y' for _ in range(2_000)) + "\n"
    rows = read(tmp_path, ("email,name\n" + line * 200).encode())[1]
    assert rows[0][0] == 2
    assert len(rows) == line.count("\n") * 200


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n", "header"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\xd0\xcf\x11\xe0rest", "Excel"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8brest", "gzip"),
        (b"a@b.example,Anna\n", "header line"),
        (b"," * 5000 + b"\n", "header"),
        (b"x," * 5000 + b"\n", "columns"),
        (b'"' + b"x" * 200_000, "header"),
        (bytes(range(256)) * 300, "not a text file"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "not a text file"),
        (b"\0" * 5000, "not a text file"),
    ],
)
def test_what_is_no_csv_file_gets_one_clear_sentence(tmp_path: Path, content: bytes, sentence: str):
    with pytest.raises(Invalid, match=sentence):
        read(tmp_path, content)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(Invalid, match=r"none\.csv"):
        survey(tmp_path / "none.csv")
