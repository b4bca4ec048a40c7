"""Leads are brought over to a new version of a model: rated and judged by it as if it had always been so.

While a switch is under way most leads still stand as the version before rated them. Whoever touches a lead
brings it over first, so that the order in which a switch and signals meet a lead does not matter. A version
hands nobody over: who would be ripe by it alone is listed and waits for a person (store/approvals).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows import warm
from nurture.flows.judge import Judged, follow
from nurture.flows.warm import Warmed
from nurture.rules import heat as heat_rules
from nurture.rules import temperature
from nurture.store import approvals, heat, models, scores
from nurture.store.approvals import Listed
from nurture.store.heat import Pair, StoredHeat
from nurture.store.models import LiveModel
from nurture.store.scores import LeadState


@dataclass(slots=True)
class Brought:
    """What a portion of a switch did: leads gone through, how many of them changed their temperature, and
    which became hot or ripe by it."""

    leads: int = 0
    changed: int = 0
    hot: list[int] = field(default_factory=list)
    ready: list[int] = field(default_factory=list)

    def add(self, other: "Brought") -> None:
        self.leads += other.leads
        self.changed += other.changed
        self.hot += other.hot
        self.ready += other.ready


def bring_over(
    session: Session, live: Sequence[LiveModel], leads: Mapping[int, LeadState], *, now: datetime
) -> Mapping[int, LeadState]:
    """Bring those of these locked leads over that were not yet, and say how all of them stand now. Costs
    nothing while no switch is under way."""
    moved = False
    for model in live:
        if model.switching_after is None:
            continue
        stale = heat.stale(session, model.id, model.version_id, leads, after=model.switching_after)
        if stale:
            bring(session, live, model, {lead_id: leads[lead_id] for lead_id in stale}, now=now)
            moved = True
    return scores.lock(session, leads) if moved else leads


def bring(
    session: Session,
    live: Sequence[LiveModel],
    model: LiveModel,
    leads: Mapping[int, LeadState],
    *,
    now: datetime,
) -> Brought:
    """Rate and judge these locked leads by the live version of `model`, in the caller's transaction."""
    warmed = _under_new(session, model, leads, now)
    others = _others(session, live, model, leads, now)
    found = follow(session, live, leads, {**others, **warmed}, now=now, hand_over=False)
    ready = list_ripe(session, [model], list(found.values()), now=now)
    hot = [one.after.lead_id for one in warmed.values() if one.changed and one.after.temperature == "hot"]
    changed = sum(one.changed for one in warmed.values())
    return Brought(len(leads), changed, hot, [one.lead.id for one in ready])


def list_ripe(
    session: Session, live: Sequence[LiveModel], found: Sequence[Judged], *, now: datetime
) -> list[Judged]:
    """Let those of these locked leads who are ripe under the default model wait for a person's yes; nobody is
    asked about a test lead, which is never handed over."""
    model = next((one for one in live if one.is_default), None)
    if model is None:
        return []
    ready = [one for one in found if one.crossing == "cross" and not one.lead.is_test]
    if ready:
        approvals.list_for(session, model.version_id, [_listed(one) for one in ready], now=now)
    return ready


def _under_new(
    session: Session, model: LiveModel, leads: Mapping[int, LeadState], now: datetime
) -> dict[Pair, Warmed]:
    """Their heat under the version: counted from their signals, but where an earlier version gave the same
    heat the thresholds are held against it."""
    reason = f"model {model.model.key}, version {model.no}"
    stored = heat.load(session, leads, [model.id])
    known = models.by_versions(session, {row.version_id for row in stored.values()})
    alike = {number for number, one in known.items() if one.rates_like(model.model)}
    kept = {pair: row for pair, row in stored.items() if row.version_id in alike}
    anew = [lead_id for lead_id in leads if (lead_id, model.id) not in kept]
    warmed = warm.rebuild(session, model, anew, reason, now=now) if anew else {}
    return warmed | held_against(session, model, list(kept.values()), reason, now=now)


def held_against(
    session: Session, model: LiveModel, rows: Sequence[StoredHeat], reason: str, *, now: datetime
) -> dict[Pair, Warmed]:
    """Rows whose heat stays, under thresholds that are new. Between those of rising and of falling the way
    there decides, so that it is gone once more; anywhere else the heat of now does."""
    half_life_s, thresholds = model.model.half_life_s, model.model.thresholds
    worths = {row.lead_id: heat_rules.value(row.heat, now, half_life_s) for row in rows}
    between = [number for number, worth in worths.items() if temperature.rests_on_the_past(worth, thresholds)]
    kept = warm.kept_signals(session, model, between, now) if between else {}
    stored = {row.pair: row for row in rows}
    anew = warm.told_by(model, stored, kept, between, reason, now=now)
    return anew | {
        row.pair: warm.judged(model, row, row.heat, row.floors, now, reason, level="cold")
        for row in rows
        if row.pair not in anew
    }


def _others(
    session: Session,
    live: Sequence[LiveModel],
    new: LiveModel,
    leads: Mapping[int, LeadState],
    now: datetime,
) -> dict[Pair, Warmed]:
    """Their rows under the other models, as they stand: scores are judged under the default one."""
    ids = [model.id for model in live if model.id != new.id]
    return warm.cool(live, heat.load(session, leads, ids).values(), now=now)


def _listed(one: Judged) -> Listed:
    reasons = [{"text": reason.text, "points": reason.points} for reason in one.readiness.reasons]
    if one.readiness.cause is not None:
        reasons.insert(0, {"text": one.readiness.cause_text, "points": 0})
    return Listed(one.lead.id, one.readiness.score, one.facts.temperature, one.grade.grade, reasons)
