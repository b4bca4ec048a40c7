"""Hits: every request at the tracking door, raw facts and verdict, nothing thrown away."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from struct import Struct
from typing import NamedTuple

from sqlalchemy import Index, PrimaryKeyConstraint, Uuid, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.hits import TRAP_LABEL, id_of
from nurture.rules.hits import Hit as RawHit
from nurture.rules.ids import time_of
from nurture.rules.robots import Verdict
from nurture.store import batch, binary
from nurture.store.base import Base, Instant, Json, Ref, Words


class Hit(Base):
    """An open or a click as it came in. `received_at` is the time inside the UUIDv7, so the same hit
    from stream and spool meets itself. `verdict` is the one of its arrival; later ones are appended to
    signal_verdict (store/verdicts). `since_sent`: seconds from acceptance; `domain`: the recipient's,
    for clicks that may come from a company's gate. Partitioned by RANGE (received_at)."""

    __tablename__ = "hit"
    __table_args__ = (
        PrimaryKeyConstraint("id", "received_at"),
        Index("ix_hit_delivery_id_received_at", "delivery_id", "received_at"),
        Index("ix_hit_lead_id_received_at", "lead_id", "received_at"),
        Index("ix_hit_ip_received_at", "ip", "received_at"),
        Index("ix_hit_domain", "domain", "received_at", postgresql_where=text("domain IS NOT NULL")),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid)
    received_at: Mapped[Instant]
    occurred_at: Mapped[Instant]
    kind: Mapped[str]
    delivery_id: Mapped[Ref]
    lead_id: Mapped[Ref | None]
    link_id: Mapped[Ref | None]
    method: Mapped[str]
    ip: Mapped[str | None]
    user_agent: Mapped[str]
    headers: Mapped[Json]
    verdict: Mapped[str]
    reasons: Mapped[Words]
    since_sent: Mapped[float | None]
    domain: Mapped[str | None]


class HitDelivery(NamedTuple):
    """What a delivery says about a hit on it; `links` are those that a person can see in its mail;
    `opened_at`: when a person was first seen to open it.
    `erased`: the lead was."""

    id: int
    lead_id: int | None
    purpose: str
    state: str
    sent_at: datetime | None
    mail_key: str
    address: str | None
    links: int
    opened_at: datetime | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class HitLink:
    """What a link says about a click on it."""

    id: int
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A hit with its lead (None: nobody known stands behind the delivery) and what it is judged by:
    seconds from acceptance (None: not known) and the recipient's company, where that may say something."""

    hit: RawHit
    lead_id: int | None
    since_sent: float | None
    domain: str | None


@dataclass(frozen=True, slots=True)
class JudgedHit(Arrived):
    """A hit with the verdict of its arrival."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """When people first opened or clicked a delivery, as far as these hits tell (None: not in them)."""

    delivery_id: int
    opened_at: datetime | None
    clicked_at: datetime | None


# Two ids are compared by Python, two numbers are not.
_NUMBER = attrgetter("int")
_KNOWN = text(
    """
    SELECT id FROM hit
    WHERE id = ANY(CAST(:ids AS uuid[])) AND received_at BETWEEN :first AND :last
    """
)
_DELIVERIES = text(
    """
    WITH hit_on AS MATERIALIZED (
        SELECT id, lead_id, purpose, state, sent_at, mail_version_id, address, opened_at FROM delivery
        WHERE id = ANY(CAST(:ids AS bigint[]))
    ), words AS MATERIALIZED (
        -- A reader sees the links of one language; every language has about as many.
        SELECT v.id, m.key, (
            SELECT count(*) FROM link l WHERE l.mail_version_id = v.id AND l.label <> :trap
        ) / (1 + coalesce(jsonb_array_length(v.compiled -> 'others'), 0)) AS links
        FROM mail_version v JOIN mail m ON m.id = v.mail_id
        WHERE v.id IN (SELECT mail_version_id FROM hit_on)
    )
    SELECT d.id, d.lead_id, d.purpose, d.state, d.sent_at, w.key AS mail_key, d.address, w.links, d.opened_at,
           -- An erasure takes the address away: as a rule nobody is looked up.
           d.address IS NULL AND EXISTS (
               SELECT FROM lead l WHERE l.id = d.lead_id AND l.erased_at IS NOT NULL
           ) AS erased
    FROM hit_on d JOIN words w ON w.id = d.mail_version_id
    """
)
_LINKS = text("SELECT id, url, label FROM link WHERE id = ANY(CAST(:ids AS bigint[]))")
# What is told of each, then what few kinds of hits share.
_INTO = """
    hit (id, received_at, occurred_at, delivery_id, lead_id, link_id, since_sent, domain, ip,
         kind, method, user_agent, headers, verdict, reasons)
