"""Websites that bear our script: which may report, what looks at their pages mean, visitors and visits."""

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Uuid, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.visits import PathRule, Visit
from nurture.store.base import Base, Id, Instant, Json, Ref
from nurture.store.lead_names import full_name


class Site(Base):
    """A website that may report visits, by its host; hosts below it may too."""

    __tablename__ = "site"

    id: Mapped[Id]
    host: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[Instant]


class VisitRule(Base):
    """Looks at pages with such a path are signals of this kind; the oldest fitting rule holds."""

    __tablename__ = "visit_rule"

    id: Mapped[Id]
    pattern: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    created_at: Mapped[Instant]


class Visitor(Base):
    """A browser that agreed to be known again, by its random id; `lead_id` once we know whose it is."""

    __tablename__ = "visitor"
    __table_args__ = (Index("ix_visitor_lead_id", "lead_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    lead_id: Mapped[Ref | None] = mapped_column(ForeignKey("lead.id"))
    first_at: Mapped[Instant]
    last_at: Mapped[Instant]
    joined_at: Mapped[Instant | None]


class WebVisit(Base):
    """A look at a page, or something done on it. `view` is the page's own name for it. Without a visitor it
    is known of nobody and only counted."""

    __tablename__ = "visit"
    __table_args__ = (
        Index("ix_visit_visitor_id_at", "visitor_id", "at"),
        Index("ix_visit_lead_id", "lead_id"),
        Index("ix_visit_at", "at"),
    )

    view: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    at: Mapped[Instant]
    visitor_id: Mapped[str | None]
    lead_id: Mapped[Ref | None]
    kind: Mapped[str]
    site: Mapped[str]
    url: Mapped[str]
    path: Mapped[str]
    title: Mapped[str]
    referrer: Mapped[str]
    data: Mapped[Json]
    user_agent: Mapped[str]
    verdict: Mapped[str]


@dataclass(frozen=True, slots=True)
class Known:
    """Whose a visitor is after this batch, and whether that is new."""

    lead_id: int
    joined_now: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """A visit of a lead, as its signal tells it."""

    view: uuid.UUID
    at: datetime
    lead_id: int
    kind: str
    url: str
    path: str
    title: str
    referrer: str
    data: dict[str, Any]


_OF_DELIVERIES = text(
    """
    SELECT d.id, d.lead_id FROM delivery d JOIN lead l ON l.id = d.lead_id AND l.erased_at IS NULL
    WHERE d.id = ANY(CAST(:ids AS bigint[])) AND d.purpose NOT IN ('test', 'notice')
    """
)
_SEEN = text(
    """
    WITH before AS (
        SELECT id, lead_id FROM visitor WHERE id = ANY(CAST(:ids AS text[]))
    ), seen AS (
        INSERT INTO visitor AS v (id, lead_id, first_at, last_at, joined_at)
        SELECT g.id, g.lead_id, g.first_at, g.last_at, CASE WHEN g.lead_id IS NOT NULL THEN g.last_at END
        FROM unnest(CAST(:ids AS text[]), CAST(:leads AS bigint[]), CAST(:firsts AS timestamptz[]),
                    CAST(:lasts AS timestamptz[])) AS g (id, lead_id, first_at, last_at)
        ORDER BY g.id
        ON CONFLICT (id) DO UPDATE SET
            last_at = greatest(v.last_at, excluded.last_at),
            first_at = least(v.first_at, excluded.first_at),
            joined_at = CASE WHEN excluded.lead_id IS NULL OR excluded.lead_id = v.lead_id
                        THEN v.joined_at ELSE excluded.last_at END,
            lead_id = coalesce(excluded.lead_id, v.lead_id)
        RETURNING id, lead_id
    )
    SELECT seen.id, seen.lead_id, before.lead_id IS NULL AS joined_now
    FROM seen LEFT JOIN before USING (id) WHERE seen.lead_id IS NOT NULL
    """
)
_ADD = text(
    """
    INSERT INTO visit AS v (view, at, visitor_id, lead_id, kind, site, url, path, title, referrer, data,
                            user_agent, verdict)
    SELECT g.view, g.at, g.visitor_id, g.lead_id, g.kind, g.site, g.url, g.path, g.title, g.referrer,
           CAST(g.data AS jsonb), g.user_agent, g.verdict
    FROM unnest(
        CAST(:views AS uuid[]), CAST(:at AS timestamptz[]), CAST(:visitors AS text[]),
        CAST(:leads AS bigint[]), CAST(:kinds AS text[]), CAST(:sites AS text[]), CAST(:urls AS text[]),
        CAST(:paths AS text[]), CAST(:titles AS text[]), CAST(:referrers AS text[]), CAST(:data AS text[]),
        CAST(:agents AS text[]), CAST(:verdicts AS text[])
    ) AS g (view, at, visitor_id, lead_id, kind, site, url, path, title, referrer, data, user_agent, verdict)
    ORDER BY g.view
    ON CONFLICT (view) DO UPDATE SET
        visitor_id = coalesce(v.visitor_id, excluded.visitor_id),
        lead_id = coalesce(v.lead_id, excluded.lead_id)
    """
)
# So many visits before somebody was known are told; older ones are history of nobody.
_MOST_OF_THE_PAST = 500
_CLAIM_PAST = text(
    f"""
    UPDATE visit v SET lead_id = g.lead_id
    FROM unnest(CAST(:visitors AS text[]), CAST(:leads AS bigint[])) AS g (visitor_id, lead_id),
    LATERAL (
        SELECT p.view FROM visit p WHERE p.visitor_id = g.visitor_id AND p.lead_id IS NULL
        ORDER BY p.at DESC LIMIT {_MOST_OF_THE_PAST}
    ) past
    WHERE v.view = past.view
    RETURNING v.view, v.at, v.lead_id, v.kind, v.url, v.path, v.title, v.referrer, v.data, v.verdict
    """
)
_TOLD_BEFORE = text(
    """
    WITH found AS (
        UPDATE visit SET lead_id = :lead_id WHERE view = :view AND lead_id IS NULL RETURNING view
    )
    SELECT NOT EXISTS (SELECT FROM found) AND (
        EXISTS (SELECT FROM visit WHERE view = :view)
        OR EXISTS (SELECT FROM signal_key WHERE source = 'website' AND key = :key))
    """
)
_JOIN = text(
    """
    UPDATE visitor SET lead_id = :lead_id, joined_at = :now
    WHERE id = :id AND lead_id IS DISTINCT FROM :lead_id RETURNING id
    """
)
_LAST = text(
    f"""
    SELECT v.at, v.site, v.path, v.title, v.kind, v.verdict, v.visitor_id IS NOT NULL AS known_again,
           l.id AS lead_id, coalesce({full_name("l")}, '') AS name, l.email
    FROM visit v LEFT JOIN lead l ON l.id = v.lead_id AND l.erased_at IS NULL
    ORDER BY v.at DESC LIMIT :limit
    """
)


def sites(session: Session) -> list[Site]:
    """All of them by host."""
    return list(session.scalars(select(Site).order_by(Site.host).limit(500)))


def hosts(session: Session) -> list[str]:
    """The hosts alone, as the door wants them."""
    return list(session.scalars(select(Site.host)))


def rules(session: Session) -> list[VisitRule]:
    """All rules, the oldest first: the order in which they hold."""
    return list(session.scalars(select(VisitRule).order_by(VisitRule.id).limit(500)))


def path_rules(session: Session) -> list[PathRule]:
    """The rules as values."""
    return [PathRule(row.pattern, row.kind) for row in rules(session)]


def readers_of(session: Session, delivery_ids: Collection[int]) -> dict[int, int]:
    """Whom these mails were sent to, where that is a lead of ours."""
    if not delivery_ids:
        return {}
    rows = session.execute(_OF_DELIVERIES, {"ids": sorted(delivery_ids)})
    return {row.id: row.lead_id for row in rows}


def see(session: Session, seen: dict[str, tuple[int | None, datetime, datetime]]) -> dict[str, Known]:
    """Note visitors with (lead as just told, first and last look); whose each is now, where that is known."""
    if not seen:
        return {}
    given = {
        "ids": list(seen),
        "leads": [one[0] for one in seen.values()],
        "firsts": [one[1] for one in seen.values()],
        "lasts": [one[2] for one in seen.values()],
    }
    return {row.id: Known(row.lead_id, row.joined_now) for row in session.execute(_SEEN, given)}


def add(session: Session, rows: Sequence[tuple[Visit, int | None, str, str]]) -> None:
    """Keep visits with (lead, kind, verdict); one that was told before gains what was not known then."""
    if not rows:
        return
    given = {
        "views": [visit.view for visit, *_rest in rows],
        "at": [visit.at for visit, *_rest in rows],
        "visitors": [visit.visitor for visit, *_rest in rows],
        "leads": [lead for _visit, lead, _kind, _verdict in rows],
        "kinds": [kind for _visit, _lead, kind, _verdict in rows],
        "sites": [visit.site for visit, *_rest in rows],
        "urls": [visit.url for visit, *_rest in rows],
        "paths": [visit.path for visit, *_rest in rows],
        "titles": [visit.title for visit, *_rest in rows],
        "referrers": [visit.referrer for visit, *_rest in rows],
        "data": [json.dumps(dict(visit.data)) for visit, *_rest in rows],
        "agents": [visit.ua for visit, *_rest in rows],
        "verdicts": [verdict for _visit, _lead, _kind, verdict in rows],
    }
    session.execute(_ADD, given)


def told_before(session: Session, view: uuid.UUID, lead_id: int) -> bool:
    """Whether this look was told before, and is somebody's. One that was nobody's is now the lead's, as news;
    a signal outlives the visit it came from."""
    return bool(session.scalar(_TOLD_BEFORE, {"view": view, "key": view.hex, "lead_id": lead_id}))


def claim_past(session: Session, owners: dict[str, int]) -> list[Looked]:
    """The visits that these visitors made before we knew whose they are, given to their leads; those by
    people, so that they become signals."""
    if not owners:
        return []
    rows = session.execute(_CLAIM_PAST, {"visitors": list(owners), "leads": list(owners.values())}).all()
    told = ("view", "at", "lead_id", "kind", "url", "path", "title", "referrer", "data")
    return [Looked(*(getattr(row, name) for name in told)) for row in rows if row.verdict == "human"]


def join(session: Session, visitor_id: str, lead_id: int, *, now: datetime) -> bool:
    """A visitor is this lead from now on; False when there is no such visitor or it was so before."""
    given = {"id": visitor_id, "lead_id": lead_id, "now": now}
    return session.scalar(_JOIN, given) is not None


def latest(session: Session, limit: int) -> list[Any]:
    """The visits that came last, with whoever is known behind them."""
    return list(session.execute(_LAST, {"limit": limit}))


def forget_lead(session: Session, lead_id: int) -> None:
    """Nothing of what a person looked at stays, and their browser is a stranger again."""
    session.execute(text("DELETE FROM visit WHERE lead_id = :lead"), {"lead": lead_id})
    session.execute(
        text("DELETE FROM visit WHERE visitor_id IN (SELECT id FROM visitor WHERE lead_id = :lead)"),
        {"lead": lead_id},
    )
    session.execute(text("DELETE FROM visitor WHERE lead_id = :lead"), {"lead": lead_id})


def forget_before(session: Session, moment: datetime, limit: int = 10_000) -> int:
    """Drop up to `limit` visits from before, and the visitors not seen since; how many visits. What a lead
    did stays with the lead, as signals."""
    gone = session.execute(
        text(
            "DELETE FROM visit WHERE view IN (SELECT view FROM visit WHERE at < :moment ORDER BY at LIMIT :n)"
            " RETURNING view"
        ),
        {"moment": moment, "n": limit},
    ).all()
    session.execute(text("DELETE FROM visitor WHERE last_at < :moment"), {"moment": moment})
    return len(gone)
