"""What a lead lacks to be ripe, in words: points, requirements, and where the points could come from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nurture.rules import names, scorecard, temperature
from nurture.rules.conditions.tree import BANT_PARTS
from nurture.rules.model import HeatModel
from nurture.rules.words import _

MOST = 3


@dataclass(frozen=True, slots=True)
class Stands:
    """A lead: `best` and `points` of each part by name, BANT answers by part."""

    score: float
    temperature: str
    heat: float
    grade: str | None
    grade_points: float
    points: Mapping[str, float]
    bant: Mapping[str, str]


def stands(
    score: float,
    warm: str,
    heat: float | None,
    grade: tuple[str | None, float | None],
    points: Mapping[str, float],
    bant: Mapping[str, Any],
) -> Stands:
    """From what rows keep."""
    answers = {
        part: str(given.get("answer", "unknown") if isinstance(given, Mapping) else given)
        for part, given in bant.items()
    }
    return Stands(score, warm, heat or 0.0, grade[0], grade[1] or 0.0, points, answers)


def missing(model: HeatModel, lead: Stands) -> list[str]:
    """Points and requirements that are missing; nothing for a lead that is ripe."""
    policy = model.readiness
    said = []
    if lead.score < policy.rise:
        said.append(_("{points} points").format(points=_plain(policy.rise - lead.score)))
    wanted = policy.require.temperature
    if wanted and not temperature.at_least(lead.temperature, wanted):
        band = model.thresholds.hot if wanted == "hot" else model.thresholds.warm
        more = _plain(max(band.rise - lead.heat, 0.1))
        said.append(
            _("{points} more heat to be {temperature}").format(points=more, temperature=names.trait(wanted))
        )
    grade = policy.require.grade
    if grade and not scorecard.at_least(lead.grade, grade):
        card = model.scorecard
        least = 0.0 if card is None else card.a if grade == "A" else card.b
        more = _plain(max(least - lead.grade_points, 0.0))
        said.append(_("{points} points of fit to be a {grade}").format(points=more, grade=grade))
    return said


def could_come(model: HeatModel, lead: Stands) -> list[str]:
    """Where the most points are still to be had, the largest first."""
    found = sorted(_room(model, lead), key=lambda one: -one[0])
    return [sentence for points, sentence in found[:MOST] if points >= 0.5]


def _room(model: HeatModel, lead: Stands) -> Iterator[tuple[float, str]]:
    parts = model.readiness.parts
    each = parts.bant / len(BANT_PARTS)
    words = {"budget": _("budget"), "authority": _("authority"), "need": _("need"), "timing": _("timing")}
    for part in BANT_PARTS:
        known = lead.bant.get(part, "unknown")
        if known in ("unknown", "partly"):
            points = each if known == "unknown" else each / 2
            said = _("a yes to {part}: {points}")
            yield points, said.format(part=words[part], points=_plain(points))
    for name, best, said in (
        ("need", parts.need, _("a shown need: up to {points}")),
        ("activity", parts.activity, _("activity: up to {points}")),
        ("data", parts.data, _("data about them: up to {points}")),
    ):
        room = best - lead.points.get(name, 0.0)
        yield room, said.format(points=_plain(room))


def _plain(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
