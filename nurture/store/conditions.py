"""The condition language asked of the database: one tree, the same answer as `rules.conditions.holds`.

A tree becomes one expression over `lead`, for populations: sizes, members, lists. Every value is bound.
What only Python can read (folded text, numerals, dates) it has read when the row was written, into
`folded_fields` and `folded_tags`; names of sources, purposes and other short lists are folded here and
now. Inside `all` and `any` an unknown counts as false; `not` makes it so before it turns it round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session

from nurture.rules import duration
from nurture.rules.conditions import (
    AllOf,
    AnyOf,
    Bant,
    Compare,
    Condition,
    Not,
    OneOf,
    Signalled,
)
from nurture.rules.folding import fold
from nurture.store.conditions_compared import Compared
from nurture.store.consents import LeadConsent
from nurture.store.leads import STAGES, Lead
from nurture.store.segments import Segment, SegmentMember
from nurture.store.signals import Signal, SignalVerdict
from nurture.store.sources import Source

_HALF_LIFE = text(
    """
    SELECT v.spec ->> 'half_life' FROM heat_model m JOIN heat_model_version v ON v.id = m.live_version_id
    WHERE m.key = 'default'
    """
)
# Each purpose once, by steps along the index: a base has millions of consents and a handful of purposes.
_PURPOSES = text(
    """
    WITH RECURSIVE step (purpose) AS (
        (SELECT purpose FROM lead_consent WHERE granted ORDER BY purpose LIMIT 1)
        UNION ALL
        SELECT (SELECT purpose FROM lead_consent WHERE granted AND purpose > step.purpose
                ORDER BY purpose LIMIT 1)
        FROM step WHERE step.purpose IS NOT NULL
    )
    SELECT purpose FROM step WHERE purpose IS NOT NULL
    """
)


@dataclass(frozen=True)
class Asker:
    """Makes expressions for one moment. Short lists are read from the database once, when first asked."""

    session: Session
    now: datetime

    def expression(self, condition: Condition) -> ColumnElement[bool]:
        """True for exactly the leads for which the condition holds at the moment; never for others."""
        match condition:
            case AllOf(parts):
                return and_(true(), *(self.expression(part) for part in parts))
            case AnyOf(parts):
                return or_(false(), *(self.expression(part) for part in parts))
            case Not(part):
                return self._negated(part)
            case Compare():
                return Compared(self.now, self.half_life, self.sources).expression(condition)
            case OneOf("tag", names):
                return Lead.folded_tags.bool_op("&&")(cast(_folded(names), ARRAY(Text)))
            case OneOf("source" | "temperature" | "grade" | "stage", names):
                return self._named(condition)
            case OneOf() | Signalled():
                return Lead.id.in_(select(self._leads(condition).subquery().c.lead_id))
            case Bant(asked, answers):
                return and_(*(_bant(part).in_(answers) for part in asked))

    def _negated(self, part: Condition) -> ColumnElement[bool]:
        """Sets are told apart by a join against them; anything else by turning its answer round."""
        if isinstance(part, Signalled) or (isinstance(part, OneOf) and part.trait in ("consent", "segment")):
            found = self._leads(part).subquery()
            return ~exists(select(found.c.lead_id).where(found.c.lead_id == Lead.id))
        return not_(func.coalesce(self.expression(part), False))

    def _named(self, condition: OneOf) -> ColumnElement[bool]:
        wanted = set(_folded(condition.names))
        match condition.trait:
            case "source":
                ids = [number for number, name in self.sources.items() if fold(name) in wanted]
                return Lead.source_id.in_(ids)
            case "temperature":
                return Lead.temperature.in_([one for one in ("cold", "warm", "hot") if one in wanted])
            case "stage":
                return Lead.stage.in_([one for one in STAGES if one in wanted])
            case _:
                grades = [one for one in ("A", "B", "C") if fold(one) in wanted]
                return func.coalesce(Lead.grade_override, Lead.grade).in_(grades)

    def _leads(self, condition: OneOf | Signalled) -> Select[Any]:
        """The leads of whom something kept beside them is true; some may be named several times."""
        if isinstance(condition, Signalled):
            return self._signalled(condition)
        wanted = set(_folded(condition.names))
        if condition.trait == "segment":
            members = select(SegmentMember.lead_id).join(Segment, Segment.id == SegmentMember.segment_id)
            return members.where(Segment.key.in_(sorted(wanted)))
        purposes = [name for name in self.purposes if fold(name) in wanted]
        return select(LeadConsent.lead_id).where(LeadConsent.granted, LeadConsent.purpose.in_(purposes))

    def _signalled(self, wanted: Signalled) -> Select[Any]:
        latest = (
            select(SignalVerdict.signal_id, SignalVerdict.verdict)
            .ext(distinct_on(SignalVerdict.signal_id))
            .order_by(SignalVerdict.signal_id, SignalVerdict.at.desc())
            .subquery()
        )
        found = (
            select(Signal.lead_id)
            .outerjoin(latest, latest.c.signal_id == Signal.id)
            .where(Signal.kind == wanted.kind, Signal.occurred_at <= self.now)
            .where(func.coalesce(latest.c.verdict, Signal.verdict) == "human")
        )
        if wanted.within is not None:
            found = found.where(Signal.occurred_at > self.now - wanted.within.elapsed)
        if wanted.mail is not None:
            found = found.where(Signal.mail_key == wanted.mail)
        if wanted.at_least == 1:
            return found
        return found.group_by(Signal.lead_id).having(func.count() >= wanted.at_least)

    @cached_property
    def half_life(self) -> float | None:
        """Seconds, of the default model; None without one."""
        written = self.session.execute(_HALF_LIFE).scalar()
        return duration.parse(written).elapsed.total_seconds() if written else None

    @cached_property
    def sources(self) -> dict[int, str]:
        return {row.id: row.name for row in self.session.execute(select(Source.id, Source.name))}

    @cached_property
    def purposes(self) -> list[str]:
        return list(self.session.scalars(_PURPOSES))


def population(session: Session, condition: Condition, *, now: datetime) -> Select[Any]:
    """The ids of all leads for whom the condition holds; erased ones are nobody any more."""
    return select(Lead.id).where(Lead.erased_at.is_(None), Asker(session, now).expression(condition))


def _bant(part: str) -> ColumnElement[str]:
    """An answer is kept as a word, or as an object with its source and date; none is unknown."""
    kept = Lead.bant[part]
    answer = case((func.jsonb_typeof(kept) == "object", kept["answer"].astext), else_=kept.astext)
    return func.coalesce(answer, "unknown")


def _folded(names: Sequence[str]) -> list[str]:
    return list(map(fold, names))
