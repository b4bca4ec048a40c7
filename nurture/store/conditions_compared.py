"""Comparisons of one field, asked of the database: what the engine keeps as columns, and folded fields."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    and_,
    cast,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from nurture.rules.conditions import Compare, Op
from nurture.rules.conditions.deciding import (
    COMPANY_HEAT,
    HEAT_PLACES,
    NUMBERS,
    TEXTUAL,
    as_wanted,
    compares,
)
from nurture.rules.conditions.seen import COMPANY, INSTANT, NUMBER, kept_name, microseconds
from nurture.rules.conditions.values import as_number, as_text
from nurture.store.companies import Company
from nurture.store.lead_targets import LeadTarget
from nurture.store.leads import STAGES, Lead

Expression = ColumnElement[bool]

COMPANY_TEMPERATURE = "company.temperature"
_TEMPERATURES = ("cold", "warm", "hot")
_HALF = 0.5 * 10.0**-HEAT_PLACES
_SHORT_LISTS: Mapping[str, tuple[Sequence[str | None], ColumnElement[Any]]] = {
    "stage": (STAGES, Lead.stage.expression),
    "grade": (("A", "B", "C", None), func.coalesce(Lead.grade_override, Lead.grade)),
}


@dataclass(frozen=True)
class Warmth:
    """Where heat and temperature of leads are kept, and the seconds in which this heat halves."""

    heat: Any
    temperature: ColumnElement[Any]
    half_life: float | None


@dataclass(frozen=True)
class Compared:
    """What comparisons lean on: the moment, the warmth of leads, the half-life of companies' heat in
    seconds, sources by id."""

    now: datetime
    warmth: Warmth
    of_companies: float | None
    sources: Mapping[int, str]

    def expression(self, asked: Compare) -> Expression:
        """True for exactly the leads whose field stands so; unknown or false for others."""
        field, op, wanted = asked.field, asked.op, asked.wanted
        if field in NUMBERS:
            return false() if op in TEXTUAL else self._number(field, op, as_wanted(field, wanted))
        if field in _SHORT_LISTS:
            values, column = _SHORT_LISTS[field]
            return _among(column, [value for value in values if compares(value, op, wanted)])
        if field == "temperature":
            held = [value for value in _TEMPERATURES if compares(value, op, wanted)]
            return _among(self.warmth.temperature, held)
        if field == "source":
            ids = [number for number, name in self.sources.items() if compares(name, op, wanted)]
            return _among(Lead.source_id.expression, [*ids, None] if compares(None, op, wanted) else ids)
        if field == COMPANY_TEMPERATURE:
            held = [value for value in _TEMPERATURES if compares(value, op, wanted)]
            asks_none = op is Op.EXISTS and not wanted
            return _in_company(_among(Company.temperature.expression, held), missing=asks_none)
        if field.startswith(COMPANY):
            return _of_company(field.removeprefix(COMPANY), op, wanted)
        return Folded(Lead.folded_fields, kept_name(field)).expression(op, wanted)

    def _number(self, field: str, op: Op, wanted: Any) -> Expression:
        if field == "heat":
            return self._heat(op, wanted, self.warmth.heat, self.warmth.half_life)
        if field == COMPANY_HEAT:
            asks_none = op is Op.EXISTS and not wanted
            return _in_company(
                self._heat(op, wanted, Company.heat_log2, self.of_companies), missing=asks_none
            )
        if field == "target_score":
            return _by_score(op, wanted)
        columns: dict[str, Any] = {
            "readiness": Lead.readiness,
            "touches": Lead.touches_in + Lead.touches_out,
            "owner": Lead.owner_id,
            "id": Lead.id,
        }
        column = columns[field]
        if op is Op.EXISTS:
            missing: Expression = column.is_(None)
            return not_(missing) if wanted else missing
        return and_(column.is_not(None), _as_numbers(cast(column, Double), op, wanted))

    def _heat(self, op: Op, wanted: Any, stored: Any, half_life: float | None) -> Expression:
        """Heat is rounded before it is compared, so equality is a short span. Every comparison is one of
        the stored log with a bound that falls as time goes by."""
        if op is Op.EXISTS:
            return true() if wanted else false()
        if op in (Op.IN, Op.NOT_IN):
            found = or_(false(), *(self._heat(Op.EQ, one, stored, half_life) for one in wanted))
            return found if op is Op.IN else not_(found)
        number = None if isinstance(wanted, bool) else as_number(wanted)
        if number is None or math.isnan(number):
            return true() if op is Op.NE else false()
        from_there = self._heat_from(number - _HALF, stored, half_life)
        beyond = self._heat_from(number + _HALF, stored, half_life)
        expressions: dict[Op, Expression] = {
            Op.EQ: and_(from_there, not_(beyond)),
            Op.NE: not_(and_(from_there, not_(beyond))),
            Op.GTE: from_there,
            Op.GT: beyond,
            Op.LT: not_(from_there),
            Op.LTE: not_(beyond),
        }
        return expressions[op]

    def _heat_from(self, bound: float, stored: Any, half_life: float | None) -> Expression:
        if bound <= 0:
            return true()
        if not half_life:
            return false()
        log = math.log2(bound) + self.now.timestamp() / half_life
        return func.coalesce(stored >= log, False)


@dataclass(frozen=True)
class Folded:
    """One entry of a folded document (rules/conditions/seen.py) and what Python read under it."""

    kept: Any
    name: str

    def expression(self, op: Op, wanted: Any) -> Expression:
        if op is Op.EXISTS:
            return self._exists if wanted else not_(self._exists)
        if op in (Op.NE, Op.NOT_IN):
            same = self._same(wanted if isinstance(wanted, tuple) else (wanted,), listed=op is Op.NOT_IN)
            return and_(self._exists, not_(func.coalesce(same, False)))
        if op in (Op.EQ, Op.IN):
            return self._same(wanted if isinstance(wanted, tuple) else (wanted,), listed=op is Op.IN)
        if op in TEXTUAL:
            return self._textual(op, as_text(wanted) or "")
        return self._ordered(op, wanted)

    @property
    def _exists(self) -> Expression:
        found: Expression = self.kept.has_key(self.name)
        return found

    def _same(self, wanted: Sequence[Any], *, listed: bool) -> Expression:
        """Equal to one of them; where `listed`, holding one of them is enough."""
        entry = self.kept[self.name]
        texts = [as_text(one) for one in wanted if isinstance(one, str | bool)]
        found = [_among(entry, [cast(literal(text, JSONB), JSONB) for text in texts])] if texts else []
        found += [self._equal(one) for one in wanted if not isinstance(one, str | bool)]
        if listed:
            holds = or_(*(entry.contains(cast(literal(as_text(one), JSONB), JSONB)) for one in wanted))
            found.append(and_(func.jsonb_typeof(entry) == "array", holds))
        return or_(false(), *found)

    def _equal(self, wanted: Any) -> Expression:
        if isinstance(wanted, datetime):
            return self._instant == microseconds(wanted)
        if isinstance(wanted, date):
            begins, ends = _span(wanted)
            return and_(self._instant >= begins, self._instant < ends)
        return self._number == _double(wanted)

    def _textual(self, op: Op, part: str) -> Expression:
        entry = self.kept[self.name]
        words = self.kept[self.name].astext
        single = func.jsonb_typeof(entry) == "string"
        if op is Op.STARTS:
            return and_(single, func.starts_with(words, part))
        if op is Op.ENDS:
            return and_(single, func.right(words, len(part)) == part)
        held = and_(func.jsonb_typeof(entry) == "array", entry.contains(cast(literal(part, JSONB), JSONB)))
        return or_(and_(single, func.strpos(words, part) > 0), held)

    def _ordered(self, op: Op, wanted: Any) -> Expression:
        if isinstance(wanted, date) and not isinstance(wanted, datetime):
            begins, ends = _span(wanted)
            bound = ends if op in (Op.GT, Op.LTE) else begins
            return self._instant >= bound if op in (Op.GT, Op.GTE) else self._instant < bound
        if isinstance(wanted, datetime):
            return _ordering(op)(self._instant, microseconds(wanted))
        return _ordering(op)(self._number, _double(wanted))

    @property
    def _number(self) -> ColumnElement[float]:
        return cast(self.kept[NUMBER + self.name].astext, Double)

    @property
    def _instant(self) -> ColumnElement[int]:
        return cast(self.kept[INSTANT + self.name].astext, BigInteger)


def _of_company(name: str, op: Op, wanted: Any) -> Expression:
    """Asked of companies first, of which there are fewer."""
    if op is Op.EXISTS and not wanted:
        return not_(func.coalesce(_of_company(name, op, True), False))
    found = Folded(Company.folded_fields, name).expression(op, wanted)
    return Lead.company_id.in_(select(Company.id).where(found))


def _in_company(holds: Expression, *, missing: bool) -> Expression:
    """Of leads with a company for which this holds; or, where told, of those without one."""
    return Lead.company_id.is_(None) if missing else Lead.company_id.in_(select(Company.id).where(holds))


def _as_numbers(number: ColumnElement[float], op: Op, wanted: Any) -> Expression:
    """A number of the engine's own against what is wanted, where what is no number equals nothing."""
    if op in (Op.EQ, Op.IN, Op.NE, Op.NOT_IN):
        among = [as_number(one) for one in (wanted if isinstance(wanted, tuple) else (wanted,))]
        known = [one for one in among if one is not None and not math.isnan(one)]
        same = number.in_([_double(one) for one in known]) if known else false()
        return same if op in (Op.EQ, Op.IN) else not_(same)
    found = None if isinstance(wanted, date) else as_number(wanted)
    return false() if found is None or math.isnan(found) else _ordering(op)(number, _double(found))


