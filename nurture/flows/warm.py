"""Signals become heat: buckets, sums, floors and temperatures under every live model.

A fixed number of statements for a batch. A signal below its cap is added without a look at the lead's
history; only a late arrival that displaces another, or a signal taken back, makes its day be counted
anew and the lead's days be summed again.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from nurture.flows import count_days
from nurture.rules import caps, heat, temperature
from nurture.rules.caps import Bucket, RatedSignal
from nurture.rules.heat import Heat
from nurture.rules.temperature import Floors
from nurture.store import heat as heats
from nurture.store import heat_buckets, unrated
from nurture.store.heat import Pair, StoredHeat
from nurture.store.heat_buckets import BucketKey
from nurture.store.models import LiveModel
from nurture.store.unrated import SeenSignal

# What brought a change of temperature, when no signal did.
SILENCE = "silence"
TAKEN_BACK = "a signal was taken back"
MERGED = "two leads became one"
UNMERGED = "one lead became two again"


class Warmed(NamedTuple):
    """A lead's heat under a model before and after; `reason` and `signal_id` say what brought it."""

    before: StoredHeat
    after: StoredHeat
    worth: float
    reason: str
    signal_id: uuid.UUID | None = None

    @property
    def changed(self) -> bool:
        return self.before.temperature != self.after.temperature


@dataclass(slots=True)
class _Sums:
    """What a batch brings to buckets and leads, while it is being counted."""

    buckets: dict[BucketKey, Bucket] = field(default_factory=dict)
    added: dict[Pair, list[Heat]] = field(default_factory=lambda: defaultdict(list))
    counting: dict[Pair, list[RatedSignal]] = field(default_factory=lambda: defaultdict(list))
    again: set[BucketKey] = field(default_factory=set)


def count(
    session: Session,
    models: Sequence[LiveModel],
    signals: Sequence[SeenSignal],
    claimed: Collection[uuid.UUID],
    stored: Mapping[Pair, StoredHeat],
    *,
    now: datetime,
) -> dict[Pair, Warmed]:
    """Count new human signals of locked leads, write their buckets, and say what each lead's heat is
    now. Their rows of `lead_heat` as they stand are `stored`, and the caller's to save."""
    arrivals = count_days.rated(models, signals)
    by_bucket = count_days.by_bucket(arrivals)
    known = heat_buckets.load(session, by_bucket)
    sums = _add(models, by_bucket, known)
    if sums.again:
        sums.buckets |= count_days.fill_again(session, models, sums.again, claimed)
    heat_buckets.save(session, sums.buckets, known=known)
    resummed = count_days.sum_again(session, models, {(key[0], key[1]) for key in sums.again}, now)
    warmed = {}
    for model in models:
        for pair in (pair for pair in arrivals if pair[1] == model.id):
            before = stored.get(pair) or StoredHeat(*pair, version_id=model.version_id, since=now)
            total = resummed.get(pair) or before.heat.plus(heat.total(sums.added[pair]))
            floors = temperature.join(before.floors, temperature.floors_of(arrivals[pair], model.model))
            cause = max(arrivals[pair], key=lambda one: one.place)
            seen = sums.counting[pair] if pair not in resummed else None
            level = _climbed(model, before, total, cause, seen)
            found = judged(model, before, total, floors, now, cause.rule.kind, cause.id, level=level)
            warmed[pair] = _keeping_due(found)
    return warmed


def judged(
    model: LiveModel,
    before: StoredHeat,
    total: Heat,
    floors: Floors,
    now: datetime,
    reason: str,
    signal_id: uuid.UUID | None = None,
    *,
    level: str | None = None,
) -> Warmed:
    """The row after its heat became `total` and its floors `floors`; `level` is what its signals led to."""
    state = temperature.judge(level or before.level, total, floors, model.model, now)
    after = StoredHeat(
        before.lead_id,
        before.model_id,
        version_id=model.version_id,
        since=now if state.temperature != before.temperature else before.since,
        heat=total,
        level=state.level,
        temperature=state.temperature,
        floors=floors,
        due_at=state.due_at,
    )
    return Warmed(before, after, state.worth, reason, signal_id)


def cool(models: Sequence[LiveModel], stored: Iterable[StoredHeat], *, now: datetime) -> dict[Pair, Warmed]:
    """What silence alone has made of these rows."""
    by_id = {model.id: model for model in models}
    return {row.pair: judged(by_id[row.model_id], row, row.heat, row.floors, now, SILENCE) for row in stored}


def recount(
    session: Session, models: Sequence[LiveModel], signals: Sequence[SeenSignal], *, now: datetime
) -> dict[Pair, Warmed]:
    """Signals of locked leads are human no more, or are again: their days counted anew, and the leads
    judged by what counts now as if it had always been so."""
    again = {
        (signal.lead_id, model.id, rule.key, signal.at.astimezone(UTC).date())
        for signal in signals
        for model in models
        for rule in model.model.rules_of(signal.kind)
    }
    heat_buckets.save(session, count_days.fill_again(session, models, again, ()))
    totals = count_days.sum_again(session, models, {(key[0], key[1]) for key in again}, now)
    stored = heats.load(session, {pair[0] for pair in totals}, [model.id for model in models])
    rows = [
        (model, stored.get(pair) or StoredHeat(*pair, version_id=model.version_id, since=now))
        for model in models
        for pair in totals
        if pair[1] == model.id
    ]
    return _judged_anew(session, rows, totals, {one.kind for one in signals}, now)


