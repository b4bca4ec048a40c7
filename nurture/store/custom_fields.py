"""Fields of one's own: what kind of value each holds, and under which words it is shown."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import segments
from nurture.store.base import Base, Instant, Words

KINDS = ("text", "number", "yes_no", "day", "choice")


class CustomField(Base):
    """`key` is the name in `lead.fields` and in conditions and stays; `label` is what people read; `choices`
    are what a choice is made from."""

    __tablename__ = "custom_field"
    __table_args__ = (CheckConstraint(f"kind IN {KINDS}", name="kind"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    label: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="text")
    choices: Mapped[Words]
    created_at: Mapped[Instant]


_NOTE = text(
    """
    INSERT INTO custom_field (key, label, created_at)
    SELECT k, replace(k, '_', ' '), :now FROM unnest(CAST(:keys AS text[])) k
    WHERE NOT EXISTS (SELECT FROM custom_field f WHERE f.key = k) ORDER BY k
    ON CONFLICT (key) DO NOTHING
    """
)


def note(session: Session, keys: Iterable[str], *, now: datetime) -> None:
    """Fields that leads have now; those not known yet are texts until somebody says otherwise."""
    if named := sorted(set(keys)):
        session.execute(_NOTE, {"keys": named, "now": now})


def every(session: Session) -> list[CustomField]:
    """All of them, by what people read."""
    return list(session.scalars(select(CustomField).order_by(CustomField.label, CustomField.key).limit(500)))


_UNKNOWN = text(
    """
    SELECT name FROM unnest(CAST(:names AS text[])) AS asked (name)
    WHERE NOT EXISTS (SELECT FROM custom_field f WHERE f.key = asked.name)
      AND NOT (
          starts_with(asked.name, 'company.')
          AND EXISTS (SELECT FROM company c WHERE c.fields ? substr(asked.name, length('company.') + 1))
      )
    """
)


def unknown(session: Session, names: Iterable[str]) -> frozenset[str]:
    """Those of the names that are no custom field of any lead, nor, as "company.<name>", of any company."""
    asked = sorted(set(names))
    return frozenset(session.scalars(_UNKNOWN, {"names": asked})) if asked else frozenset()


_CLEAR = text(
    """
    UPDATE lead SET fields = fields - :key,
        folded_fields = folded_fields - ('fields.' || :key) - ('#fields.' || :key) - ('@fields.' || :key),
        updated_at = :now
    WHERE fields ? :key RETURNING id
    """
)


def clear(session: Session, key: str, *, now: datetime) -> int:
    """Take the values of a field off all leads; how many had one."""
    changed = list(session.scalars(_CLEAR, {"key": key, "now": now}))
    segments.mark_dirty(session, changed)
    return len(changed)


def bearers(session: Session, key: str, *, up_to: int) -> int:
    """How many leads have a value, counted up to a bound."""
    some = text("SELECT count(*) FROM (SELECT FROM lead WHERE fields ? :key LIMIT :up_to) s")
    return int(session.scalar(some, {"key": key, "up_to": up_to}) or 0)
