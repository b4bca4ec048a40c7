"""What recorders have kept of late: the mails, addresses and companies of the last pages of hits.

Hits are judged before their recorder has its turn, by what was kept until then. In its turn it learns from
here which of them stand near hits that others have kept meanwhile.
"""

from collections.abc import Iterable

from sqlalchemy import ARRAY, BigInteger, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import batch
from nurture.store.base import Base, Id

# Whoever has missed more than these has to look at everything again.
REMEMBERED = 32

# What hits share with others: a mail, by the id of its delivery; an address, or a company, by its name.
Key = int | str


class KeptPage(Base):
    """A page of hits that was kept, by what its hits share with others. Not logged: after a crash of the
    server nobody is left who has judged hits without having kept them."""

    __tablename__ = "kept_page"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    no: Mapped[Id]
    deliveries: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    places: Mapped[list[str]] = mapped_column(ARRAY(Text))


_LATEST = text("SELECT coalesce(max(no), 0) FROM kept_page")
_SINCE = text("SELECT deliveries, places FROM kept_page WHERE no > :no")
_NOTE = text(
    """
    WITH old AS (
        DELETE FROM kept_page WHERE no < (
            SELECT min(no) FROM (SELECT no FROM kept_page ORDER BY no DESC LIMIT :others) AS latest
        )
    )
    INSERT INTO kept_page (deliveries, places) VALUES (CAST(:deliveries AS bigint[]), CAST(:places AS text[]))
    """
)


def latest(session: Session) -> int:
    """The number of the page that was kept last."""
    return int(session.scalar(_LATEST) or 0)


def since(session: Session, no: int) -> set[Key] | None:
    """What hits that were kept after this page share with others; None where more pages were kept than are
    remembered. Asked by whoever has the turn."""
    pages = session.execute(_SINCE, {"no": no}).all()
    if len(pages) >= REMEMBERED:
        return None
    return {key for page in pages for keys in page for key in keys}


def note(session: Session, keys: Iterable[Key]) -> None:
    """Tell others what hits of a page share, by whoever has the turn."""
    deliveries: list[int] = []
    places: list[str] = []
    for key in keys:
        if isinstance(key, int):
            deliveries.append(key)
        else:
            places.append(key)
    given = {"deliveries": batch.array(deliveries), "places": batch.array(places), "others": REMEMBERED - 1}
    session.execute(_NOTE, given)
