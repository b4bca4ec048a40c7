"""Demo data: how its making stands, what is marked as invented, and its removal without a trace."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from graphlib import TopologicalSorter

from sqlalchemy import CheckConstraint, Table, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Count, Instant

STATES = ("none", "wanted", "making", "there", "failed", "unwanted", "removing")


class Demo(Base):
    """One row, id 1. `state`: none, wanted (asked for), making, there, failed (`sentence` says why),
    unwanted (to be removed), removing. `done` of `total` portions are made."""

    __tablename__ = "demo"
    __table_args__ = (
        CheckConstraint("id = 1", name="single"),
        CheckConstraint(f"state IN {STATES}", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(server_default="none")
    seed: Mapped[Count]
    done: Mapped[Count]
    total: Mapped[Count]
    sentence: Mapped[str] = mapped_column(server_default="")
    asked_by: Mapped[str] = mapped_column(server_default="")
    began_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True)
class OpenHandoff:
    """A hand-off of an invented lead that sales has not closed."""

    id: int
    lead_id: int
    state: str
    released_at: datetime


def get(session: Session) -> Demo:
    """How it stands."""
    return session.get_one(Demo, 1)


def lock(session: Session) -> Demo:
    """The same, held until the transaction ends."""
    return session.get_one(Demo, 1, with_for_update=True, populate_existing=True)


def own_leads(session: Session) -> bool:
    """Whether there is any lead that was not invented."""
    return bool(session.execute(text("SELECT EXISTS (SELECT FROM lead WHERE NOT demo)")).scalar_one())


def newest(session: Session) -> dict[str, int]:
    """The highest ids of what leads bring with them: whatever comes after is new."""
    return {
        table: int(session.execute(text(f"SELECT coalesce(max(id), 0) FROM {table}")).scalar_one())
        for table in ("company", "source")
    }


def mark(session: Session, since: dict[str, int]) -> None:
    """Mark companies and sources that came after these ids and that invented leads brought."""
    session.execute(
        text(
            """
            UPDATE company c SET demo = true
            WHERE c.id > :company AND NOT c.demo
              AND EXISTS (SELECT FROM lead l WHERE l.company_id = c.id AND l.demo)
            """
        ),
        since,
    )
    session.execute(
        text(
            """
            UPDATE source s SET demo = true
            WHERE s.id > :source AND NOT s.demo
              AND EXISTS (SELECT FROM lead l WHERE (l.source_id = s.id OR l.last_source_id = s.id) AND l.demo)
            """
        ),
        since,
    )


def mark_as_demo(session: Session, table: str, number: int) -> None:
    """Mark one program, segment or newsletter."""
    if table not in ("program", "segment", "newsletter"):
        raise ValueError(table)
    session.execute(text(f"UPDATE {table} SET demo = true WHERE id = :id"), {"id": number})


def open_handoffs(session: Session) -> list[OpenHandoff]:
    """The hand-offs of invented leads that are at sales, the oldest first."""
    rows = session.execute(
        text(
            """
            SELECT h.id, h.lead_id, h.state, h.released_at FROM handoff h JOIN lead l ON l.id = h.lead_id
            WHERE l.demo AND h.state IN ('released', 'accepted', 'contacted', 'meeting') ORDER BY h.id
            """
        )
    )
    return [OpenHandoff(*row) for row in rows]


# What each column says its row belongs to. Most are foreign keys; history has none, so that it is quick.
_PARENTS: dict[str, tuple[str, ...]] = {
    "lead_id": ("lead",),
    "delivery_id": ("delivery",),
    "enrollment_id": ("enrollment",),
    "program_id": ("program",),
    "chain_id": ("chain",),
    "newsletter_id": ("newsletter",),
    "segment_id": ("segment",),
    "mail_version_id": ("mail_version",),
    "handoff_id": ("handoff",),
    "signal_id": ("signal", "hit"),
    "hit_id": ("hit",),
    "message_id": ("webhook_message",),
}
# Columns that point at something a row only uses: it does not go with it.
_USES = {
    ("lead", "company_id"),
    ("lead", "source_id"),
    ("lead", "last_source_id"),
    ("newsletter", "mail_version_id"),
    ("delivery", "message_id"),
}
_OWN = {
    "lead": "t.demo",
    "program": "t.demo",
    "segment": "t.demo",
    "newsletter": "t.demo",
    "company": "t.demo AND NOT EXISTS"
    " (SELECT FROM lead l WHERE l.company_id IN (t.id, t.part_of) AND NOT l.demo)",
    "source": "t.demo AND NOT EXISTS (SELECT FROM lead l"
    " WHERE (l.source_id = t.id OR l.last_source_id = t.id) AND NOT l.demo)",
    "mail": "EXISTS (SELECT FROM newsletter n WHERE n.demo AND t.key = 'newsletter-' || n.id)",
}


# Fields that came with invented leads alone, and that nobody has said anything about since.
_FIELDS_OF_NOBODY = text("""
    DELETE FROM custom_field f
    WHERE f.label = replace(f.key, '_', ' ') AND f.kind = 'text' AND f.choices = '{}'
        AND f.key IN (
            SELECT jsonb_object_keys(l.fields) FROM lead l WHERE l.id IN (SELECT id FROM doomed_lead)
        )
        AND NOT EXISTS (
            SELECT FROM lead l WHERE l.fields ? f.key AND l.id NOT IN (SELECT id FROM doomed_lead)
        )
