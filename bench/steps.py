"""Steps of chains taken a second, and what one costs among many who stand and wait.

Leads whose wait is over take their next step: facts, consent, caps and suppression are read, the mail is
queued, history and counters are written. The bound is the claim alone: rows locked past others'
locks, marked, committed, in batches of the same size. `steps` is what two workers take together, as
`nurture up` starts them on two cores. Growth is the cost of a step among many standing enrolments to that
among ten thousand, of one process. All are the best of three rounds. `python -m bench.steps 5000000` measures
among as many as it is told.
"""

import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.flows import programs
from nurture.flows.advance import advance
from nurture.flows.models import ModelFile, load_model
from nurture.migrations import upgrade
from nurture.rules.model import read
from nurture.runtime import make_engine, work_in_batches
from nurture.store import partitions

FIGURE = ("steps", "steps_growth")
FEW = 10_000
MANY = {"small": 100_000, "full": 1_000_000}
DUE, BATCH, ROUNDS, WORKERS = 5_000, 500, 3, 2
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
BEFORE = datetime(2026, 2, 1, tzinfo=UTC)
_PEPPER = b"pepper" * 6
_MODEL = {
    "model": "default",
    "half_life": "21d",
    "signals": {"opened": {"weight": 1, "cap": 2}, "clicked": {"weight": 10, "cap": 3}},
    "temperature": {"warm": {"rise": 20, "fall": 12}, "hot": {"rise": 50, "fall": 35}},
    "readiness": {"rise": 90, "fall": 80, "parts": {"need": 0, "activity": 10, "data": 0, "bant": 0}},
}
_PROGRAM = """
program: bench
timezone: Europe/Berlin
chains:
  cold:
    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}
    steps:
      - {send: first}
      - {wait: 2d, key: pause}
      - branch:
          - {when: {signal: clicked, within: 30d}, steps: [{send: second}]}
          - {else: true, steps: [{send: third}]}
"""


