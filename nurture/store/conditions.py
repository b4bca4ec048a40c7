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
from nurture.store.conditions_compared import Compared, Warmth
from nurture.store.consents import LeadConsent
from nurture.store.heat import LeadHeat
from nurture.store.leads import STAGES, Lead
from nurture.store.segments import Segment, SegmentMember
from nurture.store.segments_by_model import MemberByModel
from nurture.store.signals import Signal, SignalVerdict
from nurture.store.sources import Source

_HALF_LIFE = text(
    """
    SELECT v.spec ->> 'half_life' FROM heat_model m JOIN heat_model_version v ON v.id = m.live_version_id
    WHERE CASE WHEN CAST(:model_id AS bigint) IS NULL THEN m.key = 'default' ELSE m.id = :model_id END
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
class Measure:
    """Heat and temperature by a model other than the default one. `segments` are the keys of those whose
    members depend on it; they are kept by it (store/segments_by_model.py)."""

    model_id: int
    segments: frozenset[str]


@dataclass(frozen=True)
class Asker:
    """Makes expressions for one moment, over `lead` (and, with a measure, its row of `lead_heat` beside it).
    Short lists are read from the database once, when first asked."""

    session: Session
    now: datetime
    measure: Measure | None = None

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
                return Compared(self.now, self.warmth, self.of_companies, self.sources).expression(condition)
            case OneOf("tag", names):
                # The index holds leads with tags alone.
                tagged = Lead.folded_tags.bool_op("<>")(text("CAST('{}' AS text[])"))
                return and_(tagged, Lead.folded_tags.bool_op("&&")(cast(_folded(names), ARRAY(Text))))
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
                return self.warmth.temperature.in_([one for one in ("cold", "warm", "hot") if one in wanted])
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
            return self._members(wanted)
        purposes = [name for name in self.purposes if fold(name) in wanted]
        return select(LeadConsent.lead_id).where(LeadConsent.granted, LeadConsent.purpose.in_(purposes))

    def _members(self, wanted: set[str]) -> Select[Any]:
        own = self.measure.segments & wanted if self.measure is not None else frozenset()
        members = select(SegmentMember.lead_id).join(Segment, Segment.id == SegmentMember.segment_id)
        found = members.where(Segment.key.in_(sorted(wanted - own)))
        if self.measure is None or not own:
            return found
        by_it = select(MemberByModel.lead_id).join(Segment, Segment.id == MemberByModel.segment_id)
        by_it = by_it.where(MemberByModel.model_id == self.measure.model_id, Segment.key.in_(sorted(own)))
        return select(found.union_all(by_it).subquery().c.lead_id)

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
    def warmth(self) -> Warmth:
        """Of leads, by the measure."""
        if self.measure is None:
            return Warmth(Lead.heat_log2.expression, Lead.temperature.expression, self.of_companies)
        temperature = func.coalesce(LeadHeat.temperature, "cold")
        return Warmth(LeadHeat.net_log2.expression, temperature, self._half_life(self.measure.model_id))

    @cached_property
    def of_companies(self) -> float | None:
        """The half-life of companies' heat, which is that of the default model; None without one."""
        return self._half_life(None)

    def _half_life(self, model_id: int | None) -> float | None:
        written = self.session.execute(_HALF_LIFE, {"model_id": model_id}).scalar()
        return duration.parse(written).elapsed.total_seconds() if written else None

    @cached_property
    def sources(self) -> dict[int, str]:
        return {row.id: row.name for row in self.session.execute(select(Source.id, Source.name))}

    @cached_property
    def purposes(self) -> list[str]:
        return list(self.session.scalars(_PURPOSES))


def population(
    session: Session, condition: Condition, *, now: datetime, measure: Measure | None = None
) -> Select[Any]:
    """The ids of all leads for whom the condition holds; erased ones are nobody any more."""
    query = select(Lead.id)
    if measure is not None:
        mine = and_(LeadHeat.lead_id == Lead.id, LeadHeat.model_id == measure.model_id)
        query = query.outerjoin(LeadHeat, mine)
    return query.where(Lead.erased_at.is_(None), Asker(session, now, measure).expression(condition))


def _bant(part: str) -> ColumnElement[str]:
    """An answer is kept as a word, or as an object with its source and date; none is unknown."""
    kept = Lead.bant[part]
    answer = case((func.jsonb_typeof(kept) == "object", kept["answer"].astext), else_=kept.astext)
    return func.coalesce(answer, "unknown")


def _folded(names: Sequence[str]) -> list[str]:
    return list(map(fold, names))
