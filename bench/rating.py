"""What rating a signal costs by how much its lead has done before: ten signals, or ten thousand.

Both sets of leads get the same new signals in the same turns, each the best of three rounds; growth is the
cost of one with the long history to one with the short.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.flows.rate import rate
from nurture.migrations import upgrade
from nurture.rules.model import read
from nurture.runtime import make_engine, work_in_batches
from nurture.store import models, partitions, signals
from nurture.store.signals import NewSignal

FIGURE = "rate_growth"
FEW = 10
MANY = {"small": 2_000, "full": 10_000}
LEADS, ROUNDS = 100, 3
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
_MODEL = {
    "model": "default",
    "half_life": "21d",
    "signals": {"visited": {"weight": 1, "cap": 5}, "clicked": {"weight": 10, "cap": 3}},
    "temperature": {"warm": {"rise": 20, "fall": 12}, "hot": {"rise": 50, "fall": 35}},
    "readiness": {
        "rise": 90,
        "fall": 80,
        "parts": {"need": 25, "activity": 35, "data": 20, "bant": 20},
        "always": [{"signal": "meeting_requested", "within": "7d"}],
    },
}
_LEADS = text(
    """
    INSERT INTO lead (email, email_norm, stage_since, temperature_since, created_at, updated_at)
    SELECT :kind || g || '@leads.example', :kind || g || '@leads.example', :now, :now, :now, :now
    FROM generate_series(1, :n) g RETURNING id
    """
)
# What they did before, over the last year, rated long ago.
_PAST = text(
    """
    INSERT INTO signal (id, received_at, lead_id, kind, occurred_at, source)
    SELECT gen_random_uuid(), at, lead_id, CASE WHEN n % 3 = 0 THEN 'clicked' ELSE 'visited' END, at, 'bench'
    FROM unnest(CAST(:leads AS bigint[])) AS lead_id, generate_series(1, :each) AS n,
         LATERAL (SELECT CAST(:now AS timestamptz) - n * (interval '365 days' / :each) AS at) t
    """
)


def run(scale: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The figure as the line that `make bench` prints. `say` takes lines for people."""
    work_in_batches()
    many = MANY[scale]
    with (
        tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder,
        servers(load_settings({"NURTURE_HOME": folder})) as addresses,
    ):
        engine = make_engine(addresses.database_url, pool=4)
        sessions = sessionmaker(engine)
        few_leads, many_leads = _prepare(engine, many)
        few = min(_round(sessions, few_leads) for _round_no in range(ROUNDS))
        lots = min(_round(sessions, many_leads) for _round_no in range(ROUNDS))
        engine.dispose()
    say(f"  a signal of a lead with {FEW}: {few * 1e6:.0f} µs; with {many}: {lots * 1e6:.0f} µs")
    return {
        "figure": FIGURE,
        "value": round(lots / few, 2),
        "unit": "x",
        "bound": 1.3,
        "bound_name": f"{LEADS} leads with {many} signals each against {FEW}",
        "ratio": round(lots / few, 2),
    }


def _prepare(engine: Engine, many: int) -> tuple[list[int], list[int]]:
    upgrade(engine)
    with Session(engine) as session, session.begin():
        partitions.ensure(session, now=NOW)
        _no, version_id, _new = models.add_version(session, read(_MODEL), "bench", now=NOW, by="bench")
        models.set_live(session, version_id, now=NOW)
        found = []
        for kind, each in (("few", FEW), ("many", many)):
            ids = list(session.scalars(_LEADS, {"kind": kind, "now": NOW, "n": LEADS}))
            session.execute(_PAST, {"leads": ids, "each": each, "now": NOW})
            found.append(ids)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return found[0], found[1]


def _round(sessions: sessionmaker[Session], leads: list[int]) -> float:
    """Seconds of rating one new signal, in turns of a hundred leads."""
    count = 0
    spent = 0.0
    for minute in range(5):
        at = NOW + timedelta(minutes=minute)
        with sessions.begin() as session:
            rows = [NewSignal(lead, "visited", at, "bench") for lead in leads]
            count += len(signals.add(session, rows, now=at))
        began = time.perf_counter()
        while rate(sessions, now=at):
            pass
        spent += time.perf_counter() - began
    return spent / count
