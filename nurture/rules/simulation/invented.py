"""Invented leads: as many as wanted, drawn from the shares that are set."""

from datetime import datetime, timedelta
from typing import Any

from nurture.rules import heat, temperature
from nurture.rules.facts import Facts
from nurture.rules.model import HeatModel
from nurture.rules.simulation import chance
from nurture.rules.simulation.settings import Settings, shares_of
from nurture.rules.simulation.values import Person, Warm, World
from nurture.rules.temperature import NO_FLOORS
from nurture.rules.words import _
from nurture.rules.zones import ONE_ZONE

_OF_LEAD = 3
# A lead that nothing is known of is never ready: these have left what forms ask for.
_KNOWN = {
    "first_name": "Simulated",
    "last_name": "Lead",
    "company.name": "Simulated",
    "phone": "+49 30 000000",
}
_COUNTRY_OF = {zone: country for country, zone in ONE_ZONE.items()}
_ZONE, _SIZE, _SOURCE, _TEMPERATURE, _COMES, _HEAT = range(6)


def invent(settings: Settings, world: World, start: datetime) -> list[Person]:
    """The same leads for the same seed. They have given the consent that the program rests on, and come in
    the moment they are there; the address of each leads nowhere."""
    zones, sizes = shares_of(settings.zones), shares_of(settings.sizes)
    sources = shares_of(settings.sources)
    warmth = {"cold": settings.cold, "warm": settings.warm, "hot": settings.hot}
    found = []
    for no in range(settings.leads):
        draw = [chance.draw(settings.seed, _OF_LEAD, no, what) for what in range(6)]
        name = chance.chosen(warmth, draw[_TEMPERATURE])
        fields: dict[str, Any] = _KNOWN | {"email": f"lead{no + 1}@simulated.example"}
        if sizes:
            fields["company.size"] = int(chance.chosen(sizes, draw[_SIZE]))
        zone = chance.chosen(zones, draw[_ZONE]) if zones else None
        if zone in _COUNTRY_OF:
            fields["country"] = _COUNTRY_OF[zone]
        comes_at = start + timedelta(days=settings.over_days) * draw[_COMES]
        facts = Facts(
            lead_id=no + 1,
            temperature=name,
            source=chance.chosen(sources, draw[_SOURCE]) if sources else None,
            consents=frozenset({world.program.purpose}),
            fields=fields,
            timezone=zone,
        )
        found.append(
            Person(
                facts=facts,
                name=_("Lead {number}").format(number=no + 1),
                comes_at=comes_at.replace(microsecond=0),
                rates_as=_warm(name, world.model, draw[_HEAT], comes_at),
                rates_as_own=_warm(name, world.own, draw[_HEAT], comes_at) if world.own is not None else None,
            )
        )
    return found


def _warm(name: str, model: HeatModel, share: float, at: datetime) -> Warm | None:
    """Heat somewhere between the threshold of its temperature and the next one; a cold lead has none."""
    bands = {
        "warm": (model.thresholds.warm.rise, model.thresholds.hot.rise),
        "hot": (model.thresholds.hot.rise,) * 2,
    }
    if name not in bands:
        return None
    low, high = bands[name]
    worth = (low + (high - low) * share * 0.8) if name == "warm" else low * (1 + share / 2)
    kept = heat.of_signal(worth, at, model.half_life_s)
    state = temperature.judge(name, kept, NO_FLOORS, model, at)
    return Warm(kept, state.level, state.temperature, NO_FLOORS, state.due_at)
