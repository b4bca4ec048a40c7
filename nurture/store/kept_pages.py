"""What recorders have kept of late: the mails, addresses and companies of the last pages of hits.

Hits are judged before their recorder has its turn, by what was kept until then. In its turn it learns from
here which of them stand near hits that others have kept meanwhile.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ARRAY, BigInteger, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store import batch
from nurture.store.base import Base, Id, Instant

# Whoever has missed more than these has to look at everything again.
REMEMBERED = 32

# What hits share with others: a mail, by the id of its delivery; an address, or a company, by its name.
Key = int | str


class KeptPage(Base):
    """A page of hits that was kept, by what its hits share with others. Not logged: after a crash of the
    server nobody is left who has judged hits without having kept them. A page whose keys are gone says that
    it was kept, and no more."""

    __tablename__ = "kept_page"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    no: Mapped[Id]
    deliveries: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    places: Mapped[list[str]] = mapped_column(ARRAY(Text))
    # By the clock of PostgreSQL, as leases are.
    at: Mapped[Instant] = mapped_column(server_default=text("now()"))


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
_FORGET_OLD = text(
    """
    UPDATE kept_page SET deliveries = '{}', places = '{}'
    WHERE at < now() - interval '1 hour' AND (deliveries, places) <> ('{}', '{}')
    """
)
_FORGET_LEADS = text(
    """
    UPDATE kept_page SET deliveries = '{}', places = '{}'
    WHERE deliveries && (
        SELECT coalesce(array_agg(id), '{}') FROM delivery WHERE lead_id = ANY(CAST(:leads AS bigint[]))
    )
    """
)


def latest(session: Session) -> int:
    """The number of the page that was kept last."""
    return int(session.scalar(_LATEST) or 0)


def since(session: Session, no: int) -> set[Key] | None:
    """What hits that were kept after this page share with others; None where more pages were kept than are
    remembered, or what was on one is gone. Asked by whoever has the turn."""
    pages = session.execute(_SINCE, {"no": no}).all()
    if len(pages) >= REMEMBERED or any(not page.deliveries and not page.places for page in pages):
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


def forget_old(session: Session) -> None:
    """Pages of an hour ago hold nothing any more: no recorder has hits in hand for so long."""
    session.execute(_FORGET_OLD)


def forget_leads(session: Session, lead_ids: Sequence[int]) -> None:
    """Nor do pages with hits on mails to these leads, from now on."""
    session.execute(_FORGET_LEADS, {"leads": list(lead_ids)})