def _ordering(op: Op) -> Callable[[Any, Any], Expression]:
    return {
        Op.GT: lambda one, other: one > other,
        Op.GTE: lambda one, other: one >= other,
        Op.LT: lambda one, other: one < other,
        Op.LTE: lambda one, other: one <= other,
    }[op]


def _by_score(op: Op, wanted: Any) -> Expression:
    """By what the target score says, which stands beside the lead: one set joined, not a look-up a lead."""
    scored = select(LeadTarget.lead_id)
    if op is Op.EXISTS:
        return Lead.id.in_(scored) if wanted else Lead.id.not_in(scored)
    return Lead.id.in_(scored.where(_as_numbers(LeadTarget.percent.expression, op, wanted)))


def _among(column: ColumnElement[Any], values: Sequence[Any]) -> Expression:
    known = [value for value in values if value is not None]
    found = column.in_(known) if known else false()
    return or_(found, column.is_(None)) if len(known) < len(values) else found


def _double(number: Any) -> ColumnElement[float]:
    return cast(literal(float(number), Double), Double)


def _span(day: date) -> tuple[int, int]:
    """The first moment of a day in UTC and that of the next, in microseconds."""
    begins = microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return begins, begins + microseconds(datetime(1970, 1, 2, tzinfo=UTC))