def run(scale: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Both figures, as the lines that `make bench` prints. `say` takes lines for people."""
    return among(MANY[scale], say)


def among(many_standing: int, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Both figures, with this many who stand against ten thousand."""
    work_in_batches()
    with (
        tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder,
        servers(load_settings({"NURTURE_HOME": folder})) as addresses,
    ):
        engines = [
            _prepared(addresses.database_url, f"bench_{standing}", standing, Path(folder))
            for standing in (FEW, many_standing)
        ]
        # Turn and turn about, so that both see the same machine.
        rounds = [[_advanced(engine) for engine in engines] for _round in range(ROUNDS)]
        together = [_advanced_together(engines[0]) for _round in range(ROUNDS)]
        claimed = max(_claimed(engines[0]) for _round in range(ROUNDS))
        for engine in engines:
            engine.dispose()
    few, many = (max(found) for found in zip(*rounds, strict=True))
    growth = few / many
    for standing, found in zip((FEW, many_standing), zip(*rounds, strict=True), strict=True):
        say(f"  among {standing} who stand: {', '.join(f'{rate:.0f}' for rate in found)} steps a second")
    say(f"  {WORKERS} workers: {', '.join(f'{rate:.0f}' for rate in together)} steps a second")
    say(f"  the claim alone: {claimed:.0f} a second")
    return [
        {
            "figure": "steps",
            "value": round(max(together)),
            "unit": "step/s",
            "one_process": round(few),
            "bound": round(claimed),
            "bound_name": "SKIP LOCKED claim alone",
            "ratio": round(max(together) / claimed, 2),
        },
        {
            "figure": "steps_growth",
            "value": round(growth, 2),
            "unit": "x",
            "bound": 1.0,
            "bound_name": f"{FEW} standing, against {many_standing}",
            "ratio": round(1 / growth, 2),
        },
    ]


def _prepared(database_url: str, name: str, standing: int, folder: Path) -> Engine:
    """A database of its own with so many who stand."""
    server = make_engine(database_url, pool=1)
    with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = make_engine(server.url.set(database=name).render_as_string(hide_password=False), pool=4)
    server.dispose()
    upgrade(engine)
    _publish(engine, folder / name)
    with Session(engine) as session, session.begin():
        _stand(session, standing, days=30)
    return engine


def _publish(engine: Engine, folder: Path) -> None:
    (folder / "mails").mkdir(parents=True)
    (folder / "program.yaml").write_text(_PROGRAM, encoding="utf-8")
    for key in ("first", "second", "third"):
        letter = f"---\nsubject: The {key}\n---\nHello, [read](https://www.example.com/{key}).\n"
        (folder / "mails" / f"{key}.md").write_text(letter, encoding="utf-8")
    with Session(engine) as session, session.begin():
        partitions.ensure(session, now=NOW)
        load_model(session, ModelFile(read(_MODEL), "bench"), now=NOW)
        programs.load_folder(session, folder, publish=True, now=NOW, by="bench")


def _advanced(engine: Engine) -> float:
    _come_due(engine, DUE)
    began = time.monotonic()
    _take_all(engine)
    seconds = time.monotonic() - began
    _check(engine, DUE)
    return DUE / seconds


def _advanced_together(engine: Engine) -> float:
    """Twice as many, by workers that begin at the same moment; until the last of them finds nothing."""
    _come_due(engine, WORKERS * DUE)
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Barrier(WORKERS + 1), spawn.Barrier(WORKERS + 1)
    asked = (engine.url.render_as_string(hide_password=False), ready, done)
    workers = [spawn.Process(target=_work, args=asked, daemon=True) for _worker in range(WORKERS)]
    for worker in workers:
        worker.start()
    ready.wait(60)
    began = time.monotonic()
    done.wait(60)
    seconds = time.monotonic() - began
    for worker in workers:
        worker.join(30)
    _check(engine, WORKERS * DUE)
    return WORKERS * DUE / seconds


def _work(database_url: str, ready: Barrier, done: Barrier) -> None:
    """A worker; what is read once a process, such as the published programs, it has read before."""
    work_in_batches()
    engine = make_engine(database_url, pool=4)
    sessions = sessionmaker(engine, expire_on_commit=False)
    advance(sessions, _PEPPER, now=BEFORE, limit=BATCH)
    ready.wait(60)
    _take_all(engine)
    done.wait(60)
    engine.dispose()


def _take_all(engine: Engine) -> None:
    sessions = sessionmaker(engine, expire_on_commit=False)
    while advance(sessions, _PEPPER, now=NOW, limit=BATCH):
        pass


def _check(engine: Engine, due: int) -> None:
    """Every step was taken once; the mails then count as sent."""
    with Session(engine) as session, session.begin():
        queued = session.scalar(text("SELECT count(*) FROM delivery WHERE state = 'ready'"))
        left = session.scalar(text("SELECT count(*) FROM enrollment WHERE due_at <= :now"), {"now": NOW})
        session.execute(_SENT, {"now": NOW})
    if (left, queued) != (0, due):
        raise RuntimeError(f"{queued} mails were queued and {left} steps left over instead of {due} and none")


def _come_due(engine: Engine, due: int) -> None:
    """Leads whose wait is over, and tables as autovacuum keeps them."""
    with Session(engine) as session, session.begin():
        _stand(session, due, days=0)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _claimed(engine: Engine) -> float:
    """Rows a second that are claimed and nothing else."""
    _come_due(engine, DUE)
    began, taken = time.monotonic(), 0
    while True:
        with Session(engine) as session, session.begin():
            done = len(session.execute(_CLAIM, {"now": NOW, "limit": BATCH}).all())
        taken += done
        if not done:
            return taken / (time.monotonic() - began)


def _stand(session: Session, count: int, *, days: int) -> None:
    """So many more leads, each at the wait, its end spread over this many days to come."""
    after = session.scalar(text("SELECT coalesce(max(id), 0) FROM lead"))
    for statement, names in _STAND:
        values = {"now": NOW, "n": count, "after": after, "days": days}
        session.execute(text(statement), {name: values[name] for name in names})


_STAND = (
    (
        """
        INSERT INTO lead (email, email_norm, first_name, country, stage_since, temperature_since,
                          created_at, updated_at)
        SELECT 'lead' || g || '@leads.example', 'lead' || g || '@leads.example', 'Name' || g, 'DE',
               :now, :now, :now, :now
        FROM generate_series(CAST(:after AS bigint) + 1, CAST(:after AS bigint) + :n) g
        """,
        ("now", "n", "after"),
    ),
    (
        """
        INSERT INTO consent (lead_id, purpose, state, at, channel)
        SELECT id, 'marketing', 'granted', :now, 'form' FROM lead WHERE id > :after
        """,
        ("now", "after"),
    ),
    (
        """
        INSERT INTO lead_consent (lead_id, purpose, granted, consent_id, at)
        SELECT lead_id, purpose, true, id, at FROM consent WHERE lead_id > :after
        """,
        ("after",),
    ),
    (
        """
        INSERT INTO enrollment (program_id, chain_id, version_id, lead_id, step_key, step_since, due_at,
                                due_reason, entered_at)
        SELECT c.program_id, c.id, p.live_version_id, l.id, 'pause',
               CAST(:now AS timestamptz) - interval '3 days',
               CAST(:now AS timestamptz) + random() * make_interval(days => :days), 'wait',
               CAST(:now AS timestamptz) - interval '4 days'
        FROM lead l, chain c JOIN program p ON p.id = c.program_id
        WHERE l.id > :after AND c.temperature = 'cold'
        """,
        ("now", "after", "days"),
    ),
)
_SENT = text("UPDATE delivery SET state = 'sent', sent_at = :now WHERE state = 'ready'")
_CLAIM = text(
    """
    WITH due AS (
        SELECT id FROM enrollment
        WHERE state IN ('active', 'resting') AND due_at IS NOT NULL AND due_at <= :now
        ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    UPDATE enrollment e SET due_at = NULL FROM due WHERE e.id = due.id RETURNING e.id
    """
)


if __name__ == "__main__":
    for line in among(int(sys.argv[1]), lambda words: print(words, file=sys.stderr, flush=True)):
        print(json.dumps(line))