def rebuild(
    session: Session, model: LiveModel, lead_ids: Sequence[int], reason: str, *, now: datetime
) -> dict[Pair, Warmed]:
    """The heat of locked leads under a model from all their signals, buckets written anew."""
    kept = kept_signals(session, model, lead_ids, now)
    heat_buckets.forget(session, model.id, lead_ids)
    heat_buckets.save(session, count_days.buckets_of(model, kept))
    return told_by(model, heats.load(session, lead_ids, [model.id]), kept, lead_ids, reason, now=now)


def told_by(
    model: LiveModel,
    stored: Mapping[Pair, StoredHeat],
    kept: Mapping[int, list[RatedSignal]],
    lead_ids: Sequence[int],
    reason: str,
    *,
    now: datetime,
) -> dict[Pair, Warmed]:
    """The heat of leads under a model as their signals tell it, nothing written; a lead without signals and
    without a row has none."""
    half_life_s = model.model.half_life_s
    warmed = {}
    for lead_id in lead_ids:
        signals = caps.counted(kept.get(lead_id, []))
        before = stored.get((lead_id, model.id))
        if before is None and not signals:
            continue
        row = before or StoredHeat(lead_id, model.id, version_id=model.version_id, since=now)
        level = temperature.replay(signals, model.model, now)
        total = heat.total(heat.of_signal(one.rule.weight, one.at, half_life_s) for one in signals)
        floors = temperature.floors_of(kept.get(lead_id, []), model.model)
        found = judged(model, row._replace(level=level), total, floors, now, reason)
        warmed[row.pair] = found._replace(before=row)
    return warmed


def _climbed(
    model: LiveModel, before: StoredHeat, total: Heat, last: RatedSignal, counting: list[RatedSignal] | None
) -> str:
    """The level after signals that count, one by one; where some displaced others, after the last."""
    if counting is None:
        at = max(last.at, before.judged_at or last.at)
        return temperature.judge(before.level, total, before.floors, model.model, at).level
    if not counting:
        return before.level
    in_order = sorted(counting, key=lambda one: one.place)
    if temperature.stays_cold(before.level, total, in_order[0].at, model.model):
        return before.level
    return temperature.climb(before.level, before.heat, in_order, model.model, judged_at=before.judged_at)[0]


def _keeping_due(found: Warmed) -> Warmed:
    """A due time that a signal has pushed back stays: its handler finds nothing and sets the next one.
    So most signals do not touch the index of due times."""
    stored, wanted = found.before.due_at, found.after.due_at
    if stored is None or (wanted is not None and wanted < stored):
        return found
    return found._replace(after=found.after._replace(due_at=stored))


def _add(
    models: Sequence[LiveModel],
    by_bucket: Mapping[BucketKey, list[RatedSignal]],
    stored: Mapping[BucketKey, Bucket],
) -> _Sums:
    half_lives = {model.id: model.model.half_life_s for model in models}
    sums = _Sums()
    for key, signals in by_bucket.items():
        bucket, pair = stored.get(key, Bucket()), key[:2]
        counting = caps.taken(bucket, signals)
        if counting is None:
            sums.again.add(key)
        else:
            sums.buckets[key], added = caps.put(bucket, counting, half_lives[key[1]])
            sums.added[pair].append(added)
            sums.counting[pair] += counting
    return sums


def _judged_anew(
    session: Session,
    rows: Sequence[tuple[LiveModel, StoredHeat]],
    totals: Mapping[Pair, Heat],
    kinds: Collection[str],
    now: datetime,
) -> dict[Pair, Warmed]:
    """The whole history is read where the way there decides, or a floor may have gone with signals of these
    kinds; anywhere else the heat of now says the level."""
    kept: dict[Pair, list[RatedSignal]] = {}
    for model in dict.fromkeys(model for model, _row in rows):
        floored = any(rule.floor for kind in kinds for rule in model.model.rules_of(kind))
        pairs = [row.pair for one, row in rows if one.id == model.id]
        asked = [pair[0] for pair in pairs if floored or _rests_on_the_past(model, totals[pair], now)]
        found = kept_signals(session, model, asked, now) if asked else {}
        kept |= {(lead_id, model.id): found.get(lead_id, []) for lead_id in asked}
    warmed = {}
    for model, row in rows:
        signals, level, floors = kept.get(row.pair), "cold", row.floors
        if signals is not None:
            level = temperature.replay(caps.counted(signals), model.model, now)
            floors = temperature.floors_of(signals, model.model)
        warmed[row.pair] = judged(model, row, totals[row.pair], floors, now, TAKEN_BACK, level=level)
    return warmed


def _rests_on_the_past(model: LiveModel, total: Heat, now: datetime) -> bool:
    worth = heat.value(total, now, model.model.half_life_s)
    return temperature.rests_on_the_past(worth, model.model.thresholds)


def kept_signals(
    session: Session, model: LiveModel, lead_ids: Sequence[int], now: datetime
) -> dict[int, list[RatedSignal]]:
    """The remembered human signals of leads under a model."""
    since = temperature.remembered_since(model.model, now)
    since = since.replace(hour=0, minute=0, second=0, microsecond=0)
    found = count_days.rated([model], unrated.of_leads(session, lead_ids, since=since))
    return {lead_id: signals for (lead_id, _model), signals in found.items()}
