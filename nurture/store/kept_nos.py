"""What the owners of addresses have said no to, kept as peppered hashes so that it outlives their leads."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, LargeBinary, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import batch
from nurture.store.base import Base, Id, Instant, Ref

# In the place of a purpose: everything that needs a consent, purposes of later days too.
EVERYTHING = "*"


class KeptNo(Base):
    """A no to one purpose, or to EVERYTHING, by the hash of the address (store/suppressions). `lead_id` is
    the lead that bears the address now, or bore it last; `consent_id` the entry of the ledger that it comes
    from. Lifted ones stay, with `lifted_at`."""

    __tablename__ = "kept_no"
    __table_args__ = (
        Index(
            "uq_kept_no_active",
            "address_hash",
            "purpose",
            unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
        Index("ix_kept_no_lead_id", "lead_id"),
    )

    id: Mapped[Id]
    address_hash: Mapped[bytes] = mapped_column(LargeBinary)
    purpose: Mapped[str]
    at: Mapped[Instant]
    lead_id: Mapped[Ref | None]
    consent_id: Mapped[Ref | None]
    lifted_at: Mapped[Instant | None]
    lifted_by: Mapped[str | None]


class NoToKeep(Base):
    """A no of the ledger that waits for its hash: whoever writes the ledger has no pepper. Written by
    store/consents, gone within seconds (flows/keep_nos)."""

    __tablename__ = "no_to_keep"
    __table_args__ = (
        Index("ix_no_to_keep_lead_id", "lead_id"),
        Index("ix_no_to_keep_email_norm", "email_norm"),
    )

    id: Mapped[Id]
    email_norm: Mapped[str]
    purpose: Mapped[str]
    lead_id: Mapped[Ref]
    consent_id: Mapped[Ref]
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class NewNo:
    """A no to be kept."""

    address_hash: bytes
    purpose: str
    lead_id: int
    consent_id: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class WaitingNo:
    """A no with the address that it is of."""

    email_norm: str
    purpose: str
    lead_id: int
    consent_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A no that stands for an address: by its number, or, while it waits for its hash, by the address."""

    purpose: str
    number: int | None


_TAKE = """
    WITH due AS (SELECT id FROM no_to_keep {which} ORDER BY id {most} FOR UPDATE SKIP LOCKED)
    DELETE FROM no_to_keep w USING due WHERE w.id = due.id
    RETURNING w.email_norm, w.purpose, w.lead_id, w.consent_id, w.at
"""
_NEXT = text(_TAKE.format(which="", most="LIMIT :limit"))
_OF_LEADS = text(_TAKE.format(which="WHERE lead_id = ANY(CAST(:leads AS bigint[]))", most=""))
_KEEP = text(
    """
    INSERT INTO kept_no (address_hash, purpose, at, lead_id, consent_id)
    SELECT decode(g.digits, 'hex'), g.purpose, g.at, g.lead_id, g.consent_id
    FROM unnest(
        CAST(:digests AS text[]), CAST(:purposes AS text[]), CAST(:moments AS timestamptz[]),
        CAST(:leads AS bigint[]), CAST(:consents AS bigint[])
    ) AS g (digits, purpose, at, lead_id, consent_id)
    ON CONFLICT (address_hash, purpose) WHERE lifted_at IS NULL DO NOTHING
    """
)
_FOUND = text(
    """
    SELECT g.digits, k.purpose, k.id
    FROM unnest(CAST(:digests AS text[])) AS g (digits)
    JOIN kept_no k ON k.address_hash = decode(g.digits, 'hex') AND k.lifted_at IS NULL
    UNION ALL
    SELECT g.digits, w.purpose, NULL
    FROM unnest(CAST(:digests AS text[]), CAST(:addresses AS text[])) AS g (digits, email_norm)
    JOIN no_to_keep w ON w.email_norm = g.email_norm
    """
)
_BEAR = text(
    """
    UPDATE kept_no k SET lead_id = g.lead_id
    FROM unnest(CAST(:numbers AS bigint[]), CAST(:leads AS bigint[])) AS g (id, lead_id)
    WHERE k.id = g.id AND k.lead_id IS DISTINCT FROM g.lead_id
    """
)
_LIFT = text(
    """
    UPDATE kept_no SET lifted_at = :now, lifted_by = :by
    WHERE lead_id = :lead AND purpose = ANY(CAST(:purposes AS text[])) AND lifted_at IS NULL
    """
)
_LIFT_OF = text(
    """
    UPDATE kept_no SET lifted_at = :now, lifted_by = :by
    WHERE consent_id = ANY(CAST(:entries AS bigint[])) AND lifted_at IS NULL
    """
)