""")

# Networks in which only the programs of invented companies were caught.
_NETWORKS_OF_NOBODY = text("""
    DELETE FROM caught_network WHERE companies <@ ARRAY(
        SELECT DISTINCT lower(split_part(l.email, '@', 2)) FROM lead l
        WHERE l.email IS NOT NULL AND l.id IN (SELECT id FROM doomed_lead)
    )
""")


def remove(session: Session) -> int:
    """Take every invented lead away with all that hangs on it, and the programs, segments and newsletters
    made for them; how many leads. What is real stays as it is, and so does the audit log, which only grows.
    In the caller's transaction."""
    order = _order()
    for name in order:
        conditions = [_OWN[name]] if name in _OWN else []
        conditions += [f"t.{column} IN (SELECT id FROM doomed_{parent})" for column, parent in _belongs(name)]
        session.execute(
            text(
                f"CREATE TEMP TABLE doomed_{name} ON COMMIT DROP AS"
                f" SELECT t.id FROM {name} t WHERE {' OR '.join(conditions)}"
            )
        )
    removed = int(session.execute(text("SELECT count(*) FROM doomed_lead")).scalar_one())
    session.execute(_FIELDS_OF_NOBODY)
    session.execute(_NETWORKS_OF_NOBODY)
    session.execute(
        text("UPDATE newsletter SET mail_version_id = NULL WHERE id IN (SELECT id FROM doomed_newsletter)")
    )
    session.execute(
        text(
            "DELETE FROM bulk_change WHERE lead_ids <@ ARRAY(SELECT id FROM doomed_lead) AND lead_ids <> '{}'"
        )
    )
    # Twice: a row that goes may leave a note of its going in another of these tables.
    for table in _leaves() * 2:
        where = " OR ".join(
            f"t.{column} IN (SELECT id FROM doomed_{parent})" for column, parent in _belongs(table.name)
        )
        session.execute(text(f"DELETE FROM {table.name} t WHERE {where}"))
    for name in reversed(order):
        session.execute(text(f"DELETE FROM {name} WHERE id IN (SELECT id FROM doomed_{name})"))
    # Companies and sources that real leads share by now are theirs.
    session.execute(
        text(
            "DELETE FROM company_change g WHERE NOT EXISTS (SELECT FROM company c WHERE c.id = g.company_id)"
        )
    )
    session.execute(text("UPDATE company SET demo = false WHERE demo"))
    session.execute(text("UPDATE source SET demo = false WHERE demo"))
    return removed


def _belongs(name: str) -> Iterator[tuple[str, str]]:
    """(column, table) of everything a row of this table belongs to."""
    table = Base.metadata.tables[name]
    known = _hangs_on()
    for column in table.columns:
        if (name, column.name) in _USES:
            continue
        parents = {key.column.table.name for key in column.foreign_keys}
        parents |= set(_PARENTS.get(column.name, ()))
        for parent in sorted(parents & known - {name}):
            yield column.name, parent


@cache
def _hangs_on() -> frozenset[str]:
    """The tables with an id on which rows of other tables hang, and that can hold what is invented."""
    referred = {
        key.column.table.name
        for table in Base.metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if (table.name, column.name) not in _USES and key.column.name == "id"
    }
    referred |= {parent for parents in _PARENTS.values() for parent in parents}
    found = set(_OWN)
    while True:
        more = {name for name in referred - found if _refers_to(name, found)}
        if not more:
            return frozenset(found)
        found |= more


def _refers_to(name: str, parents: set[str]) -> bool:
    table = Base.metadata.tables[name]
    return any(
        (name, column.name) not in _USES
        and (
            any(key.column.table.name in parents for key in column.foreign_keys)
            or bool(parents & set(_PARENTS.get(column.name, ())))
        )
        for column in table.columns
    )


@cache
def _order() -> tuple[str, ...]:
    """Those tables, parents first, and what leads use before them: so they go after them."""
    graph: dict[str, set[str]] = {name: {parent for _, parent in _belongs(name)} for name in _hangs_on()}
    graph["mail"].add("newsletter")
    graph["lead"] |= {"company", "source"}
    return tuple(TopologicalSorter(graph).static_order())


@cache
def _leaves() -> tuple[Table, ...]:
    """The other tables in which something may hang on it."""
    return tuple(
        table
        for name, table in sorted(Base.metadata.tables.items())
        if name not in _hangs_on() and any(True for _ in _belongs(name))
    )
