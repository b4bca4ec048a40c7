"""Programs, their immutable versions, and the chain of each temperature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Id, Instant, Json, Ref


class ProgramRow(Base):
    """A nurture program. `state` is draft (never published), live or paused."""

    __tablename__ = "program"
    __table_args__ = (CheckConstraint("state IN ('draft', 'live', 'paused')", name="state"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="draft")
    purpose: Mapped[str] = mapped_column(server_default="marketing")
    model_id: Mapped[Ref] = mapped_column(ForeignKey("heat_model.id"))
    live_version_id: Mapped[Ref | None]
    draft_version_id: Mapped[Ref | None]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    paused_at: Mapped[Instant | None]
    demo: Mapped[Flag]


class ProgramVersion(Base):
    """One version: `source` holds the files as written, by path; `spec` the parsed program. Immutable.
    `gone` is told when it goes live: temperature -> removed step -> the step at which its leads go on."""

    __tablename__ = "program_version"
    __table_args__ = (UniqueConstraint("program_id", "no"),)

    id: Mapped[Id]
    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"))
    no: Mapped[int]
    source: Mapped[Json]
    source_hash: Mapped[str]
    spec: Mapped[Json]
    mails: Mapped[Json]  # mail key -> mail_version id
    gone: Mapped[Json]
    created_at: Mapped[Instant]
    created_by: Mapped[str] = mapped_column(server_default="")
    published_at: Mapped[Instant | None]


class ChainRow(Base):
    """The chain of one temperature of a program: a stable id across versions. `dates_seen_at` is the moment
    up to which dates of leads were looked at that let them in."""

    __tablename__ = "chain"
    __table_args__ = (
        UniqueConstraint("program_id", "temperature"),
        CheckConstraint("temperature IN ('cold', 'warm', 'hot')", name="temperature"),
    )

    id: Mapped[Id]
    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"))
    temperature: Mapped[str]
    paused_at: Mapped[Instant | None]
    dates_seen_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class LiveProgram:
    """A published program. `model_id` is that of its heat model, None for the default one, whose heat the
    leads carry themselves; `heat_model_id` always names it."""

    id: int
    key: str
    state: str
    purpose: str
    heat_model_id: int
    model_id: int | None
    version_id: int
    source_hash: str


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """The chain of one temperature of a program."""

    id: int
    program_id: int
    temperature: str
    paused: bool


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to keep. `mails` is mail key to mail version id."""

    source: Mapping[str, str]
    source_hash: str
    spec: Mapping[str, Any]
    mails: Mapping[str, int]


# Publishing takes the row exclusively: nobody decides by the old version while it is being replaced.
_LIVE = """
    SELECT p.id, p.key, p.state, p.purpose, p.model_id AS heat_model_id,
           CASE WHEN m.key <> 'default' THEN p.model_id END AS model_id, v.id AS version_id, v.source_hash
    FROM program p
    JOIN program_version v ON v.id = p.live_version_id
    JOIN heat_model m ON m.id = p.model_id
    WHERE p.state = ANY(:states)
    ORDER BY p.id
"""
_PUBLISHED, _SEEN = text(_LIVE + " FOR SHARE OF p"), text(_LIVE)
_STANDING = text(
    """
    SELECT DISTINCT e.chain_id, e.version_id, e.step_key FROM enrollment e
    WHERE e.chain_id = ANY(:chain_ids) AND e.state = 'active' AND e.step_key IS NOT NULL
    """
)
# Whoever waits for a mail that is being sent already is let go: the mail goes out, the run goes on.
_MOVE_STANDING = text(
    """
    WITH gone AS (
        SELECT e.id, e.lead_id,
               coalesce(d.state IN ('leased', 'sending', 'sent', 'uncertain'), false) AS mailed
        FROM enrollment e LEFT JOIN delivery d
             ON d.enrollment_id = e.id AND d.step_key = e.step_key
            AND d.dedup_key = 'chain:' || e.id || ':' || e.step_key || ':' || e.pass_no
        WHERE e.chain_id = :chain_id AND e.version_id = :version_id AND e.step_key = :old
          AND e.state = 'active'
    ), cancelled AS (
        UPDATE delivery SET state = 'cancelled', reason = 'step_removed', settled_at = :now
        WHERE enrollment_id IN (SELECT id FROM gone) AND state IN ('scheduled', 'ready', 'deferred')
    ), moved AS (
        UPDATE enrollment e
        SET step_key = t.step_key, step_since = :now, due_at = :now, due_reason = 'step_removed',
            waiting_for = NULL, awaiting_delivery_id = NULL, settled_state = NULL, settled_at = NULL,
            data = CASE WHEN t.step_key IS NULL THEN e.data || '{"over": true}' ELSE e.data END
        FROM gone, LATERAL (
            SELECT CASE WHEN gone.mailed THEN CAST(:after_mail AS text) ELSE CAST(:after AS text) END
                   AS step_key
        ) t
        WHERE e.id = gone.id
        RETURNING e.id, e.lead_id, e.step_key
    ), told AS (
        INSERT INTO chain_event (enrollment_id, lead_id, at, step_key, what, reason, detail)
        SELECT id, lead_id, :now, CAST(:old AS text), 'moved', 'step_removed',
               jsonb_build_object('to', step_key)
        FROM moved
    )
    SELECT step_key, count(*) AS n FROM moved GROUP BY step_key
    """
)
_TAKE_VERSION = text(
    """
    UPDATE enrollment SET version_id = :version_id
    WHERE program_id = :program_id AND state IN ('active', 'resting') AND version_id <> :version_id
    """
)
_CLOSE_CHAIN = text(
    """
    WITH closed AS (
        UPDATE enrollment
        SET state = 'resting', resting_reason = 'chain_removed', due_at = :due_at,
            due_reason = 'chain_removed', waiting_for = NULL, awaiting_delivery_id = NULL
        WHERE chain_id = ANY(:chain_ids) AND state = 'active'
        RETURNING id
    )
    UPDATE delivery SET state = 'cancelled', reason = 'chain_removed', settled_at = :now
    WHERE enrollment_id IN (SELECT id FROM closed) AND state IN ('scheduled', 'ready', 'deferred')
    """
)


