"""What is known about many leads at a moment, read in a fixed number of statements for a whole batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from nurture.rules import duration
from nurture.rules.conditions import Look, seen
from nurture.rules.conditions.deciding import HEAT_PLACES
from nurture.rules.conditions.tree import MOST_SIGNALS
from nurture.rules.facts import Facts, SignalFact
from nurture.store import batch

# What is large and no condition asks for (shown parts of the score, folded text) stays where it is.
_LEADS = text(
    f"""
    SELECT l.id, l.stage, l.temperature, l.heat_log2, l.grade, l.grade_override, l.readiness, l.owner_id,
           l.tags, l.fields, l.dates, l.bant, l.touches_in, l.touches_out,
           {", ".join(f"l.{name}" for name in seen.PLAIN)},
           s.name AS source_name, c.name AS company_name, c.size AS company_size,
           c.industry AS company_industry, c.website AS company_website, c.country AS company_country,
           c.city AS company_city, c.fields AS company_fields,
           c.heat_log2 AS company_heat_log2, c.temperature AS company_temperature,
           h.net_log2 AS model_log2, h.temperature AS model_temperature, t.percent AS target_score
    FROM lead l
    LEFT JOIN source s ON s.id = l.source_id
    LEFT JOIN company c ON c.id = l.company_id
    LEFT JOIN lead_heat h ON h.lead_id = l.id AND h.model_id = :model_id
    LEFT JOIN lead_target t ON t.lead_id = l.id
    WHERE l.id = ANY(CAST(:lead_ids AS bigint[]))
    """
)
_SEGMENTS = text(
    """
    SELECT m.lead_id, s.key FROM segment_member m JOIN segment s ON s.id = m.segment_id
    WHERE m.lead_id = ANY(CAST(:lead_ids AS bigint[]))
    """
)
_CONSENTS = text(
    """
    SELECT lead_id, purpose FROM lead_consent
    WHERE lead_id = ANY(CAST(:lead_ids AS bigint[])) AND granted
    """
)
_SIGNALS = text(
    """
    SELECT lead_id, kind, occurred_at, mail_key, data
    FROM (
        SELECT s.lead_id, s.id, s.kind, s.occurred_at, s.mail_key, s.data,
               row_number() OVER (PARTITION BY s.lead_id ORDER BY s.occurred_at DESC, s.id DESC) AS place
        FROM signal s
        LEFT JOIN LATERAL (
            SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = s.id ORDER BY v.at DESC LIMIT 1
        ) latest ON true
        WHERE s.lead_id = ANY(CAST(:lead_ids AS bigint[])) AND coalesce(latest.verdict, s.verdict) = 'human'
    ) human
    WHERE place <= :most
    ORDER BY lead_id, occurred_at, id
    """
)
# Of each lead and kind as many as are asked for, so that a lead with ten thousand signals costs no more than
# one with ten. No condition sees what lies ahead of now, which must not take the place of what it does see.
# What came in long before is in partitions that need not be opened: nothing is told of before it happens, but
# by a clock that is a little ahead.
_ASKED_SIGNALS = text(
    """
    SELECT s.lead_id, s.kind, s.occurred_at, s.mail_key, s.data
    FROM json_to_recordset(CAST(:asked AS json)) AS asked (kind text, since timestamptz, most int)
    CROSS JOIN unnest(CAST(:lead_ids AS bigint[])) AS l (id)
    CROSS JOIN LATERAL (
        SELECT s.* FROM (
            SELECT * FROM signal s
            WHERE s.lead_id = l.id AND s.kind = asked.kind AND s.occurred_at > asked.since
              AND s.received_at > asked.since - interval '1 day'
              AND (s.occurred_at <= :now OR asked.most >= :every)
            ORDER BY s.occurred_at DESC OFFSET 0
        ) s
        LEFT JOIN LATERAL (
            SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = s.id ORDER BY v.at DESC LIMIT 1
        ) latest ON true
        WHERE coalesce(latest.verdict, s.verdict) = 'human'
        ORDER BY s.occurred_at DESC LIMIT asked.most
    ) s
    ORDER BY s.lead_id, s.occurred_at, s.id
    """
)
_HALF_LIVES = text(
    """
    SELECT CAST(:model_id AS bigint) IS NULL OR m.id = :model_id AS asked, m.key = 'default' AS default,
           v.spec ->> 'half_life' AS half_life
    FROM heat_model m JOIN heat_model_version v ON v.id = m.live_version_id
    WHERE m.key = 'default' OR m.id = CAST(:model_id AS bigint)
    """
)


def load(
    session: Session,
    lead_ids: Sequence[int],
    *,
    now: datetime,
    model_id: int | None = None,
    asked: Mapping[str, Look] | None = None,
) -> dict[int, Facts]:
    """Facts by lead id, heat and temperature under the model (None: the default one). Leads that do not
    exist are left out. Five statements, however many leads. `asked` names the kinds of signals that the
    conditions to be decided look at, and how far; None loads all kinds."""
    if not lead_ids:
        return {}
    ids = batch.numbers(set(lead_ids))
    half_life, of_companies = _half_lives(session, model_id)
    consents = _names(session, _CONSENTS, ids)
    segments = _names(session, _SEGMENTS, ids)
    signals = _signals(session, ids, asked, now)
    found = session.execute(_LEADS, {"lead_ids": ids, "model_id": model_id})
    names = tuple(found.keys())
    rows = [dict(zip(names, row, strict=True)) for row in found.all()]
    for row in rows:
        row["company_heat"] = _heat(row["company_heat_log2"], of_companies, now)
    return {
        row["id"]: _facts(row, consents, segments, signals, half_life, now, of_model=model_id is not None)
        for row in rows
    }


def _half_lives(session: Session, model_id: int | None) -> tuple[float | None, float | None]:
    """Seconds in which heat halves under the asked model, and under the default one."""
    asked = default = None
    for row in session.execute(_HALF_LIVES, {"model_id": model_id}):
        seconds = duration.parse(row.half_life).elapsed.total_seconds()
        asked = seconds if row.asked else asked
        default = seconds if row.default else default
    return asked, default


def _names(session: Session, asked: TextClause, ids: str) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for lead_id, name in session.execute(asked, {"lead_ids": ids}).all():
        found.setdefault(lead_id, set()).add(name)
    return found


def _signals(
    session: Session, ids: str, asked: Mapping[str, Look] | None, now: datetime
) -> dict[int, list[SignalFact]]:
    signals: dict[int, list[SignalFact]] = {}
    for lead_id, kind, occurred_at, mail, data in _signal_rows(session, ids, asked, now):
        signals.setdefault(lead_id, []).append(SignalFact(kind, occurred_at, mail, data or {}))
    return signals


def _signal_rows(
    session: Session, ids: str, asked: Mapping[str, Look] | None, now: datetime
) -> Sequence[Sequence[Any]]:
    if asked is None:
        return session.execute(_SIGNALS, {"lead_ids": ids, "most": MOST_SIGNALS}).all()
    if not asked:
        return ()
    looks = [{"kind": kind, "since": look.since, "most": look.most} for kind, look in asked.items()]
    given = {"lead_ids": ids, "asked": batch.rows(looks), "now": now, "every": MOST_SIGNALS}
    return session.execute(_ASKED_SIGNALS, given).all()


def _facts(
    row: Mapping[str, Any],
    consents: Mapping[int, set[str]],
    segments: Mapping[int, set[str]],
    signals: Mapping[int, list[SignalFact]],
    half_life: float | None,
    now: datetime,
    *,
    of_model: bool,
) -> Facts:
    log2 = row["model_log2"] if of_model else row["heat_log2"]
    temperature = (row["model_temperature"] or "cold") if of_model else row["temperature"]
    return Facts(
        lead_id=row["id"],
        stage=row["stage"],
        temperature=temperature,
        heat=_heat(log2, half_life, now),
        grade=row["grade_override"] or row["grade"],
        readiness=row["readiness"],
        target_score=row["target_score"],
        source=row["source_name"],
        owner=row["owner_id"],
        tags=frozenset(row["tags"] or ()),
        consents=frozenset(consents.get(row["id"], ())),
        segments=frozenset(segments.get(row["id"], ())),
        fields=_fields(row),
        bant={part: _answer(given) for part, given in (row["bant"] or {}).items()},
        signals=tuple(signals.get(row["id"], ())),
        touches=row["touches_in"] + row["touches_out"],
        timezone=row["timezone"],
    )


def _heat(log2: float | None, half_life: float | None, now: datetime) -> float:
    """Forward decay read back: 2 ** (log2 - now / half-life), 0 for no heat."""
    if log2 is None or not half_life:
        return 0.0
    exponent = log2 - now.timestamp() / half_life
    return float(2.0 ** min(exponent, 1000.0))


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    if row["company_fields"] is None:  # the lead has none
        return seen.of_lead(row, row["fields"], row["dates"])
    company = {name: row[f"company_{name}"] for name in seen.OF_COMPANY}
    of_company = seen.of_company(company, row["company_fields"])
    of_company["heat"] = round(row["company_heat"], HEAT_PLACES)
    of_company["temperature"] = row["company_temperature"]
    return seen.of_lead(row, row["fields"], row["dates"]) | {
        seen.COMPANY + name: value for name, value in of_company.items()
    }


def _answer(given: Any) -> str:
    """A BANT answer is kept as a word, or as a mapping with its source and date."""
    return str(given.get("answer", "unknown")) if isinstance(given, dict) else str(given)
