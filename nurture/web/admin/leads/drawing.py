"""What the lead card draws: heat as it was and will be, readiness by its parts, the step ahead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from nurture.flows.explain import explain, heat_curve
from nurture.rules import duration, heat
from nurture.rules.model import HeatModel
from nurture.rules.program import read
from nurture.rules.words import _
from nurture.store.views.lead import Card, RunLine
from nurture.store.views.model import default_model
from nurture.store.views.programs import mail_names
from nurture.store.views.reading import PageSession
from nurture.web.admin.step_words import Mails, in_words
from nurture.web.curve import Curve, by_level
from nurture.web.rendering import number
from nurture.web.wording import says

PERIODS = {"30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365)}
_AHEAD = timedelta(days=30)
# The curve begins a little before the lead was known, at nothing.
_BEFORE = timedelta(days=1)
# How many names fit beside each other above the curve.
_LABELS = 14


@dataclass(frozen=True)
class Explained:
    """The scores with what adds up to them; `chart` is what the script draws, None without a model."""

    half_life: str
    heat: dict[str, Any]
    temperature: dict[str, Any]
    grade: dict[str, Any]
    readiness: dict[str, Any]
    chart: dict[str, Any]


@dataclass(frozen=True)
class Ahead:
    """What comes next in a program, in words."""

    icon: str
    title: str
    note: str
    due_at: datetime | None


def heat_reader(model: HeatModel | None, now: datetime) -> Callable[[float | None], float]:
    """What a stored net log is worth now, under the default model."""
    if model is None:
        return lambda _log: 0.0
    half_life = model.half_life_s
    return lambda log: heat.log2_value(heat.NOTHING if log is None else log, now, half_life)


def explained(session: PageSession, card: Card, *, period: str, now: datetime) -> Explained | None:
    """The explanation of one lead at `now`; None before a heat model is loaded."""
    told, model = explain(session, card.lead.id, now=now), default_model(session)
    if told["model"] is None or model is None:
        return None
    since = max(now - PERIODS[period], card.lead.created_at - _BEFORE)
    curve = heat_curve(session, card.lead.id, since=since, until=now)
    return Explained(
        half_life=duration.describe(model.half_life),
        heat=told["heat"],
        temperature=told["temperature"],
        grade=told["grade"],
        readiness=told["readiness"],
        chart=_chart(told, model, curve, now),
    )


def ahead(session: PageSession, card: Card) -> list[Ahead]:
    """One line for each run that goes on."""
    runs = [run for run in card.runs if run.state != "ended"]
    mails = mail_names(session, [run.program_id for run in runs])
    return [_ahead(run, mails[run.program_id]) for run in runs]


def _ahead(run: RunLine, mails: Mails) -> Ahead:
    place = _("{program}, {chain} chain").format(
        program=run.program, chain=says(run.temperature, "temperature").lower()
    )
    if run.program_state == "paused" or run.chain_paused:
        return Ahead("player-pause", _("Everything rests: the program is paused"), place, None)
    if run.state == "resting":
        reason = says(run.resting_reason, "resting")
        return Ahead("hourglass", _("Rests: {reason}").format(reason=reason), place, run.due_at)
    if run.waits_for_delivery:
        return Ahead("send", _("A mail is on its way"), place, None)
    return _at_step(run, place, mails)


def _at_step(run: RunLine, place: str, mails: Mails) -> Ahead:
    chain = read(run.spec).chains.get(run.temperature)
    step = chain.by_key.get(run.step_key or chain.first or "") if chain else None
    icon, title = in_words(step, mails) if step else ("route", _("The next step of the chain"))
    because = f"{place} · {says(run.due_reason, 'due')}" if run.due_reason else place
    return Ahead(icon, title, because, run.due_at)


def _chart(told: Mapping[str, Any], model: HeatModel, curve: Curve, now: datetime) -> dict[str, Any]:
    half_life = model.half_life.elapsed
    value, thresholds = told["heat"]["value"], told["temperature"]["thresholds"]
    shown = {name: number(band["rise"]) for name, band in thresholds.items()}
    return {
        "segments": [
            {"level": level, "points": [[_millis(point["at"]), point["heat"]] for point in points]}
            for level, points in by_level(curve, model.thresholds)
        ],
        "next": [
            [
                _millis(now + day * timedelta(days=1)),
                round(value * 2 ** -(timedelta(days=day) / half_life), 1),
            ]
            for day in range(_AHEAD.days + 1)
        ],
        "touches": _marked(curve),
        "most": max([point["heat"] for point in curve] + [value, 1]),
        **thresholds,
        "words": {
            "heat": _("Heat"),
            "silent": _("If silent"),
            "touch": _("Touch"),
            "hot": _("Hot from {n}").format(n=shown["hot"]),
            "warm": _("Warm from {n}").format(n=shown["warm"]),
            "stays": _("stays hot above {n}").format(n=number(thresholds["hot"]["fall"])),
        },
    }


def _marked(curve: Curve) -> list[list[Any]]:
    """The largest jumps that leave each other room for a name, in order of time."""
    jumps = [
        (after["heat"] - before["heat"], after)
        for before, after in pairwise(curve)
        if after["kind"] is not None and after["heat"] > before["heat"]
    ]
    if not jumps:
        return []
    room = (curve[-1]["at"] - curve[0]["at"]) / _LABELS
    marked: list[Mapping[str, Any]] = []
    for _rise, point in sorted(jumps, key=lambda jump: -jump[0]):
        if all(abs(point["at"] - other["at"]) >= room for other in marked):
            marked.append(point)
    marked.sort(key=lambda point: point["at"])
    return [[_millis(point["at"]), point["heat"], says(point["kind"], "signal")] for point in marked]


def _millis(at: datetime) -> int:
    """What the browser counts in."""
    return int(at.timestamp() * 1000)
