"""Leads as a program sees them: by its own heat model, where it names one.

Members of segments are kept under the default model, whose temperature leads show. To a program with
another model a segment that asks for heat or temperature, be it by way of another segment, would say who
is hot by a measure that is not its own: such segments are decided anew on the facts of that model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows.asked_segments import Asked, asked_in_order
from nurture.flows.published import Published
from nurture.rules.conditions import Look, holds, looked_at, signals_asked
from nurture.rules.facts import Facts
from nurture.rules.segments import leaning_on_heat
from nurture.store import facts


def load(
    session: Session,
    lead_ids: Sequence[int],
    *,
    now: datetime,
    model_id: int | None,
    asked: Mapping[str, Look] | None = None,
) -> dict[int, Facts]:
    """As `store.facts.load`; the segments too are those of the model (None: the default one)."""
    if model_id is None or not lead_ids:
        return facts.load(session, lead_ids, now=now, asked=asked)
    own = _by_heat(session)
    if asked is not None:
        asked = looked_at((asked, signals_asked([one.condition for one in own], now)))
    known = facts.load(session, lead_ids, now=now, model_id=model_id, asked=asked)
    return {lead_id: _in_own_segments(lead, own, now) for lead_id, lead in known.items()} if own else known


def at_the_door(
    session: Session,
    one: Published,
    lead_ids: Sequence[int],
    known: Mapping[int, Facts] | None,
    now: datetime,
) -> Mapping[int, Facts]:
    """Facts of leads as this program sees them, with the signals that its door looks at; `known` serves where
    they are facts under the default model and the program goes by it."""
    if known is not None and one.by_default_model:
        return known
    asked = one.asked_at_the_door(now)
    return load(session, lead_ids, now=now, model_id=one.row.model_id, asked=asked)


def _by_heat(session: Session) -> list[Asked]:
    every = asked_in_order(session)
    keys = leaning_on_heat({one.key: one.condition for one in every})
    return [one for one in every if one.key in keys]


def _in_own_segments(lead: Facts, own: Sequence[Asked], now: datetime) -> Facts:
    mine = replace(lead, segments=lead.segments - {one.key for one in own})
    for one in own:
        if holds(one.condition, mine, now):
            mine = replace(mine, segments=mine.segments | {one.key})
    return mine
