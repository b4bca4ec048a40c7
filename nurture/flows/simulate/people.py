"""Leads of the base as a simulation begins with them: facts, heat, runs, mails they had, hand-offs."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from nurture.rules import merging, stages
from nurture.rules.caps import Bucket
from nurture.rules.chain import Rounds, Standing
from nurture.rules.facts import Facts
from nurture.rules.simulation.values import OpenHandoff, Person, Stand, Trace, Warm, World
from nurture.store import (
    facts,
    heat,
    heat_buckets,
    models,
    programs,
    restraint,
    scores,
    simulated,
    suppressions,
)
from nurture.store.enrollments import claiming, runs
from nurture.store.heat import Pair, StoredHeat
from nurture.store.simulated import SimulatedLead, SimulatedRun

_BATCH = 1000
# No cap counts mails for longer.
_LONGEST_CAP = timedelta(days=366)


def people_of(
    session: Session, program_id: int, world: World, lead_ids: Sequence[int], pepper: bytes, *, now: datetime
) -> list[Person]:
    """These leads as they stand now, in a fixed number of statements for each thousand."""
    ordered = sorted(set(lead_ids))
    found: list[Person] = []
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        found += _Loaded(session, program_id, world, batch, pepper, now).people()
    return found


class _Loaded:
    """What is known about a batch of leads."""

    def __init__(
        self,
        session: Session,
        program_id: int,
        world: World,
        lead_ids: Sequence[int],
        pepper: bytes,
        now: datetime,
    ) -> None:
        self.now = now
        self.leads = simulated.leads(session, lead_ids, stages.OPEN)
        self.facts = facts.load(session, lead_ids, now=now)
        self.ripened = scores.last_ripenings(session, lead_ids)
        self.sends = claiming.recent_sends(session, lead_ids, since=now - _LONGEST_CAP, now=now)
        self.pauses = restraint.pauses(session, lead_ids, now=now)
        self.suppressed = _suppressed(session, self.leads, pepper)
        self.runs = simulated.runs(session, program_id, lead_ids)
        self.occasions = simulated.occasions(session, program_id, lead_ids)
        chains = {place.id: place.temperature for place in programs.chains(session, [program_id])}
        self.last_sent = {
            (lead_id, chains[chain_id]): step
            for (lead_id, chain_id), step in runs.last_sent(session, lead_ids, sorted(chains)).items()
        }
        self.traces = {
            lead_id: {
                chains[one.chain_id]: Trace(one.entered_at, one.ended_at)
                for one in mine
                if one.chain_id in chains
            }
            for lead_id, mine in runs.traces(session, program_id, lead_ids).items()
        }
        self.models = {one.model.key: one.id for one in models.live(session)}
        self.default_id = self.models[world.model.key]
        self.own_id = self.models[world.own.key] if world.own is not None else None
        wanted = [one for one in (self.default_id, self.own_id) if one is not None]
        self.heats = heat.load(session, lead_ids, wanted)
        self.buckets = _buckets(session, list(self.heats), now)

    def people(self) -> list[Person]:
        return [self._person(lead, self.facts[lead.id]) for lead in self.leads if lead.id in self.facts]

    def _person(self, lead: SimulatedLead, known: Facts) -> Person:
        return Person(
            facts=known,
            name=lead.name,
            suppressed=lead.id in self.suppressed,
            paused_until=self.pauses.get(lead.id),
            armed=lead.armed,
            grade_override=lead.grade_override,
            future_at=lead.future_at,
            came_from=lead.came_from,
            last_ripening=self.ripened.get(lead.id),
            rates_as=self._warm((lead.id, self.default_id)),
            rates_as_own=self._warm((lead.id, self.own_id)) if self.own_id is not None else None,
            runs=tuple(_stand(run, self.now) for run in self.runs.get(lead.id, ())),
            sends=tuple(self.sends.get(lead.id, ())),
            last_sent={chain: step for (owner, chain), step in self.last_sent.items() if owner == lead.id},
            traces=self.traces.get(lead.id, {}),
            occasions=self.occasions.get(lead.id, frozenset()),
            handoff=_handoff(lead),
        )

    def _warm(self, pair: Pair) -> Warm | None:
        stored: StoredHeat | None = self.heats.get(pair)
        if stored is None:
            return None
        return Warm(
            stored.heat,
            stored.level,
            stored.temperature,
            stored.floors,
            stored.due_at,
            self.buckets.get(pair, {}),
        )


_Buckets = dict[Pair, dict[tuple[str, object], Bucket]]


def _buckets(session: Session, pairs: Sequence[Pair], now: datetime) -> _Buckets:
    """The buckets that may still grow: those of today."""
    today = now.astimezone(UTC).date()
    found: _Buckets = {}
    if not pairs:
        return found
    for (lead_id, model_id, rule, day), bucket in heat_buckets.load_since(
        session, dict.fromkeys(pairs, today)
    ).items():
        found.setdefault((lead_id, model_id), {})[rule, day] = bucket
    return found


def _suppressed(session: Session, leads: Sequence[SimulatedLead], pepper: bytes) -> set[int]:
    hashes = {one.id: suppressions.address_hash(pepper, one.email_norm) for one in leads if one.email_norm}
    known = suppressions.suppressed(session, set(hashes.values()))
    return {lead_id for lead_id, digest in hashes.items() if digest in known}


def _handoff(lead: SimulatedLead) -> OpenHandoff | None:
    if lead.handoff_state is None or lead.handoff_ready_at is None:
        return None
    return OpenHandoff(
        lead.handoff_state, lead.handoff_cause or "", lead.handoff_score or 0.0, lead.handoff_ready_at
    )


def _stand(run: SimulatedRun, now: datetime) -> Stand:
    """A run; a mail of it that is under way is taken as sent now."""
    rounds = run.data.get("rounds")
    standing = Standing(
        step_key=run.step_key,
        since=run.step_since or run.entered_at,
        entered_at=run.entered_at,
        pass_no=run.pass_no,
        settled_state="sent" if run.awaits else run.settled_state,
        settled_at=now if run.awaits else run.settled_at,
        sent={mail: datetime.fromisoformat(at) for mail, at in run.data.get("sent", {}).items()},
        hops=run.data.get("hops", 0),
        over=run.data.get("over", False),
        resting=run.resting_reason,
        waits=run.due_reason,
        rounds=Rounds(rounds[0], datetime.fromisoformat(rounds[1])) if rounds else Rounds(),
        parallel=run.parallel,
        had=merging.had(run.data, run.temperature, run.pass_no),
    )
    due_at = now if run.awaits else run.due_at
    return Stand(run.temperature, standing, run.state, due_at, run.waiting_for)