def wait(
    session: Session, email_norm: str, lead_id: int, noes: Sequence[tuple[str, int]], *, now: datetime
) -> None:
    """Put noes of a lead to an address that is not its own (purpose, entry of the ledger) into the line."""
    rows = [
        {"email_norm": email_norm, "lead_id": lead_id, "purpose": purpose, "consent_id": entry, "at": now}
        for purpose, entry in noes
    ]
    if rows:
        session.execute(insert(NoToKeep).values(rows))


def next_waiting(session: Session, *, limit: int) -> list[WaitingNo]:
    """The next that wait, taken from the line."""
    return [WaitingNo(*row) for row in session.execute(_NEXT, {"limit": limit})]


def waiting_of(session: Session, lead_ids: Collection[int]) -> list[WaitingNo]:
    """Those of these leads, taken from the line."""
    return [WaitingNo(*row) for row in session.execute(_OF_LEADS, {"leads": list(lead_ids)})]


def keep(session: Session, rows: Sequence[NewNo]) -> None:
    """Keep these; what is kept already stays as it is."""
    if not rows:
        return
    values = {
        "digests": [row.address_hash.hex() for row in rows],
        "purposes": [row.purpose for row in rows],
        "moments": [row.at for row in rows],
        "leads": [row.lead_id for row in rows],
        "consents": [row.consent_id for row in rows],
    }
    session.execute(_KEEP, values)


def standing(session: Session, addresses: Mapping[bytes, str]) -> dict[bytes, list[Standing]]:
    """The noes that stand for addresses, by their hash (hash -> address in normal form). One statement."""
    found: dict[bytes, list[Standing]] = {}
    if addresses:
        given = {
            "digests": batch.array(digest.hex() for digest in addresses),
            "addresses": batch.array(addresses.values()),
        }
        for digits, purpose, number in session.execute(_FOUND, given):
            found.setdefault(bytes.fromhex(digits), []).append(Standing(purpose, number))
    return found


def borne(session: Session, by: Iterable[tuple[int, int]]) -> None:
    """Note who bears the addresses now: pairs of a no's number and a lead's id."""
    pairs = list(by)
    if pairs:
        given = {"numbers": [one for one, _lead in pairs], "leads": [lead for _one, lead in pairs]}
        session.execute(_BEAR, given)


def lift(session: Session, lead_id: int, purposes: Collection[str], *, by: str, now: datetime) -> None:
    """The lead has said yes to these purposes: their noes hold no more, nor does one to everything."""
    wanted = [*purposes, EVERYTHING]
    given = {"lead": lead_id, "purposes": wanted, "by": by, "now": now}
    # First the line: whoever has taken one from it at this moment has kept it once we have waited.
    forget = "DELETE FROM no_to_keep WHERE lead_id = :lead AND purpose = ANY(CAST(:purposes AS text[]))"
    session.execute(text(forget), given)
    session.execute(_LIFT, given)


def lift_of(session: Session, entries: Collection[int], *, by: str, now: datetime) -> None:
    """What these entries of the ledger said is taken back."""
    given = {"entries": list(entries), "by": by, "now": now}
    session.execute(text("DELETE FROM no_to_keep WHERE consent_id = ANY(CAST(:entries AS bigint[]))"), given)
    session.execute(_LIFT_OF, given)


def to_everything(session: Session, lead_id: int) -> bool:
    """Whether a no to everything stands for an address of this lead."""
    query = select(KeptNo.id).where(
        KeptNo.lead_id == lead_id, KeptNo.purpose == EVERYTHING, KeptNo.lifted_at.is_(None)
    )
    return session.scalar(query.limit(1)) is not None
