"""The simulator: 10,000 invented leads in the shipped program for consulting, over 180 days, once.

Measured from the settings to the result as it is kept. The bound is the same number of decisions taken one
after the other by `rules/chain` alone, on one process: no events, no heat, nobody who opens or clicks.
"""

import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.files.yaml_lines import Faults
from nurture.flows import programs
from nurture.flows.models import load_model, read_models
from nurture.flows.simulate.asking import program_in, source_of
from nurture.flows.simulate.running import simulate
from nurture.migrations import upgrade
from nurture.rules.chain import Around, Standing, next_step
from nurture.rules.facts import Facts
from nurture.rules.program import Program
from nurture.rules.simulation.settings import DRAFT, read_settings
from nurture.runtime import make_engine, work_in_batches

FIGURE = "simulate_s"
LEADS = {"small": 1_000, "full": 10_000}
DAYS = 180
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
_CAMPAIGNS = Path(__file__).parents[1] / "campaigns"
_PEPPER = b"pepper" * 6


def run(scale: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The figure, as the line that `make bench` prints. `say` takes lines for people."""
    work_in_batches()
    with (
        tempfile.TemporaryDirectory(prefix="nurture-bench-") as home,
        servers(load_settings({"NURTURE_HOME": home})) as addresses,
    ):
        engine = make_engine(addresses.database_url, pool=2)
        upgrade(engine)
        try:
            with Session(engine) as session:
                return _measured(session, LEADS[scale], say)
        finally:
            engine.dispose()


def _measured(session: Session, leads: int, say: Callable[[str], None]) -> dict[str, Any]:
    for file in read_models(_CAMPAIGNS, Faults("models")).values():
        load_model(session, file, now=NOW, by="bench")
    loaded = programs.load_folder(session, _CAMPAIGNS / "consulting", publish=False, now=NOW, by="bench")
    session.commit()
    settings = read_settings({"leads": leads, "days": DAYS, "runs": 1})
    source = source_of(session, loaded.program_id, DRAFT)
    began = time.monotonic()
    result = simulate(session, loaded.program_id, settings, {"a": source}, _PEPPER, now=NOW)["a"]
    took = time.monotonic() - began
    decisions = sum(step["arrived"] for step in result["steps"])
    bound = _bare(program_in(source), decisions)
    mails = result["figures"]["mails"]["value"]
    say(f"  {leads:,} leads, {DAYS} days, {mails:,} mails in {took:.1f} s on {os.cpu_count()} cores")
    say(f"  {decisions:,} decisions of chains alone: {bound:.1f} s")
    return {
        "figure": FIGURE,
        "value": round(took, 2),
        "unit": "s",
        "leads": leads,
        "bound": round(bound, 2),
        "bound_name": f"{decisions} decisions by rules/chain alone, one process",
        "ratio": round(took / bound, 2) if bound else None,
    }


def _bare(program: Program, decisions: int) -> float:
    """So many first decisions about a lead that has just come."""
    chain = program.chains["cold"]
    facts = Facts(lead_id=1, consents=frozenset({program.purpose}), fields={"email": "a@b.example"})
    standing = Standing("before-review", NOW - timedelta(hours=1), NOW - timedelta(days=9))
    around = Around()
    began = time.monotonic()
    for _no in range(decisions):
        next_step(program, chain, standing, facts, around, NOW)
    return time.monotonic() - began
