"""Seconds to count a segment of ten conditions over a million leads, and what one changed lead costs.

The base is made inside the database: leads with companies, custom fields, tags and consents, and two
signals a lead within two months. The bound is one bare pass over the rows of leads, which is
what the machine takes for looking at each once. At the small scale a
tenth is counted and the time is stated times ten.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.flows import membership, segments
from nurture.migrations import upgrade
from nurture.runtime import make_engine
from nurture.store import partitions

FIGURE = ("segment_1m_s", "segment_change_ms")
LEADS = {"small": 100_000, "full": 1_000_000}
MILLION = 1_000_000
NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
COMPANIES = 50_000
TEN = {
    "all": [
        {"temperature": ["warm", "hot"]},
        {"field": "country", "in": ["DE", "AT", "CH"]},
        {"field": "company.size", "gte": 50},
        {"field": "interest", "eq": "Pricing"},
        {"any": [{"field": "role", "contains": "einkauf"}, {"tag": "fair"}]},
        {"signal": "clicked", "at_least": 1, "within": "30d"},
        {"not": {"signal": "unsubscribed"}},
        {"consent": "marketing"},
        {"stage": ["inquiry", "lead"]},
    ]
}
_PASS = "SELECT count(*) FROM lead WHERE is_test"
_COMPANIES = text(
    """
    INSERT INTO company (name, folded, size, folded_fields, created_at, updated_at)
    SELECT 'Firma ' || n, 'firma ' || n, n % 500,
        jsonb_build_object('name', 'firma ' || n, 'size', (n % 500)::text, '#size', n % 500), :now, :now
    FROM generate_series(1, :companies) n
    """
)
_LEADS = text(
    """
    INSERT INTO lead (email, email_norm, first_name, last_name, role, country, company_id, stage, stage_since,
        temperature, temperature_since, heat_log2, grade, readiness, tags, fields, folded_fields, folded_tags,
        search, created_at, updated_at)
    SELECT mail, mail, 'Jürgen', 'Größe' || n % 4999, role, country, 1 + n % :companies,
        CASE WHEN n % 10 < 8 THEN 'lead' ELSE 'customer' END, :now,
        CASE WHEN n % 3 = 0 THEN 'warm' WHEN n % 7 = 0 THEN 'hot' ELSE 'cold' END, :now,
        1000, 'B', 30, CASE WHEN n % 20 = 0 THEN '{Fair}'::text[] ELSE '{}' END,
        jsonb_build_object('interest', interest, 'score', n % 100),
        jsonb_build_object('email', mail, 'first_name', 'jürgen', 'last_name', 'grösse' || n % 4999,
            'role', lower(role), 'country', lower(country), 'created_at', '2026-03-03t10:00:00+00:00',
            '@created_at', 1772532000000000, 'fields.interest', lower(interest),
            'fields.score', (n % 100)::text, '#fields.score', n % 100),
        CASE WHEN n % 20 = 0 THEN '{fair}'::text[] ELSE '{}' END,
        'jürgen grösse' || n % 4999 || ' ' || mail, :now, :now
    FROM (
        SELECT n, 'person' || n || '@firma' || n % :companies || '.example' AS mail,
            (ARRAY['Leiter Einkauf', 'CTO', 'Assistenz', 'Vertrieb'])[1 + n % 4] AS role,
            (ARRAY['DE', 'AT', 'FR', 'US', 'GB', 'CH'])[1 + n % 6] AS country,
            (ARRAY['Pricing', 'Training', 'Support'])[1 + n / 7 % 3] AS interest
        FROM generate_series(1, :leads) n
    ) made
    """
)
_SIGNALS = text(
    """
    INSERT INTO signal (id, received_at, lead_id, kind, occurred_at, source)
    SELECT gen_random_uuid(), at, id, (ARRAY['opened', 'clicked', 'visited'])[1 + (id + n) % 3], at, 'bench'
    FROM (
        SELECT l.id, n, CAST(:now AS timestamptz) - make_interval(mins => (l.id * (n + 7) % 86400)::int) AS at
        FROM lead l, generate_series(1, 2) n
    ) made
    """
)
_CONSENTS = (
    text(
        "INSERT INTO consent (lead_id, purpose, state, at, channel)"
        " SELECT id, 'marketing', 'granted', :now, 'import' FROM lead"
    ),
    text(
        "INSERT INTO lead_consent (lead_id, purpose, granted, consent_id, at)"
        " SELECT lead_id, purpose, lead_id % 10 <> 0, id, at FROM consent"
    ),
)


def run(scale: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    count = LEADS[scale]
    with (
        tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder,
        servers(load_settings({"NURTURE_HOME": str(Path(folder))})) as addresses,
    ):
        engine = make_engine(addresses.database_url, pool=4)
        upgrade(engine)
        sessions = sessionmaker(engine, expire_on_commit=False)
        make_base(sessions, count, say)
        found, seconds = _timed(sessions, _count_ten)
        _none, bare = _timed(sessions, lambda session: session.scalar(text(_PASS)))
        say(f"  {found:,} of {count:,} leads in {seconds * 1000:.0f} ms; a bare pass: {bare * 1000:.0f} ms")
        change = _changes(sessions, say)
        engine.dispose()
    share = MILLION / count
    counted = {
        "figure": FIGURE[0],
        "value": round(seconds * share, 3),
        "unit": "s",
        "bound": round(bare * share, 3),
        "bound_name": "one pass over the rows of leads",
        "ratio": round(bare / seconds, 3),
    }
    return [counted, {"figure": FIGURE[1], "value": round(change * 1000, 1), "unit": "ms"}]


def make_base(sessions: sessionmaker[Session], count: int, say: Callable[[str], None]) -> None:
    """So many leads with companies, custom fields, tags, consents and two signals each."""
    began = time.monotonic()
    given = {"now": NOW, "leads": count, "companies": COMPANIES}
    with sessions.begin() as session:
        partitions.ensure(session, now=NOW)
        for statement in (_COMPANIES, _LEADS, _SIGNALS, *_CONSENTS):
            session.execute(statement, given)
    with sessions() as session:
        connection = session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        connection.execute(text("VACUUM ANALYZE"))
    say(f"  a base of {count:,} leads made in {time.monotonic() - began:.0f} s")


def _count_ten(session: Session) -> int:
    return segments.preview(session, TEN, now=NOW, some=0).size


def _timed(sessions: sessionmaker[Session], ask: Callable[[Session], Any]) -> tuple[Any, float]:
    """The answer, and the middle of five times."""
    times = []
    for _turn in range(5):
        with sessions() as session:
            began = time.monotonic()
            answer = ask(session)
            times.append(time.monotonic() - began)
    return answer, median(times)


def _changes(sessions: sessionmaker[Session], say: Callable[[str], None]) -> float:
    """Seconds until one changed lead is where it belongs in ten segments of ten conditions."""
    with sessions.begin() as session:
        for number in range(10):
            segments.create(session, {"name": f"Segment {number}", "condition": TEN}, now=NOW)
    began = time.monotonic()
    turns = 0
    while membership.refresh_due(sessions, now=NOW):
        turns += 1
    say(f"  {turns} segments told anew in {time.monotonic() - began:.1f} s")
    times = []
    for lead_id in range(1, 41):
        began = time.monotonic()
        with sessions.begin() as session:
            membership.update(session, [lead_id], now=NOW)
        times.append(time.monotonic() - began)
    say(f"  one changed lead, ten segments: {median(times) * 1000:.1f} ms")
    return median(times)
