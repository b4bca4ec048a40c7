"""Leads in the shape that the API and webhooks speak (docs/api.md), many at a time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.orm import Session

from nurture.rules import duration
from nurture.rules.columns import BANT
from nurture.rules.messages import instant

_LEADS = text(
    """
    SELECT l.*, s.name AS source_name, c.name AS company_name, u.email AS owner_email,
           t.percent AS target_score,
           ARRAY(SELECT a.alias_id FROM lead_alias a WHERE a.lead_id = l.id ORDER BY a.alias_id) AS merged
    FROM lead l
    LEFT JOIN source s ON s.id = l.source_id
    LEFT JOIN company c ON c.id = l.company_id
    LEFT JOIN user_account u ON u.id = l.owner_id
    LEFT JOIN lead_target t ON t.lead_id = l.id
    WHERE l.id = ANY(:leads) AND l.erased_at IS NULL
    """
)
_NEWS = text(
    """
    SELECT id FROM lead WHERE id = ANY(:leads) AND created_at >= :since AND EXISTS (
        SELECT FROM webhook_endpoint
        WHERE disabled_at IS NULL AND (types = '{}' OR 'lead.created' = ANY(types))
    )
    """
)
_CONSENTS = text("SELECT lead_id, purpose, granted FROM lead_consent WHERE lead_id = ANY(:leads)")
_HALF_LIFE = text(
    """
    SELECT v.spec ->> 'half_life' FROM heat_model m
    JOIN heat_model_version v ON v.id = m.live_version_id WHERE m.key = 'default'
    """
)
_AS_THEY_ARE = (
    "id", "email", "first_name", "last_name", "phone", "role", "buying_role", "language", "timezone",
    "timezone_source", "country", "city", "address", "stage", "temperature",
)  # fmt: skip


def read(
    session: Session, lead_ids: Sequence[int], *, base_url: str, now: datetime
) -> dict[int, dict[str, Any]]:
    """Leads by id; those that do not exist or were erased are left out. Three statements."""
    if not lead_ids:
        return {}
    ids = list(lead_ids)
    half_life = _half_life_seconds(session)
    consents = _consents(session, ids)
    rows = session.execute(_LEADS, {"leads": ids}).mappings()
    return {
        row["id"]: _lead(row, consents.get(row["id"], {}), half_life, base_url, now) for row in rows
    }  # fmt: skip


def news(session: Session, lead_ids: Sequence[int], *, since: datetime) -> list[int]:
    """Those made at `since` or later, and none at all while nobody listens to `lead.created`."""
    return list(session.execute(_NEWS, {"leads": list(lead_ids), "since": since}).scalars())


def _lead(
    row: RowMapping, consents: Mapping[str, bool], half_life: float | None, base_url: str, now: datetime
) -> dict[str, Any]:
    company = {"id": row["company_id"], "name": row["company_name"]} if row["company_id"] else None
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "company": company,
        "heat": _heat(row["heat_log2"], half_life, now),
        "grade": row["grade_override"] or row["grade"],
        "readiness": round(row["readiness"], 2),
        "target_score": row["target_score"],
        "source": row["source_name"],
        "owner": row["owner_email"],
        "tags": sorted(row["tags"]),
        "merged": row["merged"],
        "fields": row["fields"],
        "dates": row["dates"],
        "consent": consents,
        "bant": {part: _answer(row["bant"].get(part)) for part in BANT},
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
        "url": f"{base_url}/leads/{row['id']}",
    }


def _consents(session: Session, ids: Iterable[int]) -> dict[int, dict[str, bool]]:
    consents: dict[int, dict[str, bool]] = {}
    for lead_id, purpose, granted in session.execute(_CONSENTS, {"leads": ids}):
        consents.setdefault(lead_id, {})[purpose] = granted
    return consents


def _half_life_seconds(session: Session) -> float | None:
    written = session.execute(_HALF_LIFE).scalar()
    return duration.parse(written).elapsed.total_seconds() if written else None


def _heat(log2: float | None, half_life: float | None, now: datetime) -> float:
    if log2 is None or not half_life:
        return 0.0
    return round(float(2.0 ** min(log2 - now.timestamp() / half_life, 1000.0)), 2)


def _answer(given: Any) -> str:
    if given is None:
        return "unknown"
    return str(given.get("answer", "unknown")) if isinstance(given, dict) else str(given)
