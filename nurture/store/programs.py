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
    leads carry themselves; `heat_model_id` always names it. `fingerprint` changes with anything of the
    version."""

    id: int
    key: str
    state: str
    purpose: str
    heat_model_id: int
    model_id: int | None
    version_id: int
    fingerprint: str


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
_PRINT = "v.source_hash || md5(CAST(v.gone AS text))"
_LIVE = f"""
    SELECT p.id, p.key, p.state, p.purpose, p.model_id AS heat_model_id,
           CASE WHEN m.key <> 'default' THEN p.model_id END AS model_id, v.id AS version_id,
           {_PRINT} AS fingerprint
    FROM program p
    JOIN program_version v ON v.id = p.live_version_id
    JOIN heat_model m ON m.id = p.model_id
    WHERE p.state = ANY(:states)
    ORDER BY p.id
"""
_PRINTS = text(f"SELECT v.id, {_PRINT} AS fingerprint FROM program_version v WHERE v.id = ANY(:ids)")
_PUBLISHED, _SEEN = text(_LIVE + " FOR SHARE OF p"), text(_LIVE)


_CHAINS = text(
    "SELECT id, program_id, temperature, paused_at IS NOT NULL FROM chain WHERE program_id = ANY(:ids)"
)


def published(session: Session, states: Sequence[str] = ("live",), *, held: bool = True) -> list[LiveProgram]:
    """The published programs in these states, held so that no new version is published until the
    transaction ends, unless one only looks."""
    rows = session.execute(_PUBLISHED if held else _SEEN, {"states": list(states)}).mappings()
    return [LiveProgram(**row) for row in rows]


def fingerprints(session: Session, version_ids: Sequence[int]) -> dict[int, str]:
    """The fingerprint of each version."""
    return {row.id: row.fingerprint for row in session.execute(_PRINTS, {"ids": list(version_ids)})}


def gone(session: Session, version_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What each version took from where it was."""
    rows = session.execute(
        select(ProgramVersion.id, ProgramVersion.gone).where(ProgramVersion.id.in_(version_ids))
    )
    return {row.id: row.gone for row in rows}


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


def purposes(session: Session) -> list[str]:
    """What consents programs ask for."""
    return list(session.scalars(select(ProgramRow.purpose).distinct().order_by(ProgramRow.purpose)))


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


def version_by_no(session: Session, program_id: int, no: int) -> ProgramVersion | None:
    """A version of a program by its number."""
    query = select(ProgramVersion).where(ProgramVersion.program_id == program_id, ProgramVersion.no == no)
    return session.execute(query).scalar_one_or_none()


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
