"""The tables of newsletters."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Count, Flag, Id, Instant, Json, Ref

STATES = ("draft", "scheduled", "sending", "paused", "sent", "cancelled")
MODES = ("now", "at", "local")


class Newsletter(Base):
    """One mail to many. `audience` is a condition as written ({}: everybody who agreed to `purpose`);
    `hours` a window as a program writes it ({}: at any time); `over` what a cap does, defer or skip;
    `priority` its place among mails that compete under a cap; `while_with_sales` whether leads whom sales
    is talking to are left out (pause) or not (go_on).
    `mode`: now, at (`starts_at`), or local (`local_at`, a local date and time in each lead's zone, for
    which `starts_at` is when it begins on earth). `sender_key` is in whose name (NULL: the default). Leads
    up to `cursor` have been looked at; `looked_at` when all were. `size` is how many it addresses, once
    known."""

    __tablename__ = "newsletter"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"mode IN {MODES}", name="mode"),
        CheckConstraint("\"over\" IN ('defer', 'skip')", name="over"),
        CheckConstraint("while_with_sales IN ('pause', 'go_on')", name="while_with_sales"),
    )

    id: Mapped[Id]
    name: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    preheader: Mapped[str] = mapped_column(server_default="")
    body: Mapped[str] = mapped_column(server_default="")
    format: Mapped[str] = mapped_column(server_default="md")
    language: Mapped[str] = mapped_column(server_default="en")
    purpose: Mapped[str] = mapped_column(server_default="marketing")
    audience: Mapped[Json]
    hours: Mapped[Json]
    over: Mapped[str] = mapped_column(server_default="skip")
    priority: Mapped[Count]
    while_with_sales: Mapped[str] = mapped_column(server_default="pause")
    state: Mapped[str] = mapped_column(server_default="draft")
    mode: Mapped[str] = mapped_column(server_default="now")
    starts_at: Mapped[Instant | None]
    local_at: Mapped[str | None]
    mail_version_id: Mapped[Ref | None] = mapped_column(ForeignKey("mail_version.id"))
    sender_key: Mapped[str | None] = mapped_column(ForeignKey("sender.key", ondelete="SET NULL"))
    cursor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    size: Mapped[int | None] = mapped_column(BigInteger)
    created_by: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    looked_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    demo: Mapped[Flag]


class NewsletterWait(Base):
    """A reader whose turn comes later: at a local time, in a window, when a cap allows, or because
    somebody else held its row."""

    __tablename__ = "newsletter_wait"
    __table_args__ = (Index("ix_newsletter_wait_newsletter_id_due_at", "newsletter_id", "due_at"),)

    newsletter_id: Mapped[Ref] = mapped_column(ForeignKey("newsletter.id"), primary_key=True)
    lead_id: Mapped[Ref] = mapped_column(primary_key=True)
    due_at: Mapped[Instant]
    reason: Mapped[str]


class NewsletterCount(Base):
    """Counters: readers (addressed so far), sent, failed, cancelled, skipped, skipped:<reason>; mails that
    people opened and clicked, and machines (machine_opened, machine_clicked), each mail once."""

    __tablename__ = "newsletter_count"

    newsletter_id: Mapped[Ref] = mapped_column(ForeignKey("newsletter.id"), primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class NewsletterMinute(Base):
    """How many mails of a newsletter came to their end in a minute: its rate."""

    __tablename__ = "newsletter_minute"

    newsletter_id: Mapped[Ref] = mapped_column(ForeignKey("newsletter.id"), primary_key=True)
    minute: Mapped[Instant] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
