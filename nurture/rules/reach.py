"""How hot a path of mails can make a lead at best: what `campaigns check` holds against thresholds."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from nurture.rules import caps, heat
from nurture.rules.caps import RatedSignal
from nurture.rules.model import HeatModel

BY_MAIL = ("opened", "clicked")
_START = datetime(2000, 1, 1, tzinfo=UTC)


def highest_heat(model: HeatModel, mails_and_gaps: Iterable[str | timedelta]) -> float:
    """The highest heat on a path in which every mail is opened and clicked, once, at once.

    `mails_and_gaps` is the path in its order: the key of each mail sent, and the shortest time that
    passes between them. Of alternatives for a kind the best one counts; the lead starts
    without heat. An upper bound for leads that do nothing beside.
    """
    now, best = _START, 0.0
    signals: list[RatedSignal] = []
    for part in mails_and_gaps:
        if isinstance(part, timedelta):
            now += part
            continue
        signals += _read_at_once(model, now, len(signals))
        best = max(best, _heat_of(signals, model, now))
    return best


def _heat_of(signals: list[RatedSignal], model: HeatModel, now: datetime) -> float:
    half_life_s = model.half_life_s
    kept = caps.counted(signals)
    warmth = heat.total(heat.of_signal(one.rule.weight, one.at, half_life_s) for one in kept)
    return heat.value(warmth, now, half_life_s)


def _read_at_once(model: HeatModel, now: datetime, number: int) -> list[RatedSignal]:
    known = [model.rules_of(kind) for kind in BY_MAIL]
    best = [max(rules, key=lambda rule: rule.weight) for rules in known if rules]
    return [RatedSignal(UUID(int=number + at), now, rule) for at, rule in enumerate(best)]
