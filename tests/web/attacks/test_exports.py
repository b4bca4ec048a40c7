"""No cell of a file that leaves the house is a formula (CVE-2018-8092; OWASP, CSV injection)."""

import csv
import io

import pytest
from sqlalchemy import text

from tests.web.attacks.haunting import haunt
from tests.web.attacks.town import Town

pytestmark = pytest.mark.xdist_group("attacks")
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
FORMULAS = tuple(f"{start}HYPERLINK(1)" for start in STARTS)
# Every address of pages and API that gives a table away. Whoever adds one, adds it here too.
TABLES = frozenset({
    "leads.export", "handoffs.export", "audit.export", "imports.bad_rows", "api-exports.leads",
    "api-exports.handoffs", "api-imports.bad_rows", "statistics.chain_file", "statistics.program_file",
    "api-statistics.chain_file", "api-statistics.program_file", "newsletters.stats_file",
    "api-newsletters.stats_file",
})  # fmt: skip


def tables(town: Town, known: frozenset[str] | None = None) -> dict[str, str]:
    """The addresses that answer with CSV, and what they answer; of `known` ones, where they are given."""
    client, found = town.client("admin"), {}
    form = {"csrf_token": town.csrf(client)}
    answers = [
        (endpoint, client.get(address, headers=town.api() if endpoint.startswith("api") else {}))
        for endpoint, address in [*town.pages(), *town.calls()]
        if known is None or endpoint in known
    ]
    answers += [
        (endpoint, client.post(address, data=form))
        for endpoint, address in town.pages("POST")
        if endpoint.endswith(".export")
    ]
    for endpoint, answer in answers:
        if answer.mimetype == "text/csv":
            found[endpoint] = answer.text
            assert "attachment" in answer.headers["Content-Disposition"], endpoint
    return found


@pytest.fixture(scope="module")
def given_back(town: Town) -> None:
    """An import that handed every row back."""
    rows = "".join(f"nobody,{formula}x,{formula}\n" for formula in FORMULAS if formula[0] not in "\r\n")
    sheet = f"email,first_name,=HYPERLINK(2)\n{rows}"
    answer = town.visitor().post("/api/v1/imports", data=sheet, content_type="text/csv", headers=town.api())
    assert answer.status_code == 201, answer.text
    with town.runtime.sessions.begin() as session:
        # The walk looks at the first import.
        session.execute(
            text("UPDATE lead_import SET bad_rows_path = :path WHERE bad_rows_path IS NULL"),
            {"path": session.scalar(text("SELECT bad_rows_path FROM lead_import ORDER BY id DESC LIMIT 1"))},
        )


def test_every_table_that_goes_out_is_known_here(town: Town, given_back: None) -> None:
    assert set(tables(town)) == TABLES


def test_no_export_carries_a_formula(town: Town, given_back: None) -> None:
    seen: dict[str, set[str]] = {}
    try:
        for turn in (FORMULAS, FORMULAS[5:] + FORMULAS[:5]):
            haunt(town.runtime, *turn)
            for endpoint, sheet in tables(town, TABLES).items():
                seen.setdefault(endpoint, set()).update(as_text(endpoint, sheet))
    finally:
        haunt(town.runtime)
    assert set(seen) == TABLES
    assert seen["leads.export"] == seen["api-exports.leads"] == set(FORMULAS), "each stood there, as text"
    assert seen["imports.bad_rows"] and seen["handoffs.export"], "and in what Python writes"


def as_text(endpoint: str, sheet: str) -> set[str]:
    """The formulas that stand in this table, none of them to be run."""
    found = set()
    for row in csv.reader(io.StringIO(sheet.removeprefix("\ufeff"), newline="")):
        for cell in row:
            assert not dangerous(cell), f"{endpoint}: {cell!r}"
            found |= {one for one in FORMULAS if cell.removeprefix("'").startswith(one)}
    return found


def dangerous(cell: str) -> bool:
    """What a spreadsheet would run; a plain number is none."""
    if not cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")):
        return False
    return not cell.lstrip("-").replace(".", "", 1).isdecimal()
