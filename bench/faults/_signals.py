"""I10 and what it rests on: each hit that the door answered for is kept once, what machines do warms nobody,
each hit of a person is one signal, and the heat that is kept is what a replay of all signals gives."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from bench.faults._readers import MACHINE, Look, answered
from nurture.rules import caps, heat
from nurture.rules.caps import RatedSignal
from nurture.rules.heat import Heat
from nurture.rules.model import HeatModel, read
from nurture.store.heat import of_logs

Rows = Callable[..., list[tuple[Any, ...]]]

_LATEST = "(SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = {id} ORDER BY v.at DESC LIMIT 1)"
_KEPT = """
    SELECT d.message_id::text, h.kind, h.user_agent = %(machine)s, count(*)
    FROM hit h JOIN delivery d ON d.id = h.delivery_id GROUP BY 1, 2, 3
"""
_MACHINES_THAT_COUNT = f"""
    SELECT count(*) FROM hit h
    WHERE h.user_agent = %(machine)s AND coalesce({_LATEST.format(id="h.id")}, h.verdict) = 'human'
"""
_WITHOUT_SIGNAL = f"""
    SELECT count(*) FROM hit h
    WHERE h.lead_id IS NOT NULL AND coalesce({_LATEST.format(id="h.id")}, h.verdict) = 'human'
      AND NOT EXISTS (SELECT FROM signal s WHERE s.id = h.id)
"""
_WITHOUT_HIT = """
    SELECT count(*) FROM signal s
    WHERE s.source = 'tracking' AND NOT EXISTS (SELECT FROM hit h WHERE h.id = s.id)
"""
_UNRATED = """
    SELECT (SELECT count(*) FROM unrated_signal), (SELECT count(*) FROM stalled_hit),
           (SELECT count(*) FROM turned_signal)
"""
_MODELS = """
    SELECT m.id, CAST(v.spec AS text) FROM heat_model m JOIN heat_model_version v ON v.id = m.live_version_id
"""
_SIGNALS = f"""
    SELECT s.lead_id, s.id, s.occurred_at, s.kind, s.mail_key, s.data
    FROM signal s WHERE coalesce({_LATEST.format(id="s.id")}, s.verdict) = 'human'
"""
_HEAT = "SELECT lead_id, pos_log2, neg_log2 FROM lead_heat WHERE model_id = %(model)s"


def breaches(rows: Rows, looks: Sequence[Look]) -> list[str]:
    """Every breach that was found."""
    return [*_kept_once(rows, looks), *breaches_of_heat(rows)]


def breaches_of_heat(rows: Rows) -> list[str]:
    """Those that the tables tell by themselves."""
    return [*_counted_once(rows), *_replayed(rows)]


def unsettled(rows: Rows) -> int:
    """How many signals and hits still wait for something."""
    return sum(rows(_UNRATED)[0])


def _kept_once(rows: Rows, looks: Sequence[Look]) -> list[str]:
    """A request whose answer was lost may have been kept or not; nothing was kept that nobody asked."""
    kept = {row[:3]: row[3] for row in rows(_KEPT, machine=MACHINE["User-Agent"])}
    sure = Counter((one.message_id, one.kind, one.machine) for one in answered(looks))
    asked = Counter((one.message_id, one.kind, one.machine) for one in looks)
    lost = sum(max(0, n - kept.get(key, 0)) for key, n in sure.items())
    doubled = sum(max(0, n - asked[key]) for key, n in kept.items())
    said = [f"I11: {lost} hits that the door answered for are not kept."] if lost else []
    return said + ([f"I11: {doubled} hits are kept that nobody made."] if doubled else [])


def _counted_once(rows: Rows) -> list[str]:
    said = []
    counting = rows(_MACHINES_THAT_COUNT, machine=MACHINE["User-Agent"])[0][0]
    if counting:
        said.append(f"I10: {counting} hits of machines count as people's.")
    if without := rows(_WITHOUT_SIGNAL)[0][0]:
        said.append(f"I10: {without} hits of people have no signal.")
    if without := rows(_WITHOUT_HIT)[0][0]:
        said.append(f"I10: {without} signals have no hit.")
    if waiting := unsettled(rows):
        said.append(f"I10: {waiting} signals and hits have not come to their end.")
    return said


def _replayed(rows: Rows) -> list[str]:
    said = []
    for model_id, spec in rows(_MODELS):
        model = read(json.loads(spec))
        wanted = _by_definition(model, rows(_SIGNALS))
        kept = {row[0]: of_logs(row[1], row[2]) for row in rows(_HEAT, model=model_id)}
        wrong = [lead for lead, one in wanted.items() if not _same(one, kept.get(lead, heat.NO_HEAT))]
        wrong += [lead for lead, one in kept.items() if lead not in wanted and one != heat.NO_HEAT]
        if wrong:
            lead = wrong[0]
            replayed = wanted.get(lead, heat.NO_HEAT)
            said.append(
                f"I10: {len(wrong)} leads of {len(kept)} are not as warm as their signals make them, such as"
                f" {lead}: kept {kept.get(lead)}, replayed {replayed}."
            )
    return said


def _by_definition(model: HeatModel, signals: Iterable[tuple[Any, ...]]) -> dict[int, Heat]:
    """Each lead's heat from all its signals: per rule and UTC day the earliest that the cap allows."""
    days: dict[tuple[int, str, date], list[RatedSignal]] = defaultdict(list)
    for lead, number, at, kind, mail, data in signals:
        one = caps.rated(model, UUID(str(number)), at, kind, mail, data or {})
        if one is not None and one.rule.weight:
            days[lead, one.rule.key, one.day].append(one)
    parts: dict[int, list[Heat]] = defaultdict(list)
    for (lead, _rule, _day), found in days.items():
        parts[lead].append(caps.fill(found, model.half_life_s).heat)
    return {lead: heat.total(found) for lead, found in parts.items()}


def _same(one: Heat, other: Heat) -> bool:
    """To one part in a billion, the positive and the negative sum apart."""
    pairs = ((one.pos, other.pos), (one.neg, other.neg))
    return all(a == b or abs(2.0 ** (a - b) - 1.0) < 1e-9 for a, b in pairs)
