"""Drafts of programs: their files as they are being edited, and the changes that can be undone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, delete, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Json, Ref
from nurture.store.programs import ProgramRow, ProgramVersion

# More steps back than a person takes.
_MOST_CHANGES = 300


class ProgramDraft(Base):
    """What a program is to become: `source` holds the files by path, as a version does. `revision` rises
    with every change and never falls; `place` is the number of the last change that is not undone."""

    __tablename__ = "program_draft"

    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"), primary_key=True, autoincrement=False)
    revision: Mapped[int]
    place: Mapped[int] = mapped_column(server_default=text("0"))
    base_version_id: Mapped[Ref | None]
    source: Mapped[Json]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    updated_by: Mapped[str] = mapped_column(server_default="")


class DraftChange(Base):
    """One change of a draft: the files it touched as they were and as they are (null: no such file)."""

    __tablename__ = "draft_change"

    program_id: Mapped[Ref] = mapped_column(ForeignKey("program.id"), primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    what: Mapped[str]
    before: Mapped[Json]
    after: Mapped[Json]
    at: Mapped[Instant]
    by: Mapped[str] = mapped_column(server_default="")


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft as values. Revision 0: nothing is drafted, and `source` is that of the newest version.
    `updated_by` is the name of the person, or the actor where it is none."""

    program_id: int
    program_key: str
    program: str
    state: str
    live_no: int | None
    revision: int
    source: Mapping[str, str]
    base_version_id: int | None
    base_no: int
    updated_at: datetime | None
    updated_by: str
    can_undo: bool
    can_redo: bool


_STORED = text(
    """
    SELECT p.id AS program_id, p.key AS program_key, p.name AS program, p.state, live.no AS live_no,
           coalesce(d.revision, 0) AS revision,
           coalesce(d.source, newest.source) AS source,
           coalesce(base.id, newest.id) AS base_version_id, coalesce(base.no, newest.no, 0) AS base_no,
           d.updated_at, coalesce(who.name, d.updated_by, '') AS updated_by,
           EXISTS (SELECT FROM draft_change c WHERE c.program_id = p.id AND c.no <= d.place) AS can_undo,
           EXISTS (SELECT FROM draft_change c WHERE c.program_id = p.id AND c.no > d.place) AS can_redo
    FROM program p
    LEFT JOIN program_version live ON live.id = p.live_version_id
    LEFT JOIN program_draft d ON d.program_id = p.id
    LEFT JOIN program_version base ON base.id = d.base_version_id
    LEFT JOIN user_account who ON 'user:' || who.id = d.updated_by
    LEFT JOIN LATERAL (
        SELECT id, no, source FROM program_version WHERE program_id = p.id ORDER BY no DESC LIMIT 1
    ) newest ON true
    WHERE p.id = :program_id
    """
)


def stored(session: Session, program_id: int) -> StoredDraft | None:
    """The draft of a program; None when there is no such program. One statement."""
    row = session.execute(_STORED, {"program_id": program_id}).mappings().first()
    return None if row is None else StoredDraft(**{**row, "source": row["source"] or {}})


def lock(session: Session, program_id: int) -> ProgramDraft | None:
    """The draft's row, held against everybody else who edits it; None while nothing is drafted."""
    query = select(ProgramDraft).where(ProgramDraft.program_id == program_id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def begin(
    session: Session,
    program_id: int,
    source: Mapping[str, str],
    base_version_id: int | None,
    *,
    by: str,
    now: datetime,
) -> ProgramDraft:
    """A draft that begins as these files, at revision 0. The program's row must be locked."""
    made = ProgramDraft(
        program_id=program_id,
        revision=0,
        place=0,
        base_version_id=base_version_id,
        source=dict(source),
        created_at=now,
        updated_at=now,
        updated_by=by,
    )
    session.add(made)
    session.flush()
    return made


def last_change(session: Session, draft: ProgramDraft) -> DraftChange | None:
    """The change that would be undone."""
    return session.get(DraftChange, (draft.program_id, draft.place))


def next_change(session: Session, draft: ProgramDraft) -> DraftChange | None:
    """The change that would be done again."""
    return session.get(DraftChange, (draft.program_id, draft.place + 1))


def add_change(
    session: Session,
    draft: ProgramDraft,
    what: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> None:
    """Note a change behind the present place; what was undone before it is forgotten."""
    mine = DraftChange.program_id == draft.program_id
    session.execute(delete(DraftChange).where(mine, DraftChange.no > draft.place))
    draft.place += 1
    session.add(
        DraftChange(
            program_id=draft.program_id,
            no=draft.place,
            what=what,
            before=dict(before),
            after=dict(after),
            at=now,
            by=by,
        )
    )
    session.execute(delete(DraftChange).where(mine, DraftChange.no <= draft.place - _MOST_CHANGES))


def discard(session: Session, program_id: int) -> bool:
    """Forget the draft and its changes; False when nothing was drafted."""
    session.execute(delete(DraftChange).where(DraftChange.program_id == program_id))
    found = session.execute(
        delete(ProgramDraft).where(ProgramDraft.program_id == program_id).returning(ProgramDraft.program_id)
    )
    return found.scalar_one_or_none() is not None


def every(session: Session) -> list[tuple[int, str, str, Mapping[str, str]]]:
    """Every program that is being drafted: id, key, name and the files of its draft."""
    query = select(ProgramRow.id, ProgramRow.key, ProgramRow.name, ProgramDraft.source)
    rows = session.execute(query.join(ProgramDraft, ProgramDraft.program_id == ProgramRow.id))
    return [(row.id, row.key, row.name, row.source) for row in rows]


def newest_version_no(session: Session, program_id: int) -> int:
    """The number of the newest version of a program, 0 without any."""
    query = select(func.coalesce(func.max(ProgramVersion.no), 0)).where(
        ProgramVersion.program_id == program_id
    )
    return session.execute(query).scalar_one()
