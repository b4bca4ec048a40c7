"""Transports: the ways out, which mails take which, and how each of them stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.transports import KINDS, OF_SETTINGS, Health
from nurture.store.base import Base, Count, Flag, Id, Instant, Json, Ref

CHOOSERS = ("program", "mail", "newsletter")
HEALTH_WINDOW = timedelta(hours=1)


class Transport(Base):
    """A way out. `settings` by kind (host and port, region, domain …), `sealed` its secret; `fallback_id` who
    takes over while it is down. The transport of the environment has no row; it is number 0."""

    __tablename__ = "transport"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index("uq_transport_is_default", "is_default", unique=True, postgresql_where=text("is_default")),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    settings: Mapped[Json]
    sealed: Mapped[str] = mapped_column(server_default="")
    per_second: Mapped[float | None]
    per_hour: Mapped[int | None]
    per_day: Mapped[int | None]
    connections: Mapped[int] = mapped_column(server_default=text("4"))
    fallback_id: Mapped[Ref | None] = mapped_column(ForeignKey("transport.id", ondelete="SET NULL"))
    is_default: Mapped[Flag]
    paused_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class TransportChoice(Base):
    """The transport that the mails of a program, a mail or a newsletter take; a newsletter's goes before a
    mail's, a mail's before a program's."""

    __tablename__ = "transport_choice"
    __table_args__ = (CheckConstraint(f"kind IN {CHOOSERS}", name="kind"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    ref_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    transport_id: Mapped[Ref] = mapped_column(ForeignKey("transport.id", ondelete="CASCADE"))


class TransportHealth(Base):
    """How a transport stands. `retry_at`: it is down, and nobody knocks before then; NULL: it works.
    `at`: since
    when."""

    __tablename__ = "transport_health"

    transport_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    failures: Mapped[Count]
    retry_at: Mapped[Instant | None]
    sentence: Mapped[str] = mapped_column(server_default="")
    at: Mapped[Instant]


class TransportMinute(Base):
    """What became of the mails of one minute."""

    __tablename__ = "transport_minute"

    transport_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    minute: Mapped[Instant] = mapped_column(primary_key=True)
    accepted: Mapped[Count]
    put_off: Mapped[Count]
    refused: Mapped[Count]
    lost: Mapped[Count]


@dataclass(frozen=True)
class Tally:
    """What became of the mails handed to a transport within the last hour."""

    accepted: int = 0
    put_off: int = 0
    refused: int = 0
    lost: int = 0


def everything(session: Session) -> list[Transport]:
    """Every transport, the default first."""
    query = select(Transport).order_by(Transport.is_default.desc(), Transport.name, Transport.id)
    return list(session.scalars(query))


def get(session: Session, transport_id: int) -> Transport | None:
    return session.get(Transport, transport_id)


def locked(session: Session, transport_id: int) -> Transport | None:
    """The row, held until the transaction ends."""
    return session.get(Transport, transport_id, with_for_update=True)


def by_key(session: Session, key: str) -> Transport | None:
    return session.scalar(select(Transport).where(Transport.key == key))


def choices(session: Session) -> Mapping[tuple[str, int], int]:
    """Transport id by (kind, id) of what chose it."""
    return {(row.kind, row.ref_id): row.transport_id for row in session.scalars(select(TransportChoice))}


def choose(session: Session, kind: str, ref_id: int, transport_id: int | None) -> None:
    """The mails of this program, mail or newsletter take that transport; None: the default again."""
    session.execute(
        delete(TransportChoice).where(TransportChoice.kind == kind, TransportChoice.ref_id == ref_id)
    )
    if transport_id is not None:
        session.add(TransportChoice(kind=kind, ref_id=ref_id, transport_id=transport_id))
        session.flush()


def health(session: Session) -> dict[int, Health]:
    """How each transport stands that was ever in use."""
    rows = session.execute(_HEALTH)
    return {row[0]: Health(*row[1:]) for row in rows}


# Rests run on PostgreSQL's clock, as leases do: a server that is away is away in real time.
_HEALTH = text("""
    SELECT transport_id, failures,
           CAST(extract(epoch FROM retry_at - clock_timestamp()) AS double precision), sentence, at
    FROM transport_health
""")

_DOWN = text("""
    INSERT INTO transport_health AS h (transport_id, failures, retry_at, sentence, at)
    VALUES (:id, 1, clock_timestamp() + make_interval(secs => :first), :sentence, :now)
    ON CONFLICT (transport_id) DO UPDATE
    SET failures = least(h.failures + 1, 1000), sentence = excluded.sentence,
        at = CASE WHEN h.failures = 0 THEN excluded.at ELSE h.at END,
        retry_at = clock_timestamp() + make_interval(
            secs => least(:first * power(2, least(h.failures, 20)), :longest))
""")

_UP = text("""
    INSERT INTO transport_health AS h (transport_id, failures, retry_at, sentence, at)
    VALUES (:id, 0, NULL, '', :now)
    ON CONFLICT (transport_id) DO UPDATE
    SET failures = 0, retry_at = NULL, sentence = '', at = excluded.at
    WHERE h.failures > 0 OR h.retry_at IS NOT NULL
""")

# Whoever moves the date on is the one that knocks.
_PROBE = text("""
    UPDATE transport_health SET retry_at = clock_timestamp() + make_interval(secs => :probe)
    WHERE transport_id = :id AND retry_at <= clock_timestamp()
    RETURNING transport_id
""")


def note_down(
    session: Session, transport_id: int, sentence: str, *, first: float, longest: float, now: datetime
) -> None:
    """It does not work: nobody knocks for `first` seconds, twice as long after each failure, `longest` at
    most."""
    values = {"id": transport_id, "sentence": sentence, "first": first, "longest": longest, "now": now}
    session.execute(_DOWN, values)


def note_up(session: Session, transport_id: int, *, now: datetime) -> None:
    """It works."""
    session.execute(_UP, {"id": transport_id, "now": now})


def may_probe(session: Session, transport_id: int, *, probe: float) -> bool:
    """Whether the caller is the one to try a transport that is down, with `probe` seconds to do it in."""
    result = session.execute(_PROBE, {"id": transport_id, "probe": probe})
    return result.first() is not None


_COUNT = text("""
    INSERT INTO transport_minute AS t (transport_id, minute, accepted, put_off, refused, lost)
    VALUES (:id, date_trunc('minute', CAST(:now AS timestamptz)), :accepted, :put_off, :refused, :lost)
    ON CONFLICT (transport_id, minute) DO UPDATE
    SET accepted = t.accepted + excluded.accepted, put_off = t.put_off + excluded.put_off,
        refused = t.refused + excluded.refused, lost = t.lost + excluded.lost
""")

_TALLIES = text("""
    SELECT transport_id, sum(accepted), sum(put_off), sum(refused), sum(lost)
    FROM transport_minute WHERE minute > :since GROUP BY 1
""")


def count(session: Session, transport_id: int, tally: Tally, *, now: datetime) -> None:
    """Add what became of a chunk."""
    values: dict[str, Any] = {"id": transport_id, "now": now, **vars(tally)}
    session.execute(_COUNT, values)


def tallies(session: Session, *, now: datetime) -> dict[int, Tally]:
    """The last hour of each transport."""
    rows = session.execute(_TALLIES, {"since": now - HEALTH_WINDOW})
    return {row[0]: Tally(*(int(n) for n in row[1:])) for row in rows}


def rate_lately(session: Session, *, now: datetime) -> float | None:
    """Mails a second that were taken over the last five minutes; None when there was none."""
    query = text("SELECT sum(accepted) FROM transport_minute WHERE minute > :since")
    taken = session.execute(query, {"since": now - timedelta(minutes=5)}).scalar_one()
    return int(taken) / 300 if taken else None


def forget_minutes(session: Session, *, now: datetime) -> None:
    """Drop the minutes that nobody looks at any more."""
    session.execute(
        text("DELETE FROM transport_minute WHERE minute < :until"), {"until": now - timedelta(days=2)}
    )


def new(session: Session, values: Mapping[str, Any], *, now: datetime) -> Transport:
    row = Transport(**values, created_at=now, updated_at=now)
    session.add(row)
    session.flush()
    return row


def set_default(session: Session, transport_id: int) -> None:
    """Mails that choose nothing take this one; OF_SETTINGS: that of the environment."""
    session.execute(text("UPDATE transport SET is_default = false WHERE is_default"))
    if transport_id != OF_SETTINGS:
        session.execute(text("UPDATE transport SET is_default = true WHERE id = :id"), {"id": transport_id})
    session.expire_all()


def remove(session: Session, transport_id: int) -> None:
    session.execute(delete(TransportHealth).where(TransportHealth.transport_id == transport_id))
    session.execute(delete(TransportMinute).where(TransportMinute.transport_id == transport_id))
    session.execute(delete(Transport).where(Transport.id == transport_id))


def choosers(session: Session, transport_ids: Sequence[int]) -> dict[int, int]:
    """How many programs, mails and newsletters chose each."""
    query = text(
        "SELECT transport_id, count(*) FROM transport_choice WHERE transport_id = ANY(:ids) GROUP BY 1"
    )
    return {row[0]: row[1] for row in session.execute(query, {"ids": list(transport_ids)})}


_MAY_CHOOSE = text("""
    SELECT 'program' AS kind, id, name, '' AS of FROM program WHERE state <> 'draft'
    UNION ALL
    (SELECT 'newsletter', id, name, '' FROM newsletter WHERE state IN ('draft', 'scheduled', 'paused')
     ORDER BY id DESC LIMIT 50)
    UNION ALL
    SELECT 'mail', m.id, coalesce(nullif(m.name, ''), m.key), p.name FROM mail m
    JOIN program p ON p.id = m.program_id AND p.state <> 'draft'
    ORDER BY 1, 4, 3, 2
""")


def may_choose(session: Session) -> dict[str, list[tuple[int, str, str]]]:
    """Whatever may choose a transport, by kind, each by name: (id, name, program of a mail or "")."""
    found: dict[str, list[tuple[int, str, str]]] = {kind: [] for kind in CHOOSERS}
    for kind, number, name, program in session.execute(_MAY_CHOOSE):
        found[kind].append((number, name, program))
    return found
