"""Named senders: in whose name mails go out.

The default one is also what `installation` says of the sender, in the one row that every chunk of mails
reads: `keep_default` alone writes it there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CheckConstraint, Index, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Instant
from nurture.store.installation import Installation


class SenderRow(Base):
    """A name and an address that mails come from. `key` never changes: programs, mails and newsletters call
    it by that. `reply_to` is where answers go, if not to `email`. One is the default."""

    __tablename__ = "sender"
    __table_args__ = (
        Index("uq_sender_default", "is_default", unique=True, postgresql_where=text("is_default")),
        CheckConstraint("key ~ '^[a-z][a-z0-9-]{0,39}$' AND key NOT IN ('house', 'owner')", name="key"),
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    reply_to: Mapped[str | None]
    is_default: Mapped[Flag]
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2].lower()


def every(session: Session) -> list[SenderRow]:
    """All of them, the default first, then by name."""
    query = select(SenderRow).order_by(SenderRow.is_default.desc(), func.lower(SenderRow.name), SenderRow.key)
    return list(session.scalars(query))


def get(session: Session, key: str) -> SenderRow | None:
    return session.get(SenderRow, key)


def default(session: Session) -> SenderRow | None:
    """The default sender; None before the set-up."""
    return session.scalars(select(SenderRow).where(SenderRow.is_default)).first()


def keys(session: Session) -> list[str]:
    return list(session.scalars(select(SenderRow.key).order_by(SenderRow.key)))


def domains(session: Session) -> frozenset[str]:
    """The domains that mails come from."""
    return frozenset(session.scalars(text("SELECT DISTINCT lower(split_part(email, '@', 2)) FROM sender")))


def keep_default(session: Session, sender: SenderRow) -> None:
    """Make it the default, and say so in the row of the installation."""
    others = update(SenderRow).where(SenderRow.is_default, SenderRow.key != sender.key)
    session.execute(others.values(is_default=False))
    sender.is_default = True
    session.flush()
    said = {"sender_name": sender.name, "sender_email": sender.email, "reply_to": sender.reply_to}
    session.execute(update(Installation).where(Installation.id == 1).values(said))


USE_KINDS = ("program", "mail", "newsletter")


@dataclass(frozen=True, slots=True)
class Use:
    """What has chosen a sender: `kind` is program, newsletter, or mail, whose `id` is that of its program and
    `key` its own."""

    kind: str
    id: int
    name: str
    key: str = ""


_MAILS = text("""
    SELECT DISTINCT m.key, m.name, p.id AS program_id, v.source ->> 'sender' AS said
    FROM program p
    JOIN program_version l ON l.id IN (p.live_version_id, p.draft_version_id)
    JOIN LATERAL jsonb_each_text(l.mails) AS one (key, version_id) ON true
    JOIN mail_version v ON v.id = CAST(one.version_id AS bigint)
    JOIN mail m ON m.id = v.mail_id
    WHERE v.source ->> 'sender' = ANY(:keys)
    ORDER BY m.name, m.key
""")
_NEWSLETTERS = text("""
    SELECT id, name, sender_key AS said FROM newsletter
    WHERE sender_key = ANY(:keys) AND state IN ('draft', 'scheduled', 'sending', 'paused')
    ORDER BY id DESC
""")
_DOMAINS_OF_NEWSLETTERS = text("""
    SELECT n.id, lower(split_part(s.email, '@', 2)) AS domain
    FROM newsletter n JOIN sender s ON s.key = n.sender_key AND NOT s.is_default
    WHERE n.state IN ('scheduled', 'sending', 'paused')
""")


def mails_saying(session: Session, all_keys: Collection[str]) -> list[tuple[str, Use]]:
    """(key, mail) of the mails of programs, live or ready to publish, that name one of these."""
    rows = session.execute(_MAILS, {"keys": list(all_keys)})
    return [(row.said, Use("mail", row.program_id, row.name, row.key)) for row in rows]


def of_newsletters(session: Session) -> dict[int, str]:
    """The sending domain of each newsletter still to go that has another sender than the default."""
    return {row.id: row.domain for row in session.execute(_DOMAINS_OF_NEWSLETTERS)}


def newsletters_saying(session: Session, all_keys: Collection[str]) -> list[tuple[str, Use]]:
    """(key, newsletter) of newsletters that have still to go out in the name of one of these."""
    rows = session.execute(_NEWSLETTERS, {"keys": list(all_keys)})
    return [(row.said, Use("newsletter", row.id, row.name)) for row in rows]


def add(session: Session, said: Mapping[str, Any]) -> SenderRow:
    row = SenderRow(**said, is_default=False)
    session.add(row)
    session.flush()
    return row
