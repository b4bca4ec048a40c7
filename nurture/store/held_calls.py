"""What other programs told of people whom nobody knows yet, held until somebody says who they are."""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, Uuid, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Id, Instant, Json

SIGNAL, GROUP = "signal", "group"


class HeldCall(Base):
    """A message as it was sent: `call` is signal (an activity of this kind and data, `key` its messageId) or
    group (data: {company_id}). `message` is its name, `id` the order in which they were told. `email_norm`
    where the message itself says an address. Nothing else is kept of whoever did it. `at` is when it
    happened."""

    __tablename__ = "held_call"
    __table_args__ = (
        CheckConstraint(f"call IN ('{SIGNAL}', '{GROUP}')", name="call"),
        CheckConstraint("user_id IS NOT NULL OR anonymous_id IS NOT NULL", name="named"),
        Index("ix_held_call_user_id_at", "user_id", "at"),
        Index("ix_held_call_anonymous_id_at", "anonymous_id", "at"),
        Index("ix_held_call_received_at", "received_at"),
    )

    id: Mapped[Id]
    message: Mapped[uuid.UUID] = mapped_column(Uuid, unique=True)
    user_id: Mapped[str | None]
    anonymous_id: Mapped[str | None]
    email_norm: Mapped[str | None]
    call: Mapped[str]
    kind: Mapped[str]
    key: Mapped[str | None]
    at: Mapped[Instant]
    received_at: Mapped[Instant]
    data: Mapped[Json]


class ForgottenName(Base):
    """The digest of a user id whose person was erased: what is told of it later is not held."""

    __tablename__ = "forgotten_name"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class Held:
    """A message to be held."""

    message: uuid.UUID
    user_id: str | None
    anonymous_id: str | None
    email_norm: str | None
    call: str
    kind: str
    key: str | None
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that was held, and whose it is; `number` is the order in which they were told."""

    lead_id: int
    number: int
    call: str
    kind: str
    key: str | None
    at: datetime
    data: Mapping[str, Any]


# So many are held under one name; of more the newest stay.
MOST = 500
_HOLD = text(
    """
    INSERT INTO held_call (message, user_id, anonymous_id, email_norm, call, kind, key, at, received_at, data)
    VALUES (:message, :user_id, :anonymous_id, :email_norm, :call, :kind, :key, :at, :now,
            CAST(:data AS jsonb))
    ON CONFLICT (message) DO NOTHING RETURNING id
    """
)
_TRIM = """
    DELETE FROM held_call WHERE id IN (
        SELECT id FROM held_call WHERE {which} ORDER BY at DESC, id DESC OFFSET :most
    )
"""
_TRIM_USER = text(_TRIM.format(which="user_id = :user_id"))
_TRIM_BROWSER = text(_TRIM.format(which="anonymous_id = :anonymous_id AND user_id IS NULL"))
# A user id says who acts: only where there is none does the browser say it.
_CLAIM = """
    WITH owned AS (
        SELECT h.id, coalesce(u.lead_id, b.lead_id, v.lead_id, e.id, a.lead_id) AS lead_id
        FROM held_call h
        LEFT JOIN lead_identity u ON u.kind = 'user_id' AND u.value = h.user_id
        LEFT JOIN lead_identity b
            ON b.kind = 'anonymous_id' AND b.value = h.anonymous_id AND h.user_id IS NULL
        LEFT JOIN visitor v ON v.id = h.anonymous_id AND h.user_id IS NULL
        LEFT JOIN lead e ON e.email_norm = h.email_norm
        LEFT JOIN lead_alias a ON a.email_norm = h.email_norm
        WHERE {which}
    ), living AS (
        SELECT owned.* FROM owned JOIN lead l ON l.id = owned.lead_id AND l.erased_at IS NULL
        ORDER BY owned.id LIMIT :limit
    )
    DELETE FROM held_call h USING living WHERE h.id = living.id
    RETURNING living.lead_id, h.id, h.call, h.kind, h.key, h.at, h.data
"""
_CLAIM_NAMED = text(
    _CLAIM.format(
        which="h.user_id = ANY(CAST(:users AS text[])) OR h.anonymous_id = ANY(CAST(:browsers AS text[]))"
    )
)
_CLAIM_ALL = text(_CLAIM.format(which="true"))
_FORGET = text(
    """
    DELETE FROM held_call WHERE email_norm = ANY(CAST(:norms AS text[])) OR user_id IN (
        SELECT value FROM lead_identity WHERE lead_id = :lead AND kind = 'user_id'
    ) OR anonymous_id IN (
        SELECT value FROM lead_identity WHERE lead_id = :lead AND kind = 'anonymous_id'
        UNION ALL SELECT id FROM visitor WHERE lead_id = :lead
    )
    """
)
_FORGET_BEFORE = text(
    """
    DELETE FROM held_call WHERE id IN (
        SELECT id FROM held_call WHERE received_at < :moment ORDER BY received_at LIMIT :limit
    ) RETURNING id
    """
)


def hold(session: Session, one: Held, *, now: datetime) -> bool:
    """Keep a message until somebody says who it was; False for one that is held already."""
    given = {name: getattr(one, name) for name in Held.__dataclass_fields__}
    new = session.scalar(_HOLD, given | {"data": json.dumps(dict(one.data)), "now": now}) is not None
    if new:
        names = {"user_id": one.user_id, "anonymous_id": one.anonymous_id, "most": MOST}
        session.execute(_TRIM_USER if one.user_id is not None else _TRIM_BROWSER, names)
    return new


def claim_named(session: Session, users: Collection[str], browsers: Collection[str]) -> list[Claimed]:
    """What is held under these names, where it is known by now whose they are; it is held no longer."""
    if not users and not browsers:
        return []
    given = {"users": list(users), "browsers": list(browsers), "limit": MOST * (len(users) + len(browsers))}
    return [Claimed(*row) for row in session.execute(_CLAIM_NAMED, given)]


def claim_known(session: Session, limit: int = 2_000) -> list[Claimed]:
    """The same whatever the names are: of people who came in by some other door since."""
    return [Claimed(*row) for row in session.execute(_CLAIM_ALL, {"limit": limit})]


def forget_lead(session: Session, lead_id: int, norms: Sequence[str]) -> None:
    """Nothing stays held under the names of a person, or under these addresses."""
    session.execute(_FORGET, {"lead": lead_id, "norms": list(norms)})


def forget_before(session: Session, moment: datetime, limit: int = 10_000) -> int:
    """Drop up to `limit` that came before and are nobody's yet; how many."""
    return len(session.execute(_FORGET_BEFORE, {"moment": moment, "limit": limit}).all())


def forget_names(session: Session, digests: Collection[bytes], *, now: datetime) -> None:
    """What is told under these names from now on is not held."""
    sql = "INSERT INTO forgotten_name (digest, at) VALUES (:digest, :now) ON CONFLICT DO NOTHING"
    if digests:
        session.execute(text(sql), [{"digest": one, "now": now} for one in sorted(digests)])


def is_forgotten(session: Session, digests: Collection[bytes]) -> bool:
    """Whether the person of one of these names was erased."""
    sql = "SELECT EXISTS (SELECT FROM forgotten_name WHERE digest = ANY(:digests))"
    return bool(digests) and bool(session.scalar(text(sql), {"digests": list(digests)}))
