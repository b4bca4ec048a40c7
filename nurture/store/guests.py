"""Who is on the list of an event, and what became of each."""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Count, Instant, Ref
from nurture.store.lead_names import called_or_number

STATES = ("registered", "attended", "no_show", "cancelled")


class EventGuest(Base):
    """A lead on the list of an event. `round` rises with each change that is told as a signal, so that
    coming, being undone and coming again are three. `asked_at`: when we asked for feedback by mail."""

    __tablename__ = "event_guest"
    __table_args__ = (
        CheckConstraint("state IN ('registered', 'attended', 'no_show', 'cancelled')", name="state"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index("ix_event_guest_lead_id", "lead_id"),
    )

    event_id: Mapped[Ref] = mapped_column(ForeignKey("event.id"), primary_key=True)
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    state: Mapped[str] = mapped_column(server_default="registered")
    source: Mapped[str]
    registered_at: Mapped[Instant]
    came_at: Mapped[Instant | None]
    state_at: Mapped[Instant]
    round: Mapped[Count]
    asked_at: Mapped[Instant | None]
    rating: Mapped[int | None]
    words: Mapped[str] = mapped_column(server_default="")
    rated_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class Changed:
    """A guest after a change, and in which round it is told."""

    lead_id: int
    round: int


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A guest who came and may be asked for feedback, with the language of their mails."""

    lead_id: int
    language: str | None


_REGISTER = text(
    """
    INSERT INTO event_guest AS g (event_id, lead_id, state, source, registered_at, state_at)
    SELECT :event, l.id, 'registered', :source, :now, :now
    FROM lead l WHERE l.id = ANY(CAST(:leads AS bigint[])) AND l.erased_at IS NULL
    ORDER BY l.id
    ON CONFLICT (event_id, lead_id) DO UPDATE
    SET state = 'registered', state_at = excluded.state_at, registered_at = excluded.registered_at,
        round = g.round + 1
    WHERE g.state = 'cancelled'
    RETURNING lead_id, round
    """
)
_MOVE = text(
    """
    UPDATE event_guest g
    SET state = :new, state_at = :now, round = g.round + 1,
        came_at = CASE WHEN CAST(:new AS text) = 'attended' THEN CAST(:now AS timestamptz) END
    WHERE g.event_id = :event AND g.state = ANY(CAST(:old AS text[]))
      AND (CAST(:leads AS bigint[]) IS NULL OR g.lead_id = ANY(CAST(:leads AS bigint[])))
    RETURNING g.lead_id, g.round
    """
)
_TOLD = text(
    """
    SELECT k.signal_id FROM signal_key k
    WHERE k.source = 'event' AND k.key = ANY(CAST(:keys AS text[]))
      AND NOT EXISTS (
        SELECT FROM signal_verdict v WHERE v.signal_id = k.signal_id AND v.verdict <> 'human'
      )
    """
)
_COUNTS = text(
    """
    SELECT event_id, state, count(*) AS n, count(rating) AS rated, sum(rating) AS stars
    FROM event_guest WHERE event_id = ANY(CAST(:events AS bigint[])) GROUP BY 1, 2
    """
)
_SHOWN = f"""
    SELECT g.lead_id, g.state, g.source, g.registered_at, g.came_at, g.state_at, g.asked_at, g.rating,
           g.words, g.rated_at, {called_or_number("l")} AS name, l.email, l.phone,
           l.role, l.temperature, l.language, c.name AS company
    FROM event_guest g
    JOIN lead l ON l.id = g.lead_id AND l.erased_at IS NULL
    LEFT JOIN company c ON c.id = l.company_id
"""
_PAGE = text(
    f"""{_SHOWN}
    WHERE g.event_id = :event AND g.lead_id > :after AND (CAST(:state AS text) = '' OR g.state = :state)
      AND (CAST(:q AS text) = '' OR strpos(l.search, :q) > 0)
    ORDER BY g.lead_id LIMIT :limit
    """
)
_AT_THE_DOOR = text(
    f"""{_SHOWN}
    WHERE g.event_id = :event AND g.state <> 'cancelled'
      AND (CAST(:q AS text) = '' OR strpos(l.search, :q) > 0)
    ORDER BY lower(coalesce(l.last_name, l.first_name, l.email, '')), g.lead_id LIMIT :limit
    """
)
_ONE = text(f"{_SHOWN} WHERE g.event_id = :event AND g.lead_id = :lead")
_STRANGERS = text(
    f"""
    SELECT l.id AS lead_id, {called_or_number("l")} AS name, l.email, c.name AS company
    FROM lead l LEFT JOIN company c ON c.id = l.company_id
    WHERE l.search LIKE '%' || :q || '%' AND l.erased_at IS NULL
      AND NOT EXISTS (
        SELECT FROM event_guest g WHERE g.event_id = :event AND g.lead_id = l.id AND g.state <> 'cancelled'
      )
    ORDER BY l.id DESC LIMIT :limit
    """
)
_TO_ASK = text(
    """
    SELECT g.lead_id, l.language FROM event_guest g JOIN lead l ON l.id = g.lead_id
    WHERE g.event_id = :event AND g.state = 'attended' AND g.asked_at IS NULL AND g.rated_at IS NULL
      AND l.email_norm IS NOT NULL AND l.erased_at IS NULL
    ORDER BY g.lead_id LIMIT :limit FOR UPDATE OF g
    """
)
_ASKED = text(
    "UPDATE event_guest SET asked_at = :now"
    " WHERE event_id = :event AND lead_id = ANY(CAST(:leads AS bigint[]))"
)
_QUEUE = text(
    """
    INSERT INTO delivery (dedup_key, purpose, mail_version_id, lead_id, params, due_at, created_at)
    SELECT dedup_key, 'transactional', :version, lead_id, CAST(params AS jsonb), :now, :now
    FROM unnest(CAST(:keys AS text[]), CAST(:leads AS bigint[]), CAST(:params AS text[]))
        AS given (dedup_key, lead_id, params)
    ON CONFLICT (dedup_key) DO NOTHING
    """
)
_RATE = text(
    """
    UPDATE event_guest SET rating = :rating, words = :words, rated_at = :now, round = round + 1
    WHERE event_id = :event AND lead_id = :lead AND state = 'attended'
      AND (rating IS DISTINCT FROM :rating OR words <> :words)
    RETURNING round
    """
)


def register(
    session: Session, event_id: int, lead_ids: Collection[int], *, source: str, now: datetime
) -> list[Changed]:
    """Put leads on the list; those who were not on it."""
    given = {"event": event_id, "leads": sorted(lead_ids), "source": source, "now": now}
    return [Changed(*row) for row in session.execute(_REGISTER, given)]


def move(
    session: Session,
    event_id: int,
    lead_ids: Collection[int] | None,
    old: Sequence[str],
    new: str,
    *,
    now: datetime,
) -> list[Changed]:
    """Guests (None: all of them) from one of the states into another; those who were in one."""
    leads = None if lead_ids is None else sorted(lead_ids)
    given = {"event": event_id, "leads": leads, "old": list(old), "new": new, "now": now}
    return [Changed(*row) for row in session.execute(_MOVE, given)]


def rate(
    session: Session, event_id: int, lead_id: int, rating: int, words: str, *, now: datetime
) -> int | None:
    """Keep what a guest thought of it; the round, None for who did not come or has said just that before."""
    given = {"event": event_id, "lead": lead_id, "rating": rating, "words": words, "now": now}
    found: int | None = session.scalar(_RATE, given)
    return found


def rounds(session: Session, event_id: int, lead_ids: Sequence[int]) -> dict[int, int]:
    """In which round each of these guests is."""
    query = text(
        "SELECT lead_id, round FROM event_guest"
        " WHERE event_id = :event AND lead_id = ANY(CAST(:leads AS bigint[]))"
    )
    rows = session.execute(query, {"event": event_id, "leads": list(lead_ids)})
    return {row.lead_id: row.round for row in rows}


def told(session: Session, keys: Sequence[str]) -> list[uuid.UUID]:
    """The signals that were told under these keys and still count."""
    return list(session.scalars(_TOLD, {"keys": list(keys)})) if keys else []


def counts(session: Session, event_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """By event: how many are in each state, how many rated it, and their stars together."""
    found: dict[int, dict[str, int]] = {number: dict.fromkeys(STATES, 0) for number in event_ids}
    for one in found.values():
        one |= {"rated": 0, "stars": 0}
    for row in session.execute(_COUNTS, {"events": list(event_ids)}):
        mine = found[row.event_id]
        mine[row.state] = row.n
        mine["rated"] += row.rated
        mine["stars"] += row.stars or 0
    return found


def page(
    session: Session, event_id: int, *, q: str = "", state: str = "", after: int = 0, limit: int
) -> list[Any]:
    """Guests in the order they became leads, those that the folded text finds."""
    given = {"event": event_id, "q": q, "state": state, "after": after, "limit": limit}
    return list(session.execute(_PAGE, given))


def at_the_door(session: Session, event_id: int, *, q: str, limit: int) -> list[Any]:
    """Guests by name, as somebody at the door looks for them."""
    return list(session.execute(_AT_THE_DOOR, {"event": event_id, "q": q, "limit": limit}))


def one(session: Session, event_id: int, lead_id: int) -> Any | None:
    """A guest as lists show them."""
    return session.execute(_ONE, {"event": event_id, "lead": lead_id}).one_or_none()


def strangers(session: Session, event_id: int, *, q: str, limit: int) -> list[Any]:
    """Leads that the folded text finds and that are not on the list."""
    return list(session.execute(_STRANGERS, {"event": event_id, "q": q, "limit": limit})) if q else []


def to_ask(session: Session, event_id: int, *, limit: int) -> list[ToAsk]:
    """Guests who came, have an address, and were neither asked nor heard; held until the transaction ends."""
    return [ToAsk(*row) for row in session.execute(_TO_ASK, {"event": event_id, "limit": limit})]


def ask(
    session: Session,
    event_id: int,
    version_id: int,
    mails: Mapping[int, tuple[str, Mapping[str, Any]]],
    *,
    now: datetime,
) -> None:
    """Queue a mail to each lead, by (key, params), and note that they were asked; two statements."""
    given = {
        "version": version_id,
        "leads": list(mails),
        "keys": [key for key, _params in mails.values()],
        "params": [json.dumps(dict(params)) for _key, params in mails.values()],
        "now": now,
    }
    session.execute(_QUEUE, given)
    session.execute(_ASKED, {"event": event_id, "leads": list(mails), "now": now})


def forget_lead(session: Session, lead_id: int) -> None:
    """Nothing stays of what a person said; that somebody was there stays for the counts."""
    session.execute(text("UPDATE event_guest SET words = '' WHERE lead_id = :lead"), {"lead": lead_id})
