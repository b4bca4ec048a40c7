"""The days of heat: the rule that each signal falls under, what a day adds up to, and what all of them do."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.rules import caps, heat
from nurture.rules.caps import Bucket, RatedSignal
from nurture.rules.heat import NO_HEAT, Heat
from nurture.rules.model import SignalRule
from nurture.store import heat_buckets, unrated
from nurture.store.heat import Pair
from nurture.store.heat_buckets import BucketKey
from nurture.store.models import LiveModel
from nurture.store.unrated import SeenSignal


def rated(models: Sequence[LiveModel], signals: Sequence[SeenSignal]) -> dict[Pair, list[RatedSignal]]:
    """These signals under each model that knows their kind, by lead and model."""
    found: dict[Pair, list[RatedSignal]] = defaultdict(list)
    for model in models:
        rules: dict[str, tuple[SignalRule, ...]] = {}
        for signal in signals:
            mine = rules.get(signal.kind)
            if mine is None:
                mine = rules[signal.kind] = model.model.rules_of(signal.kind)
            one = caps.rated_by(mine, signal.id, signal.at, signal.mail, signal.data)
            if one is not None:
                found[signal.lead_id, model.id].append(one)
    return dict(found)


def by_bucket(arrivals: Mapping[Pair, list[RatedSignal]]) -> dict[BucketKey, list[RatedSignal]]:
    """Those that weigh anything, by rule and UTC day."""
    found: dict[BucketKey, list[RatedSignal]] = defaultdict(list)
    for (lead_id, model_id), signals in arrivals.items():
        for one in signals:
            if one.rule.weight:
                found[lead_id, model_id, one.rule.key, one.day].append(one)
    return dict(found)


def fill_again(
    session: Session,
    models: Sequence[LiveModel],
    keys: Collection[BucketKey],
    claimed: Collection[uuid.UUID],
) -> dict[BucketKey, Bucket]:
    """These buckets from all their signals; those left without any are empty."""
    half_lives = {model.id: model.model.half_life_s for model in models}
    days = {(lead_id, rule.partition("#")[0], day) for lead_id, _model, rule, day in keys}
    found = by_bucket(rated(models, unrated.of_days(session, days, claimed)))
    return {key: caps.fill(found.get(key, []), half_lives[key[1]]) for key in keys}


def sum_again(
    session: Session, models: Sequence[LiveModel], pairs: Collection[Pair], now: datetime
) -> dict[Pair, Heat]:
    """The heat of these leads from their remembered days."""
    if not pairs:
        return {}
    half_lives = {model.id: model.model.half_life_s for model in models}
    since = {pair: heat.remembered_since(now, half_lives[pair[1]]).date() for pair in pairs}
    found: dict[Pair, list[Heat]] = {pair: [] for pair in pairs}
    for key, bucket in heat_buckets.load_since(session, since).items():
        found[key[0], key[1]].append(bucket.heat)
    return {pair: heat.total(parts) if parts else NO_HEAT for pair, parts in found.items()}


def buckets_of(model: LiveModel, kept: Mapping[int, list[RatedSignal]]) -> dict[BucketKey, Bucket]:
    """The days of leads from all their signals under a model."""
    found = by_bucket({(lead_id, model.id): signals for lead_id, signals in kept.items()})
    return {key: caps.fill(signals, model.model.half_life_s) for key, signals in found.items()}
