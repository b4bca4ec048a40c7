"""The curve of a lead's heat as a small drawing of the server's: whole on a phone before any script runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nurture.flows.explain import heat_curve
from nurture.rules import temperature
from nurture.rules.model import Thresholds
from nurture.store.views.model import default_model
from nurture.store.views.reading import PageSession

WIDTH, HEIGHT, DAYS = 300, 60, 30
# The line never touches the edge of the drawing.
_ROOM = 4
Curve = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Drawn:
    """The last 30 days: `pieces` of the line with the temperature that heat alone makes there, as points of
    an SVG polyline; `bands` the heights of the thresholds, by name; `now` and `most` the heat at its end and
    at its highest."""

    pieces: Sequence[tuple[str, str]]
    bands: Mapping[str, float]
    now: float
    most: float


def curve_of(session: PageSession, lead_id: int, *, now: datetime) -> Drawn | None:
    """The curve of a lead; None before a heat model is loaded, and for a lead that was never warm."""
    model = default_model(session)
    if model is None:
        return None
    since = now - timedelta(days=DAYS)
    curve = heat_curve(session, lead_id, since=since, until=now)
    most = max((point["heat"] for point in curve), default=0.0)
    if most <= 0:
        return None
    top = max(most, model.thresholds.hot.rise)
    pieces = [
        (level, " ".join(f"{_across(point, since, now)},{_up(point['heat'], top)}" for point in points))
        for level, points in by_level(curve, model.thresholds)
    ]
    bands = {"warm": _up(model.thresholds.warm.rise, top), "hot": _up(model.thresholds.hot.rise, top)}
    return Drawn(pieces, bands, curve[-1]["heat"], most)


def by_level(curve: Curve, thresholds: Thresholds) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """The curve cut where heat alone changes the temperature, each piece joined to the one before."""
    found: list[tuple[str, list[Mapping[str, Any]]]] = []
    level = "cold"
    for point in curve:
        level = temperature.level(level, point["heat"], thresholds)
        if found and found[-1][0] == level:
            found[-1][1].append(point)
        else:
            joint = [found[-1][1][-1]] if found else []
            found.append((level, [*joint, point]))
    return found


def _across(point: Mapping[str, Any], since: datetime, until: datetime) -> float:
    share: float = (point["at"] - since) / (until - since)
    return round(share * WIDTH, 1)


def _up(heat: float, top: float) -> float:
    return round(HEIGHT - _ROOM - heat / top * (HEIGHT - 2 * _ROOM), 1)
