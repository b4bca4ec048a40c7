"""Clicks that have waited out their stall are looked at once more, with everything that came meanwhile, and
those of people become signals."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.turn_verdicts import Turn, turn, turn_to_machine
from nurture.flows.weigh_hits import Scene, arrived, first_seen, is_weighed, signals_of
from nurture.rules.patience import rate_by
from nurture.rules.robots import HUMAN, MACHINE, OVERRULED, Context, judge
from nurture.rules.second_looks import next_look
from nurture.store import hits, signals, verdicts
from nurture.store.hits import JudgedHit


def count_clicks(sessions: sessionmaker[Session], *, now: datetime, limit: int = 500) -> int:
    """Settle up to `limit` hits whose stall is over; how many."""
    with sessions() as session, session.begin():
        due = verdicts.claim_due(session, now=now, limit=limit)
        if not due:
            return 0
        deliveries = hits.deliveries_of(session, {one.hit.delivery_id for one in due})
        seen = [arrived(one.hit, deliveries.get(one.hit.delivery_id)) for one in due]
        scene = Scene(session, seen, deliveries, until=now)
        verdicts.unstall(session, [one.hit.id for one in due])
        people = [one for one in due if one.verdict.verdict == HUMAN]
        machines = [(one, " ".join(signs)) for one in people if (signs := _signs(one, scene))]
        turn_to_machine(session, machines, now=now)
        after_all = _people_after_all(due, scene)
        turn(session, after_all, now=now)
        human = [one for one in people if not _signs(one, scene)]
        turned = {one.one.hit.id for one in after_all}
        again = [one.hit for one in due if is_weighed(one) and one.hit.id not in turned]
        looks = [(hit.id, hit.at, at) for hit in again if (at := next_look(hit.at, now)) is not None]
        verdicts.stall(session, looks, turned=True)
        found = signals_of(human, deliveries, scene.links, now=now)
        signals.add(session, found, now=now, rate_by=rate_by(now))
        hits.mark_first(session, first_seen(human))
        return len(due)


def _signs(one: JudgedHit, scene: Scene) -> tuple[str, ...]:
    """What speaks against it, unless a person of ours has spoken."""
    return () if OVERRULED in one.verdict.reasons else scene.signs(one.hit)


def _people_after_all(due: Sequence[JudgedHit], scene: Scene) -> list[Turn]:
    """Hits that came while their mail was being handed over, now that the moment of acceptance is known; and
    those that look like a person's among all that has come since."""
    found = []
    for one in due:
        since = arrived(one.hit, scene.deliveries.get(one.hit.delivery_id)).since_sent
        fresh = judge(one.hit, Context(since, scene.signs(one.hit)))
        if one.verdict.verdict == MACHINE and fresh.verdict == HUMAN:
            found.append(Turn(one, HUMAN, "seen_whole" if is_weighed(one) else "accepted_before"))
    return found
