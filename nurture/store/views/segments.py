"""What the builder of segments offers to choose from, and the members it shows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from nurture.store import segments
from nurture.store.lead_judgements import by_hand
from nurture.store.lead_names import called
from nurture.store.segments import Segment
from nurture.store.sources import Source

_NEWEST = 2_000
_MOST = 200
_AT_ONCE = 500
# From the newest leads alone: what is offered is a help, what may be typed is free.
_TAGS = text(
    """
    SELECT tag FROM (SELECT tags FROM lead ORDER BY id DESC LIMIT :newest) l, unnest(l.tags) tag
    GROUP BY tag ORDER BY tag LIMIT :most
    """
)
_CUSTOM = text(
    """
    SELECT name
    FROM (SELECT fields FROM lead ORDER BY id DESC LIMIT :newest) l, jsonb_object_keys(l.fields) name
    GROUP BY name ORDER BY name LIMIT :most
    """
)
_DATES = text(
    """
    SELECT name
    FROM (SELECT dates FROM lead ORDER BY id DESC LIMIT :newest) l, jsonb_object_keys(l.dates) name
    GROUP BY name ORDER BY name LIMIT :most
    """
)
_PURPOSES = text("SELECT DISTINCT purpose FROM program UNION SELECT 'marketing' ORDER BY 1 LIMIT :most")
_MAILS = text("SELECT DISTINCT key FROM mail ORDER BY 1 LIMIT :most")
_SOME = text(
    f"""
    SELECT id, {called("lead")} AS name,
           email, temperature, stage, coalesce(grade_override, grade) AS grade,
           {by_hand("lead")} AS grade_reason
    FROM lead WHERE id = ANY(:leads) ORDER BY id DESC
    """
)


@dataclass(frozen=True)
class Offered:
    """Names known in this installation."""

    tags: Sequence[str]
    custom: Sequence[str]
    dates: Sequence[str]
    sources: Sequence[str]
    purposes: Sequence[str]
    mails: Sequence[str]
    segments: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Member:
    """One line of the members."""

    id: int
    name: str
    email: str | None
    temperature: str
    stage: str
    grade: str | None
    grade_reason: str | None


def offered(session: Session, *, but: str | None = None) -> Offered:
    """What can be chosen; a segment does not offer itself."""
    asked = {"newest": _NEWEST, "most": _MOST}
    named = select(Segment.key, Segment.name).where(Segment.key != (but or "")).order_by(Segment.name)
    return Offered(
        tags=session.scalars(_TAGS, asked).all(),
        custom=session.scalars(_CUSTOM, asked).all(),
        dates=session.scalars(_DATES, asked).all(),
        sources=session.scalars(select(Source.name).order_by(Source.name).limit(_MOST)).all(),
        purposes=session.scalars(_PURPOSES, asked).all(),
        mails=session.scalars(_MAILS, asked).all(),
        segments=[(row.key, row.name) for row in session.execute(named)],
    )


def some(session: Session, lead_ids: Sequence[int]) -> list[Member]:
    """These leads as lines, the newest first."""
    return [Member(*row) for row in session.execute(_SOME, {"leads": list(lead_ids)})]


def each(session: Session, segment_id: int) -> Iterator[Member]:
    """Every member of the segment, the newest leads first, read a page at a time."""
    after = None
    while ids := segments.members(session, segment_id, after=after, limit=_AT_ONCE):
        yield from some(session, ids)
        after = ids[-1]
