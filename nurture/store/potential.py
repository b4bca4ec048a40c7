"""Potential in numbers: grade by temperature, and what won customers share against all leads."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.store import lead_counts, lead_figures

# Values of few different kinds say something of many; names and numbers of one person do not.
_VALUES = """
    LEFT JOIN company c ON c.id = l.company_id
    CROSS JOIN LATERAL (
        SELECT * FROM (VALUES
            ('country', l.country), ('language', l.language), ('buying_role', l.buying_role),
            ('role', l.role), ('city', l.city), ('company.industry', c.industry),
            ('company.country', c.country),
            ('company.size', CASE WHEN c.size < 10 THEN '<10' WHEN c.size < 50 THEN '10-49'
                WHEN c.size < 250 THEN '50-249' WHEN c.size < 1000 THEN '250-999'
                WHEN c.size IS NOT NULL THEN '1000+' END)
        ) AS plain (field, value)
        WHERE value <> ''
        UNION ALL
        SELECT 'fields.' || f.key, left(f.value, 80) FROM jsonb_each_text(l.fields) f WHERE f.value <> ''
        UNION ALL
        SELECT 'tag', t FROM unnest(l.tags) t
    ) v
    WHERE l.erased_at IS NULL AND NOT l.is_test
"""
_WON_LEADS = """
    SELECT w.lead_id AS id FROM (
        SELECT lead_id FROM lead_line WHERE stage = 'customer'
        UNION
        SELECT lead_id FROM handoff WHERE state = 'won'
    ) w JOIN lead l ON l.id = w.lead_id
    WHERE l.erased_at IS NULL AND NOT l.is_test
"""
_WON = text(f"SELECT count(*) FROM ({_WON_LEADS}) won")
_OF_WON = f"""
    SELECT v.field, v.value, count(*) AS won FROM lead l {_VALUES} AND l.id IN ({_WON_LEADS})
    GROUP BY 1, 2 HAVING count(*) >= :least ORDER BY won DESC LIMIT 400
"""
# Of a large base a few of its pages tell the shares; those who were won are counted whole.
_SHARES = """
    WITH of_won AS ({of_won}),
    of_all AS (
        SELECT v.field, v.value, count(*) AS leads
        FROM lead l TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1) {values} GROUP BY 1, 2
    ),
    looked_at AS (
        SELECT greatest(count(*), 1) AS leads FROM lead TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1)
        WHERE erased_at IS NULL AND NOT is_test
    )
    SELECT w.field, w.value, w.won, greatest(w.won, round(a.leads * :all / looked_at.leads))::bigint AS leads
    FROM of_won w JOIN of_all a USING (field, value), looked_at ORDER BY w.won DESC
"""
_LOOKED_AT = 50_000
# What customers share changes with customers: slowly.
_KEPT_FOR = timedelta(hours=1)
_KEPT = text("SELECT key, figures FROM lead_figure WHERE kind = 'portrait' ORDER BY key")
_KEPT_AT = text("SELECT max(at) FROM lead_figure WHERE kind = 'portrait'")
_FORGET = text("DELETE FROM lead_figure WHERE kind = 'portrait'")
_KEEP = text(
    "INSERT INTO lead_figure (kind, key, figures, at)"
    " VALUES ('portrait', :key, CAST(:figures AS jsonb), :now)"
)


@dataclass(frozen=True, slots=True)
class Shared:
    """A value of a field: how many who won have it, and how many leads in all."""

    field: str
    value: str
    won: int
    leads: int


def quality(session: Session) -> dict[tuple[str, str], int]:
    """How many leads have which grade ("" for none) and temperature."""
    found = lead_figures.read(session, "quality").of
    return {(key.partition("|")[0], key.partition("|")[2]): one["leads"] for key, one in found.items()}


def sizes(session: Session) -> tuple[int, int]:
    """All leads (as well as it is quick to say), and those of them who were won."""
    return lead_counts.about(session), int(session.execute(_WON).scalar_one())


def shared(session: Session, *, least: int) -> Sequence[Shared]:
    """Values that at least `least` of those who were won have, with how many leads have them: counted, or
    told from a sample where there are more than fifty thousand leads. Of a large base what was kept last."""
    if lead_figures.is_large(session):
        kept = session.execute(_KEPT).all()
        if kept:
            return [Shared(*json.loads(row.key), **row.figures) for row in kept]
    return _counted(session, least)


def keep(session: Session, *, least: int, now: datetime) -> bool:
    """Count the portrait of a large base anew, when the last one is an hour old; whether it was."""
    at = session.execute(_KEPT_AT).scalar_one_or_none()
    if at is not None and now - at < _KEPT_FOR:
        return False
    session.execute(_FORGET)
    for one in _counted(session, least):
        figures = {"won": one.won, "leads": one.leads}
        key = json.dumps([one.field, one.value], ensure_ascii=False)
        session.execute(_KEEP, {"key": key, "figures": json.dumps(figures), "now": now})
    return True


def _counted(session: Session, least: int) -> Sequence[Shared]:
    leads = lead_counts.about(session)
    percent = min(100.0, 100.0 * _LOOKED_AT / max(leads, 1))
    statement = text(_SHARES.format(of_won=_OF_WON, values=_VALUES, percent=f"{percent:.4f}"))
    return [Shared(**row._mapping) for row in session.execute(statement, {"least": least, "all": leads})]
