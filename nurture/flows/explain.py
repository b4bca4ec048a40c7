"""Why a lead stands where it stands: heat, temperature, grade and readiness, each with what adds up to it.

The answers are plain dicts, as the API gives them; instants are aware UTC datetimes. All points are
rounded to a tenth by largest remainder, so that what is shown adds up exactly.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Invalid, NotFound
from nurture.flows import warm
from nurture.flows.judge import Judged, assess
from nurture.rules import caps, heat, shares, temperature
from nurture.rules.caps import Bucket, RatedSignal
from nurture.rules.crossing import held_back
from nurture.rules.model import HeatModel
from nurture.rules.readiness import Judgement
from nurture.rules.words import _
from nurture.store import (
    approvals,
    heat_buckets,
    lead_judgements,
    models,
    scores,
    temperature_changes,
    unrated,
)
from nurture.store import heat as heats
from nurture.store.heat import StoredHeat
from nurture.store.models import LiveModel

SHOWN = 40
CURVE_POINTS = 120
# A rule, a UTC day, its signals that count, and what they add at the moment.
Line = tuple[str, date, Bucket, float]


def explain(session: Session, lead_id: int, *, now: datetime) -> dict[str, Any]:
    """Heat, temperature, grade and readiness of a lead at `now`, under the default model. Reads only.
    Raises NotFound for a lead that does not exist or was erased."""
    lead = scores.state(session, lead_id)
    if lead is None:
        raise NotFound(_("There is no such lead."))
    live = [model for model in models.live(session) if model.is_default]
    if not live:
        return {"model": None, "heat": None, "temperature": None, "grade": None, "readiness": None}
    model = live[0]
    row = heats.load(session, [lead_id], [model.id]).get((lead_id, model.id)) or StoredHeat(
        lead_id, model.id, version_id=model.version_id, since=now
    )
    cooled = warm.cool(live, [row], now=now)
    judged = assess(session, live, {lead_id: lead}, cooled, now=now)[lead_id]
    held = _held_back(session, judged, model, now)
    return {
        "model": {"key": model.model.key, "version": model.no, "half_life": str(model.model.half_life)},
        "at": now,
        "heat": _heat(session, model, row, now),
        "temperature": _temperature(model.model, cooled[row.pair].after, now),
        "grade": {
            **_grade(judged, model.model),
            "override_reason": lead_judgements.grade_reason(session, lead_id),
        },
        "readiness": {**_readiness(judged, model.model), "held_back": held},
    }


def heat_curve(session: Session, lead_id: int, *, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """The heat of a lead over time under the default model: {"at", "heat", "kind"}, oldest first, at most
    a few hundred points; `kind` names the signal at a jump, None between. Judged by what counts today."""
    model = next((live for live in models.live(session) if live.is_default), None)
    if model is None or until <= since:
        return []
    start = heat.remembered_since(since, model.model.half_life_s)
    seen = [one for one in unrated.of_leads(session, [lead_id], since=_midnight(start)) if one.at <= until]
    kinds = {one.id: one.kind for one in seen}
    rated = [caps.rated(model.model, one.id, one.at, one.kind, one.mail, one.data) for one in seen]
    counted = caps.counted([one for one in rated if one is not None and one.rule.weight])
    moments = _moments(counted, kinds, since, until)
    return [
        {"at": at, "heat": round(worth, 1), "kind": kind}
        for at, kind, worth in _along(counted, moments, model.model.half_life_s)
    ]


def explain_at(session: Session, lead_id: int, *, at: datetime, now: datetime) -> dict[str, Any]:
    """Heat and temperature of a lead at a past moment, under the model that rates today and by the verdicts
    of today; `temperature.recorded` is what it was held to be then, `corrected` whether that is no longer so.
    Grade and readiness are None: fields are not kept as they were. Reads only. Raises NotFound, Invalid for a
    moment to come."""
    if at > now:
        sentence = _("This lies in the future.")
        raise Invalid(sentence, {"at": [sentence]})
    if scores.state(session, lead_id) is None:
        raise NotFound(_("There is no such lead."))
    model = next((one for one in models.live(session) if one.is_default), None)
    if model is None:
        return {"model": None, "heat": None, "temperature": None, "grade": None, "readiness": None}
    rated = _rated_until(session, model, lead_id, at)
    counted = caps.counted(rated)
    floors = temperature.floors_of(rated, model.model)
    level = temperature.replay(counted, model.model, at)
    found = temperature.higher(level, floors.lowest(at))
    recorded = temperature_changes.recorded(session, lead_id, model.id, at)
    return {
        "model": {"key": model.model.key, "version": model.no, "half_life": str(model.model.half_life)},
        "at": at,
        "heat": _told(model.model, _lines(model.model, counted, at)),
        "temperature": {
            "value": found,
            "level": level,
            "recorded": recorded,
            "corrected": recorded != found,
        },
        "grade": None,
        "readiness": None,
    }


def _rated_until(session: Session, model: LiveModel, lead_id: int, at: datetime) -> list[RatedSignal]:
    start = temperature.remembered_since(model.model, at)
    seen = [one for one in unrated.of_leads(session, [lead_id], since=_midnight(start)) if one.at <= at]
    rated = [caps.rated(model.model, one.id, one.at, one.kind, one.mail, one.data) for one in seen]
    return [one for one in rated if one is not None]


def _lines(model: HeatModel, counted: Sequence[RatedSignal], at: datetime) -> list[Line]:
    """The days of these signals, as rating would have kept them."""
    days: dict[tuple[str, date], list[RatedSignal]] = {}
    for one in counted:
        if one.rule.weight:
            days.setdefault((one.rule.key, one.day), []).append(one)
    filled = {key: caps.fill(signals, model.half_life_s) for key, signals in days.items()}
    return [
        (rule, day, bucket, heat.signed(bucket.heat, at, model.half_life_s))
        for (rule, day), bucket in filled.items()
    ]


def _heat(session: Session, model: LiveModel, row: StoredHeat, now: datetime) -> dict[str, Any]:
    half_life_s = model.model.half_life_s
    since = heat.remembered_since(now, half_life_s).date()
    days = heat_buckets.load_since(session, {row.pair: since})
    lines = [
        (rule, day, bucket, heat.signed(bucket.heat, now, half_life_s))
        for (_lead, _model, rule, day), bucket in days.items()
    ]
    return _told(model.model, lines)


def _told(model: HeatModel, lines: list[Line]) -> dict[str, Any]:
    """Days with what each adds, rounded so that they add up to the heat."""
    lines = sorted(lines, key=lambda line: (-abs(line[3]), line[1]))
    shown, rest = lines[:SHOWN], lines[SHOWN:]
    parts = [line[3] for line in shown]
    older = sum(line[3] for line in rest)
    below = min(0.0, sum(parts) + older)
    points = shares.rounded([*parts, older, -below])
    contributions = [_contribution(model, *line[:3], told) for line, told in zip(shown, points, strict=False)]
    contributions += _remainder(points[len(shown)], points[len(shown) + 1])
    return {"value": shares.whole([*parts, older, -below]), "contributions": contributions}


def _contribution(model: HeatModel, rule: str, day: date, bucket: Bucket, points: float) -> dict[str, Any]:
    kind = rule.partition("#")[0]
    cap = next((one.cap for one in model.rules_of(kind) if one.key == rule), None)
    return {
        "kind": kind,
        "rule": rule,
        "day": day,
        "count": bucket.count,
        "capped": cap is not None and bucket.count >= cap,
        "points": points,
    }


def _remainder(older: float, lifted: float) -> Iterator[dict[str, Any]]:
    if older:
        yield {"kind": "older", "text": _("older signals"), "points": older}
    if lifted:
        yield {"kind": "not_below_zero", "text": _("heat is never below zero"), "points": lifted}


def _temperature(model: HeatModel, row: StoredHeat, now: datetime) -> dict[str, Any]:
    thresholds = model.thresholds
    return {
        "value": row.temperature,
        "since": row.since,
        "level": row.level,
        "thresholds": {
            "warm": {"rise": thresholds.warm.rise, "fall": thresholds.warm.fall},
            "hot": {"rise": thresholds.hot.rise, "fall": thresholds.hot.fall},
        },
        "cools_at": temperature.cools_at(row.level, row.heat, model, now),
        "cools_to": {"hot": "warm", "warm": "cold"}.get(row.level),
        "floors": {"warm": _ahead(row.floors.warm_until, now), "hot": _ahead(row.floors.hot_until, now)},
        "to_next": _to_next(model, row, now),
    }


def _to_next(model: HeatModel, row: StoredHeat, now: datetime) -> dict[str, Any] | None:
    """The next higher level of heat and how much is missing to it."""
    following = {"cold": ("warm", model.thresholds.warm), "warm": ("hot", model.thresholds.hot)}
    if row.level not in following:
        return None
    name, band = following[row.level]
    missing = band.rise - heat.value(row.heat, now, model.half_life_s)
    return {"temperature": name, "missing": round(missing, 1)}


def _ahead(until: datetime | None, now: datetime) -> datetime | None:
    return until if until is not None and until > now else None


def _grade(judged: Judged, model: HeatModel) -> dict[str, Any]:
    card = model.scorecard
    points = [reason.points for reason in judged.grade.reasons]
    told = shares.rounded(points)
    return {
        "value": judged.grade.grade,
        "computed": judged.grade.computed,
        "override": judged.grade.override,
        "points": shares.whole(points),
        "thresholds": None if card is None else {"A": card.a, "B": card.b},
        "contributions": [
            {"text": reason.text, "points": shown}
            for reason, shown in zip(judged.grade.reasons, told, strict=True)
        ],
    }


def _readiness(judged: Judged, model: HeatModel) -> dict[str, Any]:
    found = judged.readiness
    return {
        "score": found.score,
        "rise": model.readiness.rise,
        "fall": model.readiness.fall,
        "armed": judged.lead.armed,
        "ready": _is_ready(found, model),
        "parts": [
            {
                "part": part.name,
                "points": part.points,
                "best": part.best,
                "reasons": [{"text": reason.text, "points": reason.points} for reason in part.reasons],
            }
            for part in found.parts
        ],
        "contributions": [{"text": one.text, "points": one.points} for one in found.reasons],
        "requirements": [{"text": one.text, "met": one.met} for one in found.requirements],
        "always": found.cause_text or None,
    }


def _is_ready(found: Judgement, model: HeatModel) -> bool:
    return found.cause is not None or (found.score >= model.readiness.rise and found.meets_requirements)


def _held_back(session: Session, judged: Judged, model: LiveModel, now: datetime) -> dict[str, Any] | None:
    """Why a lead that is ready is not handed over; None for one that is not ready."""
    lead = judged.lead
    if not _is_ready(judged.readiness, model.model):
        return None
    found = held_back(
        lead.stage,
        lead.armed,
        lead.future_at,
        now,
        scores.last_ripenings(session, [lead.id]).get(lead.id),
        model.model.readiness,
        awaits_approval=bool(approvals.waiting_among(session, model.id, [lead.id])),
    )
    return {"why": found.why, "until": found.until}


def _moments(
    counted: Sequence[RatedSignal], kinds: Mapping[Any, str], since: datetime, until: datetime
) -> list[tuple[datetime, str | None]]:
    """Even steps over the time, and just before and at each jump within it."""
    step = (until - since) / CURVE_POINTS
    found: list[tuple[datetime, str | None]] = [(since + at * step, None) for at in range(CURVE_POINTS + 1)]
    jumps = [one for one in counted if since <= one.at <= until][-CURVE_POINTS:]
    found += [(one.at - timedelta(microseconds=1), None) for one in jumps if one.at > since]
    found += [(one.at, kinds[one.id]) for one in jumps]
    return sorted(found, key=lambda moment: (moment[0], moment[1] is None))


def _along(
    counted: Sequence[RatedSignal], moments: Sequence[tuple[datetime, str | None]], half_life_s: float
) -> Iterator[tuple[datetime, str | None, float]]:
    """The heat at each moment, both in order of time, each signal looked at once."""
    warmth, at = heat.NO_HEAT, 0
    for moment, kind in moments:
        while at < len(counted) and counted[at].at <= moment:
            one = counted[at]
            warmth = warmth.plus(heat.of_signal(one.rule.weight, one.at, half_life_s))
            at += 1
        yield moment, kind, heat.value(warmth, moment, half_life_s)


def _midnight(at: datetime) -> datetime:
    """The start of the UTC day, so that its cap is judged on the whole day."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
