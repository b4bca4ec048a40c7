"""Seconds for a million rows of leads, from the file to leads that may be mailed.

Validation, phones, time zones, doubles within the file, companies, consent with its ledger, and a second
import of the same file over it. At the small scale a tenth is imported and the time is stated times ten.
The bound is Python's csv.reader going over the same file and doing nothing.
"""

import csv
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.flows.import_leads import ImportOptions, ImportResult, Progress, import_leads
from nurture.migrations import upgrade
from nurture.runtime import make_engine, work_in_batches
from nurture.store import partitions

FIGURE = "import_1m_s"
ROWS = {"small": 100_000, "full": 1_000_000}
MILLION = 1_000_000
NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
COMPANIES = 50_000
DOUBLES, BAD = 0.02, 0.01


def run(scale: str, say: Callable[[str], None]) -> dict[str, Any]:
    work_in_batches()
    count = ROWS[scale]
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder:
        path = Path(folder) / "leads.csv"
        write(path, count)
        bound = _read_only(path)
        with servers(load_settings({"NURTURE_HOME": folder})) as addresses:
            engine = make_engine(addresses.database_url, pool=4)
            upgrade(engine)
            with Session(engine) as session, session.begin():
                partitions.ensure(session, now=NOW)
            sessions = sessionmaker(engine, expire_on_commit=False)
            seconds, result = _import(sessions, path, Path(folder), say)
            again, _result = _import(sessions, path, Path(folder), say)
            engine.dispose()
    share = MILLION / count
    say(f"  {result.new} new, {result.duplicates} doubles, {sum(result.bad.values())} bad in {seconds:.1f} s")
    say(f"  the same file again, nothing new: {again:.1f} s; csv.reader alone: {bound:.2f} s")
    return {
        "figure": FIGURE,
        "value": round(seconds * share, 1),
        "unit": "s",
        "bound": round(bound * share, 2),
        "bound_name": "csv.reader",
        "ratio": round(bound / seconds, 3),
    }


def write(path: Path, count: int) -> None:
    """A file as a fair gives it: two in a hundred doubled, one in a hundred without a usable address."""
    dice = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(
            ["E-Mail", "Vorname", "Nachname", "Firma", "Mitarbeiter", "Position", "Land", "Telefon"]
        )
        for number in range(count):
            mine = dice.randrange(number) if number and dice.random() < DOUBLES else number
            firm = mine % COMPANIES
            email = f"person{mine}@firma{firm}.example" if dice.random() >= BAD else f"person{mine} at firma"
            name = [f"Jürgen{mine % 997}", f"Größe{mine % 4999}"]
            rest = [dice.randint(1, 900), "Leiter Einkauf", "Deutschland", f"+49 30 {1_000_000 + mine}"]
            rows.writerow([email, *name, f"Firma {firm} GmbH", *rest])


def _read_only(path: Path) -> float:
    began = time.monotonic()
    with path.open(encoding="utf-8", newline="") as file:
        for _row in csv.reader(file, delimiter=";"):
            pass
    return time.monotonic() - began


def _import(
    sessions: sessionmaker[Session], path: Path, home: Path, say: Callable[[str], None]
) -> tuple[float, ImportResult]:
    began, phases = time.monotonic(), {}

    def watch(progress: Progress) -> None:
        phases.setdefault(progress.phase, time.monotonic() - began)

    result = import_leads(
        sessions,
        path,
        ImportOptions(source="Fair", consent="marketing"),
        home=home,
        pepper=b"bench" * 8,
        base_url="http://localhost:8000",
        now=NOW,
        progress=watch,
    )
    seconds = time.monotonic() - began
    told = ", ".join(f"{phase} from {at:.1f} s" for phase, at in phases.items())
    say(f"  {told}, done at {seconds:.1f} s")
    return seconds, result
