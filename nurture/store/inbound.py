"""What came back: reports with their raw bytes, kept to read, and what they change about deliveries."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, LargeBinary, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, Ref
from nurture.store.deliveries import Delivery


class InboundReport(Base):
    """One mail or event that came back. `digest` is that of its bytes, or of the provider's own name for
    it: the same report again is the same row. `kind` is one of mail/inbound's, or `subscription` (a
    provider asks to be confirmed). `raw` is bounded and goes when its lead is erased; `counts` says
    whether a soft bounce counts towards giving the address up."""

    __tablename__ = "inbound_report"
    __table_args__ = (
        Index("ix_inbound_report_delivery_id", "delivery_id"),
        Index("ix_inbound_report_lead_id", "lead_id"),
        Index("ix_inbound_report_kind_id", "kind", "id"),
        Index("ix_inbound_report_of_nobody", "received_at", postgresql_where=text("delivery_id IS NULL")),
    )

    id: Mapped[Id]
    received_at: Mapped[Instant]
    source: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    kind: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="")
    diagnostic: Mapped[str] = mapped_column(server_default="")
    subject: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str] = mapped_column(server_default="")
    counts: Mapped[Flag]
    delivery_id: Mapped[Ref | None]
    lead_id: Mapped[Ref | None]
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)

    @property
    def raw_text(self) -> str:
        """The raw bytes for the eye."""
        return (self.raw or b"").decode("utf-8", "replace").replace("\x00", "\ufffd")


class ProviderKey(Base):
    """What a provider signs its posts with, as the vault keeps it: once it is here, unsigned posts of this
    provider are refused."""

    __tablename__ = "provider_key"

    provider: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[str]
    created_at: Mapped[Instant]


# Reports name a mail by its Message-ID where the return path is lost.
_BY_MESSAGE_ID = Index("ix_delivery_message_id", Delivery.message_id)

BOUNCED, COMPLAINED = "bounced", "complained"


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to be kept."""

    source: str
    digest: bytes
    kind: str
    reason: str
    status: str
    diagnostic: str
    subject: str
    text: str
    counts: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class Meant:
    """The delivery that a report is about, held until the transaction ends."""

    id: int
    lead_id: int | None
    program_id: int | None
    address: str | None
    purpose: str
    state: str


_MEANT = """
    SELECT d.id, d.lead_id, d.program_id, coalesce(d.address, l.email) AS address, d.purpose, d.state
    FROM delivery d LEFT JOIN lead l ON l.id = d.lead_id
"""
_BY_ID = text(_MEANT + " WHERE d.id = :id FOR NO KEY UPDATE OF d")
_BY_MESSAGE = text(
    _MEANT + " WHERE d.message_id = ANY(CAST(:ids AS uuid[])) ORDER BY d.id LIMIT 1 FOR NO KEY UPDATE OF d"
)
_BY_REMOTE = text(
    _MEANT + " WHERE d.remote_id = ANY(CAST(:ids AS text[])) ORDER BY d.id LIMIT 1 FOR NO KEY UPDATE OF d"
)
_LATEST_TO = text(
    _MEANT
    + """ WHERE l.email_norm = :email_norm AND d.state IN ('sent', 'uncertain', 'failed')
          ORDER BY d.id DESC LIMIT 1 FOR NO KEY UPDATE OF d"""
)

# The first of its kind is counted with its step, whether a server said it at its door or a report later; a
# later one changes nothing.
_MARK = """
    WITH before AS (
        SELECT id, chain_id, version_id, step_key,
               CAST(coalesce(sent_at, settled_at, due_at) AT TIME ZONE 'UTC' AS date) AS day
        FROM delivery WHERE id = ANY(CAST(:ids AS bigint[])) AND {column} IS NULL
    ), marked AS (
        UPDATE delivery d SET {column} = :now FROM before b WHERE d.id = b.id
    ), counted AS (
        INSERT INTO step_count (chain_id, version_id, step_key, what, n)
        SELECT chain_id, version_id, step_key, '{what}', count(*) FROM before
        WHERE chain_id IS NOT NULL AND version_id IS NOT NULL AND step_key IS NOT NULL
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (chain_id, version_id, step_key, what) DO UPDATE SET n = step_count.n + excluded.n
    ), by_day AS (
        INSERT INTO step_day (chain_id, day, version_id, step_key, what, n)
        SELECT chain_id, day, version_id, step_key, '{what}', count(*) FROM before
        WHERE chain_id IS NOT NULL AND version_id IS NOT NULL AND step_key IS NOT NULL
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
        ON CONFLICT (chain_id, day, version_id, step_key, what) DO UPDATE SET n = step_day.n + excluded.n
    )
    SELECT count(*) FROM before
"""
_MARKS = {what: text(_MARK.format(column=f"{what}_at", what=what)) for what in (BOUNCED, COMPLAINED)}

# Of deliveries that came back softly, those whose lead's latest `most` mails up to them all did, in a way
# that counts: by a report, or refused at the door of the server. Mails that came back for a fault of their
# own neither count nor begin the count anew.
_GIVEN_UP = text("""
    SELECT m.id FROM unnest(CAST(:ids AS bigint[]), CAST(:leads AS bigint[])) AS m(id, lead_id)
    WHERE (
        SELECT count(*) = :most AND bool_and(latest.soft)
        FROM (
            SELECT d.sent_at IS NULL OR came.counting AS soft
            FROM delivery d
            CROSS JOIN LATERAL (
                SELECT coalesce(bool_or(r.counts), false) AS counting,
                       coalesce(bool_or(r.reason <> 'delayed'), false) AS soft
                FROM inbound_report r WHERE r.delivery_id = d.id AND r.kind = 'soft'
            ) came
            WHERE d.lead_id = m.lead_id AND d.id <= m.id
              AND (d.sent_at IS NOT NULL OR d.bounced_at IS NOT NULL) AND (came.counting OR NOT came.soft)
            ORDER BY d.id DESC LIMIT :most
        ) latest
    )
""")

