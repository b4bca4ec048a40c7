"""Sources: where leads come from."""

from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Id, Instant


class Source(Base):
    """`kind` is a channel such as import, api, form, event; `targeted` tells data made for our offer
    from consumer (general) data."""

    __tablename__ = "source"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(server_default="")
    targeted: Mapped[bool | None]
    created_at: Mapped[Instant]
