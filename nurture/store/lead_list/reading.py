"""Leads by what they are, sorted, a page at a time by keyset."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from nurture.rules.folding import fold
from nurture.store import lead_targets
from nurture.store.lead_list.table import LeadLine
from nurture.store.lead_targets import LeadTarget
from nurture.store.leads import Lead
from nurture.store.segments import members_of
from nurture.store.sources import Source
from nurture.store.users import User

_MOST_WORDS = 5
# One or two letters stand in almost every text: they are looked for where words begin.
_SHORT = 3
NOBODY = "nobody"
TARGET = "target"
# Whom no score was asked about stands behind everybody, whichever end comes first.
_BEHIND = -1.0
_FEW = 2_000
# What a list may be sorted by: the one way from a name in an address to a column.
SORTS = {
    "created": LeadLine.lead_id,
    "name": LeadLine.name,
    "heat": LeadLine.heat_log2,
    "readiness": LeadLine.readiness,
    TARGET: LeadTarget.percent,
    "last_signal": LeadLine.last_signal,
}
NEWEST = "-created"


@dataclass(frozen=True)
class LeadQuery:
    """What is looked for; empty means all. `q` is looked for in names, addresses, phones and companies.
    `owner` is the id or the e-mail address of a user, or nobody; `segment` a key; `target` the least percent
    that the target score gives."""

    q: str = ""
    temperature: str | None = None
    grade: str | None = None
    stage: str | None = None
    source: str | None = None
    tag: str | None = None
    segment: str | None = None
    target: float | None = None
    owner: str | None = None
    held: bool = False

    @property
    def narrow(self) -> bool:
        """Whether anything is asked for at all: "nothing found" differs from "nothing yet"."""
        return self != LeadQuery()


@dataclass(frozen=True)
class Order:
    """A name of `SORTS`, and which end comes first."""

    by: str = "created"
    down: bool = True

    @property
    def written(self) -> str:
        """As in an address: -heat."""
        return ("-" if self.down else "") + self.by


@dataclass(frozen=True)
class Place:
    """Where a page ended: what its last lead is sorted by, and that lead."""

    key: str | float
    lead_id: int


def order_of(written: str) -> Order:
    """The order of an address; anything else than a known one means the newest first."""
    by = written.removeprefix("-")
    return Order(by, written.startswith("-")) if by in SORTS else Order()


def page(
    session: Session, wanted: LeadQuery, order: Order, *, after: Place | None, limit: int
) -> list[Place]:
    """Leads in their order, those after the last one seen; one statement, and one for a source or an owner
    that is named, and for those without a target score where they are sorted by it."""
    if order.by == TARGET:
        return _by_target(session, wanted, order, after, limit)
    key, lead_id = SORTS[order.by], LeadLine.lead_id
    columns: tuple[Any, ...] = (key, lead_id)
    query = matching(session, wanted).with_only_columns(*columns)
    if after is not None:
        here, there = func.row(key, lead_id), func.row(cast(literal(after.key), key.type), after.lead_id)
        query = query.where(here < there if order.down else here > there)
    by = (key.desc(), lead_id.desc()) if order.down else (key, lead_id)
    return [Place(*row) for row in session.execute(query.order_by(*by).limit(limit))]


def ids(session: Session, wanted: LeadQuery, *, limit: int) -> list[int]:
    """Everybody who matches, newest first."""
    query = matching(session, wanted).order_by(LeadLine.lead_id.desc()).limit(limit)
    return list(session.scalars(query))


def how_many(session: Session, wanted: LeadQuery) -> int:
    """How many match, counted."""
    found = matching(session, wanted).subquery()
    return int(session.execute(select(func.count()).select_from(found)).scalar_one())


def following(session: Session, wanted: LeadQuery, *, after: int, last: int, limit: int) -> list[int]:
    """The next of those who match by id, from `after` up to `last`."""
    query = matching(session, wanted).where(LeadLine.lead_id > after, LeadLine.lead_id <= last)
    return list(session.scalars(query.order_by(LeadLine.lead_id).limit(limit)))


def exists(session: Session, lead_id: int) -> bool:
    query = select(Lead.id).where(Lead.id == lead_id, Lead.erased_at.is_(None))
    return session.scalar(query) is not None


def matching(session: Session, wanted: LeadQuery) -> Select[Any]:
    """The ids of those who match, as a query to be sorted, cut or counted. Names are looked up first: only
    with the id in its text does the planner know how rare a source is, and a walk along an order for a
    source that has two leads reads the whole base."""
    query = select(LeadLine.lead_id).select_from(LeadLine)
    for word in fold(wanted.q).split()[:_MOST_WORDS]:
        query = query.where(_word(word))
    for column in ("temperature", "grade", "stage"):
        if value := getattr(wanted, column):
            query = query.where(getattr(LeadLine, column) == value)
    if wanted.source:
        found = session.scalar(select(Source.id).where(Source.name == wanted.source))
        query = query.where(_is(LeadLine.source_id, found))
    if wanted.owner:
        query = query.where(_owned(session, wanted.owner))
    if wanted.held:
        query = query.where(LeadLine.held)
    if wanted.tag:
        query = query.where(LeadLine.tags.op("@>")(cast([wanted.tag], ARRAY(Text))))
    if wanted.target is not None:
        scored = select(LeadTarget.lead_id).where(LeadTarget.percent >= wanted.target)
        query = query.where(LeadLine.lead_id.in_(scored))
    if wanted.segment:
        query = query.where(LeadLine.lead_id.in_(members_of(wanted.segment)))
    return query


def _by_target(
    session: Session, wanted: LeadQuery, order: Order, after: Place | None, limit: int
) -> list[Place]:
    """Those with a score in its order, then those without, the newest first. Few are sorted here: to meet
    them along the index of all scores, all of it would be walked."""
    if wanted.narrow:
        few = list(session.scalars(matching(session, wanted).limit(_FEW + 1)))
        if len(few) <= _FEW:
            return _sorted_by_target(session, few, order, after)[:limit]
    if after is not None and after.key == _BEHIND:
        return _unscored(session, wanted, after, limit)
    found = _scored(session, wanted, order, after, limit)
    return found if len(found) == limit else [*found, *_unscored(session, wanted, None, limit - len(found))]


def _scored(
    session: Session, wanted: LeadQuery, order: Order, after: Place | None, limit: int
) -> list[Place]:
    key, lead_id = LeadTarget.percent, LeadTarget.lead_id
    query: Any = (
        matching(session, wanted)
        .join(LeadTarget, lead_id == LeadLine.lead_id)
        .with_only_columns(key, lead_id)
        .order_by(*((key.desc(), lead_id.desc()) if order.down else (key, lead_id)))
    )
    if after is not None:
        here, there = func.row(key, lead_id), func.row(float(after.key), after.lead_id)
        query = query.where(here < there if order.down else here > there)
    return [Place(*row) for row in session.execute(query.limit(limit))]


def _unscored(session: Session, wanted: LeadQuery, after: Place | None, limit: int) -> list[Place]:
    """The newest first."""
    query = matching(session, wanted).where(
        ~select(LeadTarget.lead_id).where(LeadTarget.lead_id == LeadLine.lead_id).exists()
    )
    if after is not None:
        query = query.where(LeadLine.lead_id < after.lead_id)
    rest = session.scalars(query.order_by(LeadLine.lead_id.desc()).limit(limit))
    return [Place(_BEHIND, lead_id) for lead_id in rest]


def _sorted_by_target(
    session: Session, lead_ids: list[int], order: Order, after: Place | None
) -> list[Place]:
    def rank(one: Place) -> tuple[bool, float, int]:
        down = order.down or one.key == _BEHIND
        return (
            one.key == _BEHIND,
            -float(one.key) if down else float(one.key),
            -one.lead_id if down else one.lead_id,
        )

    percents = lead_targets.of(session, lead_ids)
    places = sorted((Place(percents.get(one, _BEHIND), one) for one in lead_ids), key=rank)
    return [one for one in places if after is None or rank(one) > rank(after)]


def in_order(session: Session, wanted: LeadQuery, order: Order) -> Select[Any]:
    """The ids of all who match, with what they are sorted by, for a statement that sorts them itself."""
    key = SORTS[order.by]
    query = matching(session, wanted)
    if order.by == TARGET:
        query = query.outerjoin(LeadTarget, LeadTarget.lead_id == LeadLine.lead_id)
    return query.add_columns(key.label("sorted_by"))


def _word(word: str) -> ColumnElement[bool]:
    """A fragment anywhere, or of one or two letters where a word begins."""
    anywhere: ColumnElement[bool] = LeadLine.search.contains(word, autoescape=True)
    if len(word) >= _SHORT:
        return anywhere
    later = LeadLine.search.contains(" " + word, autoescape=True)
    return or_(LeadLine.search.startswith(word, autoescape=True), later)


def _is(column: Any, found: int | None) -> ColumnElement[bool]:
    """That it is this id; nobody for a name that nothing has."""
    if found is None:
        return false()
    known: ColumnElement[bool] = column == literal(found, literal_execute=True)
    return known


def _owned(session: Session, owner: str) -> ColumnElement[bool]:
    if owner == NOBODY:
        return LeadLine.owner_id.is_(None)
    if owner.isascii() and owner.isdigit() and len(owner) < 19:
        return _is(LeadLine.owner_id, int(owner))
    return _is(LeadLine.owner_id, session.scalar(select(User.id).where(User.email == owner)))