_CHAINS = text(
    "SELECT id, program_id, temperature, paused_at IS NOT NULL FROM chain WHERE program_id = ANY(:ids)"
)


def published(session: Session, states: Sequence[str] = ("live",), *, held: bool = True) -> list[LiveProgram]:
    """The published programs in these states, held so that no new version is published until the
    transaction ends, unless one only looks."""
    rows = session.execute(_PUBLISHED if held else _SEEN, {"states": list(states)}).mappings()
    return [LiveProgram(**row) for row in rows]


def specs(session: Session, version_ids: Sequence[int]) -> dict[int, tuple[dict[str, Any], dict[str, int]]]:
    """Spec and mails of each version."""
    rows = session.execute(
        select(ProgramVersion.id, ProgramVersion.spec, ProgramVersion.mails).where(
            ProgramVersion.id.in_(version_ids)
        )
    )
    return {row.id: (row.spec, row.mails) for row in rows}


def chains(session: Session, program_ids: Sequence[int]) -> list[ChainPlace]:
    """The chains of these programs."""
    # Asked many times a second: as text, for an expression with a list in it is a circle of values each time.
    return [ChainPlace(*row) for row in session.execute(_CHAINS, {"ids": list(program_ids)})]


def by_key(session: Session, key: str) -> ProgramRow | None:
    return session.execute(select(ProgramRow).where(ProgramRow.key == key)).scalar_one_or_none()


def lock(session: Session, program_id: int) -> ProgramRow:
    """The program's row, held against everybody who would decide by its live version."""
    return session.execute(
        select(ProgramRow).where(ProgramRow.id == program_id).with_for_update(key_share=True)
    ).scalar_one()


def add(session: Session, key: str, name: str, purpose: str, model_id: int, *, now: datetime) -> ProgramRow:
    """A program by this key, made as a draft if there is none yet, its row locked."""
    statement = insert(ProgramRow).values(
        key=key, name=name, purpose=purpose, model_id=model_id, created_at=now, updated_at=now
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
    found = select(ProgramRow).where(ProgramRow.key == key).with_for_update(key_share=True)
    return session.execute(found.execution_options(populate_existing=True)).scalar_one()


def add_chains(session: Session, program_id: int, temperatures: Sequence[str]) -> None:
    """Make the chains of these temperatures where they are missing."""
    rows = [{"program_id": program_id, "temperature": temperature} for temperature in temperatures]
    session.execute(insert(ChainRow).values(rows).on_conflict_do_nothing())


def latest_version(session: Session, program_id: int) -> ProgramVersion | None:
    newest = select(ProgramVersion).where(ProgramVersion.program_id == program_id)
    return session.execute(newest.order_by(ProgramVersion.no.desc()).limit(1)).scalar_one_or_none()


def version(session: Session, version_id: int) -> ProgramVersion:
    return session.execute(select(ProgramVersion).where(ProgramVersion.id == version_id)).scalar_one()


def add_version(
    session: Session, program_id: int, new: NewVersion, *, by: str, now: datetime
) -> ProgramVersion:
    """Keep a new version under the next number. The program's row must be locked."""
    latest = select(func.coalesce(func.max(ProgramVersion.no), 0)).where(
        ProgramVersion.program_id == program_id
    )
    row = ProgramVersion(
        program_id=program_id,
        no=session.execute(latest).scalar_one() + 1,
        source=dict(new.source),
        source_hash=new.source_hash,
        spec=dict(new.spec),
        mails=dict(new.mails),
        created_at=now,
        created_by=by,
    )
    session.add(row)
    session.flush()
    return row


def standing(session: Session, chain_ids: Sequence[int]) -> list[tuple[int, int, str]]:
    """Where leads stand in these chains: (chain, version, step key), each once."""
    rows = session.execute(_STANDING, {"chain_ids": list(chain_ids)})
    return [(row.chain_id, row.version_id, row.step_key) for row in rows]


def move_standing(
    session: Session,
    chain_id: int,
    version_id: int,
    old: str,
    *,
    after: str | None,
    after_mail: str | None,
    now: datetime,
) -> dict[str | None, int]:
    """Move those who stand at a step that goes away: to `after`, or to `after_mail` when its mail is out
    already (None: behind the last step). Returns how many came to each."""
    values = {"chain_id": chain_id, "version_id": version_id, "old": old, "after": after}
    rows = session.execute(_MOVE_STANDING, {**values, "after_mail": after_mail, "now": now})
    return {row.step_key: row.n for row in rows}


def take_version(session: Session, program_id: int, version_id: int) -> None:
    """Every open run of the program goes by this version from now on."""
    session.execute(_TAKE_VERSION, {"program_id": program_id, "version_id": version_id})


def close_chains(session: Session, chain_ids: Sequence[int], *, due_at: datetime, now: datetime) -> None:
    """Those who stand in chains that went away rest until a date; their unsent mails are cancelled."""
    if chain_ids:
        session.execute(_CLOSE_CHAIN, {"chain_ids": list(chain_ids), "due_at": due_at, "now": now})
