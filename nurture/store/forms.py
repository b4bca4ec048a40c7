"""Forms of the company, each version of them, and what was sent by them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Count, Id, Instant, Json, JsonList, Ref
from nurture.store.lead_names import called


class Form(Base):
    """A form by its key, which stands in its address and stays. `sent` counts what came by it, `confirmed`
    what a mail's button has confirmed, `refused` what programs filled in. An archived one takes nothing."""

    __tablename__ = "form"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    version_no: Mapped[int]
    sent: Mapped[Count]
    confirmed: Mapped[Count]
    refused: Mapped[Count]
    last_at: Mapped[Instant | None]
    created_by: Mapped[str]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    archived_at: Mapped[Instant | None]


class FormVersion(Base):
    """What a form was, from a moment on (rules/forms). Never changed: consent rests on its words."""

    __tablename__ = "form_version"

    form_id: Mapped[Ref] = mapped_column(ForeignKey("form.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True)
    spec: Mapped[Json]
    created_by: Mapped[str]
    created_at: Mapped[Instant]


class FormSubmission(Base):
    """A form that was sent. `asked` are the entries of the consent ledger that wait for the mail's button;
    empty when nothing has to be confirmed. `came_by` tells page, referrer and campaign; `visitor_id` whose
    browser it was, where the website's script knows."""

    __tablename__ = "form_submission"
    __table_args__ = (
        Index("ix_form_submission_form_id_id", "form_id", "id"),
        Index("ix_form_submission_lead_id_id", "lead_id", "id"),
    )

    id: Mapped[Id]
    form_id: Mapped[Ref] = mapped_column(ForeignKey("form.id"))
    version_no: Mapped[int]
    lead_id: Mapped[Ref] = mapped_column(ForeignKey("lead.id", ondelete="CASCADE"))
    at: Mapped[Instant]
    answers: Mapped[Json]
    asked: Mapped[JsonList]
    came_by: Mapped[Json]
    visitor_id: Mapped[str | None]
    confirmed_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class FormRow:
    """The row of a form as a value, good beyond its transaction."""

    id: int
    key: str
    name: str
    version_no: int
    sent: int = 0
    confirmed: int = 0
    refused: int = 0
    last_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    archived_at: datetime | None = None


_VALUES = tuple(field.name for field in fields(FormRow))


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form as it is now: its row, and the plain object of its version."""

    row: FormRow
    spec: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was sent, with whoever it was."""

    id: int
    at: datetime
    lead_id: int
    lead: str
    version_no: int
    answers: dict[str, Any]
    came_by: dict[str, Any]
    waiting: bool
    confirmed_at: datetime | None


def opened(row: Form, spec: Mapping[str, Any]) -> OpenForm:
    """A form's row and version as values."""
    return OpenForm(FormRow(**{name: getattr(row, name) for name in _VALUES}), dict(spec))


def by_key(session: Session, key: str) -> OpenForm | None:
    """The form of this key, archived or not."""
    return _open(session, Form.key == key)


def by_id(session: Session, form_id: int) -> OpenForm | None:
    return _open(session, Form.id == form_id)


def locked(session: Session, form_id: int) -> Form | None:
    """The form's row, held until the transaction ends."""
    return session.get(Form, form_id, with_for_update=True, populate_existing=True)


def spec_at(session: Session, form_id: int, no: int) -> dict[str, Any]:
    """What a version of a form was."""
    return dict(session.get_one(FormVersion, (form_id, no)).spec)


def page(session: Session, *, archived: bool, before: int | None, limit: int) -> list[OpenForm]:
    """Forms, the newest first."""
    query = _with_spec().order_by(Form.id.desc()).limit(limit)
    query = query.where(Form.archived_at.is_not(None) if archived else Form.archived_at.is_(None))
    if before is not None:
        query = query.where(Form.id < before)
    return [opened(row, spec) for row, spec in session.execute(query)]


def any_archived(session: Session) -> bool:
    return session.scalar(select(Form.id).where(Form.archived_at.is_not(None)).limit(1)) is not None


def names(session: Session) -> dict[str, str]:
    """The forms that are open: key -> name."""
    query = select(Form.key, Form.name).where(Form.archived_at.is_(None)).order_by(Form.name).limit(500)
    return {row.key: row.name for row in session.execute(query)}


_COUNT = text(
    """
    UPDATE form SET sent = sent + :sent, confirmed = confirmed + :confirmed, refused = refused + :refused,
        last_at = CASE WHEN :sent > 0 THEN CAST(:now AS timestamptz) ELSE last_at END
    WHERE id = :form
    """
)


def count(
    session: Session, form_id: int, *, now: datetime, sent: int = 0, confirmed: int = 0, refused: int = 0
) -> None:
    """Count what came by a form. The last statement of a transaction: its row is everybody's."""
    given = {"form": form_id, "sent": sent, "confirmed": confirmed, "refused": refused, "now": now}
    session.execute(_COUNT, given)


def last_of(session: Session, form_id: int, lead_id: int) -> FormSubmission | None:
    """What a lead sent last by a form."""
    query = (
        select(FormSubmission)
        .where(FormSubmission.lead_id == lead_id, FormSubmission.form_id == form_id)
        .order_by(FormSubmission.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def locked_submission(session: Session, submission_id: int) -> FormSubmission | None:
    return session.get(FormSubmission, submission_id, with_for_update=True, populate_existing=True)


_ASKED_SINCE = text(
    "SELECT count(*) FROM form_submission WHERE lead_id = :lead AND at > :since AND asked <> '[]'"
)


def asked_since(session: Session, lead_id: int, since: datetime) -> int:
    """How often a lead was asked by mail to confirm."""
    return int(session.scalar(_ASKED_SINCE, {"lead": lead_id, "since": since}) or 0)


_SENT = text(
    f"""
    SELECT s.id, s.at, s.lead_id, s.version_no, s.answers, s.came_by, s.confirmed_at,
           s.asked <> '[]' AND s.confirmed_at IS NULL AS waiting, {called("l")} AS lead
    FROM form_submission s JOIN lead l ON l.id = s.lead_id
    WHERE s.form_id = :form AND (CAST(:before AS bigint) IS NULL OR s.id < :before)
    ORDER BY s.id DESC LIMIT :limit
    """
)


def sent(session: Session, form_id: int, *, before: int | None, limit: int) -> list[Sent]:
    """What came by a form, the newest first."""
    rows = session.execute(_SENT, {"form": form_id, "before": before, "limit": limit}).mappings()
    return [Sent(**row) for row in rows]


_LEADS_OF = text(
    """
    SELECT s.id, s.lead_id, s.asked <> '[]' AND s.confirmed_at IS NULL AS waiting
    FROM form_submission s JOIN lead l ON l.id = s.lead_id
    WHERE s.id = ANY(:ids) AND l.erased_at IS NULL
    """
)


def leads_of(session: Session, submission_ids: Collection[int]) -> dict[int, tuple[int, bool]]:
    """Who sent these: (lead, whether it still has to be confirmed), by number."""
    if not submission_ids:
        return {}
    rows = session.execute(_LEADS_OF, {"ids": sorted(submission_ids)})
    return {row.id: (row.lead_id, row.waiting) for row in rows}


_NOTE_VISITORS = text(
    """
    UPDATE form_submission s SET visitor_id = g.visitor
    FROM unnest(CAST(:ids AS bigint[]), CAST(:visitors AS text[])) AS g (id, visitor)
    WHERE s.id = g.id AND s.visitor_id IS NULL
    """
)


def note_visitors(session: Session, visitors: Mapping[int, str]) -> None:
    """Whose browser sent these, to be joined to the lead once it has confirmed."""
    if visitors:
        session.execute(_NOTE_VISITORS, {"ids": list(visitors), "visitors": list(visitors.values())})


def forget(session: Session, lead_ids: Sequence[int]) -> None:
    """Clear what these leads typed; that something was sent stays for the counts."""
    session.execute(
        text(
            "UPDATE form_submission SET answers = '{}', came_by = '{}', visitor_id = NULL"
            " WHERE lead_id = ANY(:leads)"
        ),
        {"leads": list(lead_ids)},
    )


_OF_LEAD = text(
    """
    SELECT f.key AS form, f.name, s.at, s.answers, s.came_by, s.confirmed_at
    FROM form_submission s JOIN form f ON f.id = s.form_id
    WHERE s.lead_id = :lead ORDER BY s.id DESC LIMIT :limit
    """
)


def of_lead(session: Session, lead_id: int, *, limit: int) -> list[dict[str, Any]]:
    """What a lead sent, by which forms, the newest first."""
    rows = session.execute(_OF_LEAD, {"lead": lead_id, "limit": limit}).mappings()
    return [dict(row) for row in rows]


def _with_spec() -> Any:
    return select(Form, FormVersion.spec).join(
        FormVersion, (FormVersion.form_id == Form.id) & (FormVersion.no == Form.version_no)
    )


def _open(session: Session, which: Any) -> OpenForm | None:
    found = session.execute(_with_spec().where(which)).one_or_none()
    return opened(*found) if found else None
