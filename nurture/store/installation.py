"""The installation: one row about the company that sends, and the two switches over all sending."""

from sqlalchemy import CheckConstraint, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Flag, Instant, Words


class Installation(Base):
    """One row, id 1, made by the first migration. `pepper_mark` tells peppers apart and gives none
    away. Until it is `live`, leads get mail only at `test_addresses` (normalised). `sender_name`,
    `sender_email` and `reply_to` repeat the default sender (store/senders.py, which alone writes them): what
    goes out reads one row. `trap_link`: marketing mails carry a link that nobody sees (mail/trap).
    `strangers_kept_days`: how long what nobody did who is known is kept (flows/website)."""

    __tablename__ = "installation"
    __table_args__ = (
        CheckConstraint("id = 1", name="single"),
        CheckConstraint("in_doubt IN ('assume_sent', 'resend_once')", name="in_doubt"),
        CheckConstraint("strangers_kept_days BETWEEN 1 AND 395", name="strangers_kept"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    company_name: Mapped[str] = mapped_column(server_default="")
    postal_address: Mapped[str] = mapped_column(server_default="")
    color: Mapped[str] = mapped_column(server_default="#0b6b5b")
    language: Mapped[str] = mapped_column(server_default="en")
    timezone: Mapped[str] = mapped_column(server_default="UTC")
    sender_name: Mapped[str] = mapped_column(server_default="")
    sender_email: Mapped[str] = mapped_column(server_default="")
    reply_to: Mapped[str | None]
    live: Mapped[Flag]
    sending_stopped: Mapped[Flag]
    sending_stopped_at: Mapped[Instant | None]
    handover_capacity_per_day: Mapped[int | None]
    setup_token_hash: Mapped[str | None]
    created_at: Mapped[Instant | None]
    pepper_mark: Mapped[str | None]
    admins_need_totp: Mapped[Flag]
    in_doubt: Mapped[str] = mapped_column(server_default="assume_sent")
    owner_first: Mapped[bool] = mapped_column(server_default=text("true"))
    recycle_lost_days: Mapped[int | None]
    test_addresses: Mapped[Words]
    addresses_gone_until: Mapped[Instant | None]
    trap_link: Mapped[bool] = mapped_column(server_default=text("true"))
    strangers_kept_days: Mapped[int] = mapped_column(server_default="395")

    @property
    def sender_domain(self) -> str:
        """The domain of the default sender, in small letters; "" before there is one."""
        return self.sender_email.rpartition("@")[2].lower()


def get(session: Session) -> Installation:
    """The one row."""
    return session.get_one(Installation, 1)


def lock(session: Session) -> Installation:
    """The one row, held until the transaction ends, so that two set-ups cannot both succeed."""
    return session.scalars(select(Installation).where(Installation.id == 1).with_for_update()).one()


def pepper_mark(session: Session) -> str | None:
    """The mark of the pepper that suppressed addresses are hashed with."""
    return session.scalar(select(Installation.pepper_mark))


def keep_pepper_mark(session: Session, mark: str) -> str:
    """Keep this mark unless there is one; the one that is kept."""
    kept = func.coalesce(Installation.pepper_mark, mark)
    statement = update(Installation).values(pepper_mark=kept).returning(Installation.pepper_mark)
    return str(session.execute(statement, execution_options={"synchronize_session": False}).scalar_one())


def forget_pepper_mark(session: Session) -> None:
    """As if no pepper had been used yet."""
    session.execute(update(Installation).values(pepper_mark=None))