_FORGET = text("""
    UPDATE inbound_report SET raw = NULL, text = '', subject = '', diagnostic = '' WHERE lead_id = ANY(:ids)
""")

# What nobody could tell whom it is about is known by the address alone, in whatever case it stands.
_FORGET_STRANGERS = text("""
    UPDATE inbound_report SET raw = NULL, text = '', subject = '', diagnostic = ''
    WHERE lead_id IS NULL AND raw IS NOT NULL
      AND position(lower(:address) IN lower(encode(raw, 'escape'))) > 0
""")


def keep(session: Session, report: NewReport, *, now: datetime) -> int | None:
    """Keep a report; its id, or None when it was here before."""
    statement = insert(InboundReport).values(
        received_at=now,
        source=report.source,
        digest=report.digest,
        kind=report.kind,
        reason=report.reason,
        status=report.status,
        diagnostic=report.diagnostic,
        subject=report.subject,
        text=report.text,
        counts=report.counts,
        raw=report.raw,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["digest"])
    return session.execute(statement.returning(InboundReport.id)).scalar_one_or_none()


def link(session: Session, report_id: int, meant: Meant) -> None:
    """Write down which delivery a report is about."""
    report = session.get_one(InboundReport, report_id)
    report.delivery_id, report.lead_id = meant.id, meant.lead_id
    session.flush()


def by_id(session: Session, delivery_id: int) -> Meant | None:
    """A delivery by its number, held."""
    row = session.execute(_BY_ID, {"id": delivery_id}).first()
    return Meant(*row) if row else None


def by_message_ids(session: Session, ids: Sequence[uuid.UUID]) -> Meant | None:
    """The delivery that went out under one of these ids, held."""
    row = session.execute(_BY_MESSAGE, {"ids": list(ids)}).first() if ids else None
    return Meant(*row) if row else None


def by_remote_ids(session: Session, ids: Sequence[str]) -> Meant | None:
    """The delivery that a service took under one of these names, held."""
    row = session.execute(_BY_REMOTE, {"ids": list(ids)}).first() if ids else None
    return Meant(*row) if row else None


def latest_to(session: Session, email_norm: str) -> Meant | None:
    """The latest delivery that went out to the lead of this address, held."""
    row = session.execute(_LATEST_TO, {"email_norm": email_norm}).first()
    return Meant(*row) if row else None


def mark(session: Session, delivery_ids: Sequence[int], what: str, *, now: datetime) -> int:
    """Mark deliveries as bounced or complained about, and count them with their steps; how many were not so
    already."""
    if not delivery_ids:
        return 0
    return int(session.execute(_MARKS[what], {"ids": list(delivery_ids), "now": now}).scalar_one())


def given_up(session: Session, softly: Mapping[int, int], *, most: int) -> set[int]:
    """Of deliveries (with their leads) that came back softly: those that are the last of `most` in a row."""
    values = {"ids": list(softly), "leads": list(softly.values()), "most": most}
    return set(session.scalars(_GIVEN_UP, values)) if softly else set()


def of_delivery(session: Session, delivery_id: int, *, limit: int = 20) -> list[InboundReport]:
    """The reports about a delivery, oldest first."""
    query = select(InboundReport).where(InboundReport.delivery_id == delivery_id)
    return list(session.scalars(query.order_by(InboundReport.id).limit(limit)))


def latest(session: Session, *, limit: int = 50) -> list[InboundReport]:
    """The latest reports, newest first."""
    return list(session.scalars(select(InboundReport).order_by(InboundReport.id.desc()).limit(limit)))


def get(session: Session, report_id: int) -> InboundReport | None:
    return session.get(InboundReport, report_id)


def forget(session: Session, lead_ids: Sequence[int]) -> None:
    """Clear what reports hold of these persons: called when they are erased."""
    session.execute(_FORGET, {"ids": list(lead_ids)})


def forget_address(session: Session, address: str) -> None:
    """Clear the reports that belong to no delivery and name this address."""
    session.execute(_FORGET_STRANGERS, {"address": address})


def forget_strangers(session: Session, moment: datetime, *, limit: int) -> int:
    """Drop up to `limit` reports from before that belong to no delivery; how many."""
    query = text(
        "DELETE FROM inbound_report WHERE id IN (SELECT id FROM inbound_report"
        " WHERE delivery_id IS NULL AND received_at < :moment ORDER BY received_at LIMIT :n)"
        " RETURNING id"
    )
    return len(session.execute(query, {"moment": moment, "n": limit}).all())


def provider_key(session: Session, provider: str) -> str | None:
    """The sealed key of a provider, None when there is none."""
    found = session.get(ProviderKey, provider)
    return found.sealed if found else None


def keep_provider_key(session: Session, provider: str, sealed: str | None, *, now: datetime) -> None:
    """Keep it in the place of the one before; None: forget it."""
    found = session.get(ProviderKey, provider)
    if found is not None:
        session.delete(found)
        session.flush()
    if sealed is not None:
        session.add(ProviderKey(provider=provider, sealed=sealed, created_at=now))
        session.flush()


def providers_with_keys(session: Session) -> set[str]:
    return set(session.scalars(select(ProviderKey.provider)))
