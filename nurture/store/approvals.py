"""Leads that a new version of a model, or past activities, would hand over at once: each waits until a person
has decided."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, JsonList, Ref
from nurture.store.lead_judgements import by_hand
from nurture.store.lead_names import called_or_number

STATES = ("waiting", "approved", "declined", "lapsed")


class ModelApproval(Base):
    """One lead under one version. `score`, `temperature`, `grade` and `reasons` ({"text", "points"}) as the
    version found them; lapsed: it was not ripe any more when somebody said yes."""

    __tablename__ = "model_approval"
    __table_args__ = (
        UniqueConstraint("version_id", "lead_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_model_approval_waiting", "score", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_model_approval_lead_id", "lead_id"),
    )

    id: Mapped[Id]
    version_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model_version.id"))
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"))
    score: Mapped[float]
    temperature: Mapped[str]
    grade: Mapped[str | None]
    reasons: Mapped[JsonList]
    state: Mapped[str] = mapped_column(server_default="waiting")
    listed_at: Mapped[Instant]
    decided_at: Mapped[Instant | None]
    decided_by: Mapped[str] = mapped_column(server_default="")


@dataclass(frozen=True, slots=True)
class Listed:
    """A lead that a version finds ripe."""

    lead_id: int
    score: float
    temperature: str
    grade: str | None
    reasons: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead that waits for a decision, with whom it is about."""

    id: int
    lead_id: int
    name: str
    company: str | None
    score: float
    temperature: str
    grade: str | None
    grade_reason: str | None
    reasons: Sequence[Mapping[str, Any]]
    model: str
    version: int
    listed_at: datetime
    stage: str


_LIST = text(
    """
    INSERT INTO model_approval (version_id, lead_id, score, temperature, grade, reasons, listed_at)
    SELECT :version_id, g.lead_id, g.score, g.temperature, g.grade, g.reasons, :now
    FROM jsonb_to_recordset(CAST(:listed AS jsonb)) AS g (
        lead_id bigint, score float8, temperature text, grade text, reasons jsonb
    )
    ON CONFLICT (version_id, lead_id) DO NOTHING
    """
)
_DISARM = text("UPDATE lead SET armed = false WHERE id = ANY(:leads)")
_PAGE = text(
    f"""
    SELECT a.id, a.lead_id,
           {called_or_number("l")} AS name,
           c.name AS company, a.score, a.temperature, a.grade,
           {by_hand("l")} AS grade_reason, a.reasons, m.key AS model, v.no AS version,
           a.listed_at, l.stage
    FROM model_approval a
    JOIN lead l ON l.id = a.lead_id
    LEFT JOIN company c ON c.id = l.company_id
    JOIN heat_model_version v ON v.id = a.version_id
    JOIN heat_model m ON m.id = v.model_id
    WHERE a.state = 'waiting'
      AND (CAST(:score AS float8) IS NULL OR (a.score, a.id) < (CAST(:score AS float8), CAST(:id AS bigint)))
    ORDER BY a.score DESC, a.id DESC LIMIT :limit
    """
)
_CLAIM = text(
    """
    SELECT id, lead_id FROM model_approval
    WHERE state = 'waiting' AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY(:ids)) AND id <= :newest
    ORDER BY lead_id LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)
_DECIDE = text(
    """
    UPDATE model_approval SET state = :state, decided_at = :now, decided_by = :by WHERE id = ANY(:ids)
    """
)
_LAPSE = text(
    """
    UPDATE model_approval a SET state = 'lapsed', decided_at = :now
    FROM heat_model_version v
    WHERE a.version_id = v.id AND v.model_id = :model_id AND a.state = 'waiting'
    RETURNING a.lead_id
    """
)


_WAITING_AMONG = text(
    """
    SELECT a.lead_id FROM model_approval a JOIN heat_model_version v ON v.id = a.version_id
    WHERE a.lead_id = ANY(:leads) AND a.state = 'waiting' AND v.model_id = :model_id
    """
)
# Who is handed over for another reason, or erased, is asked about no more.
_SETTLE = text(
    """
    UPDATE model_approval SET state = 'lapsed', decided_at = :now
    WHERE lead_id = ANY(:leads) AND state = 'waiting'
    """
)


def list_for(session: Session, version_id: int, listed: Sequence[Listed], *, now: datetime) -> None:
    """Let these leads wait for a decision, and hand none of them over by their score meanwhile. The leads
    are locked before."""
    if not listed:
        return
    rows = [{name: getattr(one, name) for name in Listed.__dataclass_fields__} for one in listed]
    given = {"version_id": version_id, "listed": json.dumps(rows, ensure_ascii=False), "now": now}
    session.execute(_LIST, given)
    session.execute(_DISARM, {"leads": [one.lead_id for one in listed]})


def page(session: Session, *, after: tuple[float, int] | None, limit: int) -> list[Waiting]:
    """Those that wait, the ripest first."""
    score, place = after or (None, None)
    rows = session.execute(_PAGE, {"score": score, "id": place, "limit": limit})
    return [Waiting(*row) for row in rows]


def waiting(session: Session) -> int:
    """How many wait; read from the index of those alone."""
    return int(session.scalar(text("SELECT count(*) FROM model_approval WHERE state = 'waiting'")) or 0)


def newest(session: Session) -> int:
    """The id of the last one listed, so that "all" means those there were."""
    return int(session.scalar(text("SELECT coalesce(max(id), 0) FROM model_approval")) or 0)


def claim(session: Session, ids: Sequence[int] | None, *, up_to: int, limit: int) -> dict[int, int]:
    """Lock up to `limit` that wait (of `ids`, or any), in the order of their leads; {id: lead id}."""
    given = {"ids": None if ids is None else list(ids), "newest": up_to, "limit": limit}
    return {row.id: row.lead_id for row in session.execute(_CLAIM, given)}


def decide(session: Session, ids: Sequence[int], state: str, *, now: datetime, by: str) -> None:
    session.execute(_DECIDE, {"ids": list(ids), "state": state, "now": now, "by": by})


def waiting_among(session: Session, model_id: int, lead_ids: Sequence[int]) -> set[int]:
    """Those of the leads whom a version of this model has listed and nobody has decided on."""
    return set(session.scalars(_WAITING_AMONG, {"leads": list(lead_ids), "model_id": model_id}))


def settle(session: Session, lead_ids: Sequence[int], *, now: datetime) -> None:
    """Nobody needs to decide on these leads any more."""
    session.execute(_SETTLE, {"leads": list(lead_ids), "now": now})


def lapse(session: Session, model_id: int, *, now: datetime) -> list[int]:
    """What earlier versions of the model listed is asked no more; the leads concerned."""
    return list(session.scalars(_LAPSE, {"model_id": model_id, "now": now}))