"""
_HEAD = Struct(">hi16siqiqiq")
_COLUMNS = 15
# Of whom, the first of each kind is dated once a delivery and counted on the day the mail was sent, and for
# its newsletter; openings and clicks by people have a counter over all days beside.
_MARK_FIRST = """
    WITH marked AS (
        -- One by one, in the order of `ids`.
        UPDATE delivery d
        SET {whose}opened_at = coalesce(d.{whose}opened_at, g.opened_at),
            {whose}clicked_at = coalesce(d.{whose}clicked_at, g.clicked_at)
        FROM unnest(CAST(:ids AS bigint[]), CAST(:opened AS timestamptz[]),
                    CAST(:clicked AS timestamptz[])) AS g (id, opened_at, clicked_at)
        WHERE d.id = g.id AND ((g.opened_at IS NOT NULL AND d.{whose}opened_at IS NULL)
                            OR (g.clicked_at IS NOT NULL AND d.{whose}clicked_at IS NULL))
        RETURNING d.chain_id, d.version_id, d.step_key, d.newsletter_id,
            CAST(coalesce(d.sent_at, d.settled_at, d.due_at) AT TIME ZONE 'UTC' AS date) AS day,
            g.opened_at IS NOT NULL AND old.{whose}opened_at IS NULL AS first_opened,
            g.clicked_at IS NOT NULL AND old.{whose}clicked_at IS NULL AS first_clicked
    ), counted AS (
        SELECT chain_id, version_id, step_key, newsletter_id, day, 'opened' AS what
        FROM marked WHERE first_opened
        UNION ALL
        SELECT chain_id, version_id, step_key, newsletter_id, day, 'clicked' FROM marked WHERE first_clicked
    ), by_day AS (
        INSERT INTO step_day (chain_id, day, version_id, step_key, what, n)
        SELECT chain_id, day, version_id, step_key, '{whose}' || what, count(*)
        FROM counted
        WHERE chain_id IS NOT NULL AND version_id IS NOT NULL AND step_key IS NOT NULL
        GROUP BY 1, 2, 3, 4, 5
        ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (chain_id, day, version_id, step_key, what) DO UPDATE SET n = step_day.n + excluded.n
    ), by_newsletter AS (
        INSERT INTO newsletter_count (newsletter_id, what, n)
        SELECT newsletter_id, '{whose}' || what, count(*)
        FROM counted WHERE newsletter_id IS NOT NULL
        GROUP BY 1, 2
        ORDER BY 1, 2
        ON CONFLICT (newsletter_id, what) DO UPDATE SET n = newsletter_count.n + excluded.n
    )
    {rest}
"""
_BY_PEOPLE = """
    INSERT INTO step_count (chain_id, version_id, step_key, what, n)
    SELECT chain_id, version_id, step_key, what, count(*)
    FROM counted
    WHERE chain_id IS NOT NULL AND version_id IS NOT NULL AND step_key IS NOT NULL
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (chain_id, version_id, step_key, what) DO UPDATE SET n = step_count.n + excluded.n
"""
_MARK_PEOPLE = text(_MARK_FIRST.format(whose="", rest=_BY_PEOPLE))
_MARK_MACHINES = text(_MARK_FIRST.format(whose="machine_", rest="SELECT count(*) FROM marked"))


def known(session: Session, ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the ids that are recorded already."""
    if not ids:
        return set()
    span = {"first": time_of(min(ids, key=_NUMBER)), "last": time_of(max(ids, key=_NUMBER))}
    return set(session.scalars(_KNOWN, {"ids": batch.uuids(ids), **span}))


def unknown_lines(session: Session, lines: Sequence[bytes]) -> list[bytes]:
    """These lines without those whose hits are recorded already, told by their ids alone."""
    ids = [number for line in lines if (number := id_of(line)) is not None]
    recorded = known(session, [uuid.UUID(one) for one in ids]) if ids else set()
    there = {str(one) for one in recorded}
    return [line for line in lines if id_of(line) not in there] if there else list(lines)


def deliveries_of(session: Session, ids: Iterable[int]) -> dict[int, HitDelivery]:
    """The deliveries that were hit, by id."""
    rows = session.execute(_DELIVERIES, {"ids": batch.numbers(sorted(ids)), "trap": TRAP_LABEL})
    return {row[0]: HitDelivery._make(row) for row in rows.all()}


def links_of(session: Session, ids: Iterable[int]) -> dict[int, HitLink]:
    """The links that were followed, by id."""
    wanted = sorted(ids)
    rows = session.execute(_LINKS, {"ids": batch.numbers(wanted)}) if wanted else ()
    return {row.id: HitLink(row.id, row.url, row.label) for row in rows}


def add(session: Session, lines: Iterable[bytes]) -> None:
    """Record hits that are not known yet, by the one whose turn it is; `lines` as `line` makes them."""
    binary.copy(session, _INTO, lines)


def line(one: JudgedHit) -> bytes:
    """A hit as it is handed over to the table."""
    hit, verdict = one.hit, one.verdict
    at = binary.micros_of(hit.id)
    return b"".join(
        (
            _HEAD.pack(_COLUMNS, 16, hit.id.bytes, 8, at, 8, at, 8, hit.delivery_id),
            binary.bigint(one.lead_id),
            binary.bigint(hit.link_id),
            binary.double(one.since_sent),
            binary.text(one.domain),
            binary.text(hit.ip),
            _shared(
                hit.kind,
                hit.method,
                hit.ua,
                batch.text_of(hit.headers),
                verdict.verdict,
                verdict.reasons,
            ),
        )
    )


# Few programs of readers make nearly all hits, and few reasons all verdicts.
@lru_cache(maxsize=1024)
def _shared(
    kind: str, method: str, user_agent: str, headers: str, verdict: str, reasons: tuple[str, ...]
) -> bytes:
    return b"".join(
        (
            binary.text(kind),
            binary.text(method),
            binary.text(user_agent),
            binary.jsonb(headers),
            binary.text(verdict),
            binary.texts(reasons),
        )
    )


def mark_first(session: Session, seen: Sequence[FirstSeen], *, people: bool = True) -> None:
    """Date the first open and click of deliveries (by people, or by machines) and raise the counters of
    their steps and newsletters, once a delivery."""
    if seen:
        given = {
            "ids": batch.numbers(one.delivery_id for one in seen),
            "opened": batch.array(one.opened_at for one in seen),
            "clicked": batch.array(one.clicked_at for one in seen),
        }
        with batch.by_key(session):
            session.execute(_MARK_PEOPLE if people else _MARK_MACHINES, given)
