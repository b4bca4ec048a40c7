"""A person of ours knows better who was behind a hit, or behind all hits of a kind.

A pattern (a network, or part of a User-Agent) judges what comes from now on as it comes in, and what came in
the last thirty days portion by portion. Ended, it leaves its hits to the rules again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict, NotFound
from nurture.flows.turn_verdicts import BY_PATTERN, Turn, turn
from nurture.flows.weigh_hits import Scene, arrived, on_trap
from nurture.rules.ids import millis_of, uuid7
from nurture.rules.patterns import checked, first_met
from nurture.rules.robots import HUMAN, Context, judge
from nurture.rules.words import _
from nurture.store import hits, neighbours, patterns
from nurture.store.audit import audit
from nurture.store.hits import JudgedHit
from nurture.store.patterns import Unapplied, VerdictPattern

# Addresses are not looked at further back than this.
_PAST = timedelta(days=30)


def overrule_hit(
    session: Session, hit_id: UUID, verdict: str, reason: str, *, by: str, now: datetime
) -> bool:
    """Give a hit another verdict, in the caller's transaction; whether that changes anything. It stands
    against whatever the rules learn later. Raises NotFound for a hit that does not exist, Conflict for one
    that no person can have made."""
    found = neighbours.find(session, [hit_id])
    if not found:
        raise NotFound(_("There is no such hit."))
    if verdict == HUMAN and not _may_be_a_persons(session, found):
        raise Conflict(_("Nobody sees this link: whoever follows it is a machine."))
    changed = bool(turn(session, [Turn(found[0], verdict, reason)], now=now, by=by))
    audit(session, by, "hit.overruled", f"hit:{hit_id}", now=now, detail={"verdict": verdict})
    return changed


def add_pattern(
    session: Session, field: str, pattern: str, verdict: str, reason: str, *, by: str, now: datetime
) -> VerdictPattern:
    """Judge all hits of a kind, in the caller's transaction. Raises Invalid for a pattern that cannot be read
    or would meet everybody."""
    made = VerdictPattern(field=field, pattern=checked(field, pattern), verdict=verdict, reason=reason, by=by)
    made.created_at = made.changed_at = now
    session.add(made)
    session.flush()
    detail = {"field": field, "verdict": verdict}
    audit(session, by, "hit.pattern_added", f"pattern:{made.id}", now=now, detail=detail)
    return made


def end_pattern(session: Session, pattern_id: int, *, now: datetime, by: str = "system") -> None:
    """Leave the hits of a pattern to the rules again. Raises NotFound."""
    found = patterns.find(session, pattern_id)
    if found is None or found.ended_at is not None:
        raise NotFound(_("There is no such pattern."))
    found.ended_at = found.changed_at = now
    found.through, found.applied = None, False
    audit(session, by, "hit.pattern_ended", f"pattern:{pattern_id}", now=now)


def apply_patterns(sessions: sessionmaker[Session], *, now: datetime, limit: int = 1000) -> int:
    """Apply a new or ended pattern to the next `limit` hits of the past; how many were looked at."""
    with sessions() as session, session.begin():
        one = patterns.claim(session)
        if one is None:
            return 0
        first = one.changed_at - _PAST
        after = one.through or uuid7(millis_of(first), bytes(10))
        seen = patterns.stretch(session, after=after, first=first, last=one.changed_at, limit=limit)
        met = _may_be_a_persons(session, [hit for hit in seen if one.pattern.meets(hit.hit)])
        if met:
            turn(session, _turns(session, one, met), by=f"{BY_PATTERN}{one.pattern.id}", now=now)
        through = seen[-1].hit.id if seen else after
        patterns.advance(session, one.pattern.id, through, applied=len(seen) < limit)
        return max(1, len(seen))


def _may_be_a_persons(session: Session, found: Sequence[JudgedHit]) -> list[JudgedHit]:
    """Without those on a link that nobody sees."""
    links = hits.links_of(session, {one.hit.link_id for one in found if one.hit.link_id is not None})
    return [one for one in found if not on_trap(one.hit, links)]


def _turns(session: Session, one: Unapplied, met: Sequence[JudgedHit]) -> list[Turn]:
    if not one.ended:
        return [Turn(hit, one.pattern.verdict, one.reason) for hit in met]
    still = patterns.active(session)
    deliveries = hits.deliveries_of(session, {hit.hit.delivery_id for hit in met})
    scene = Scene(session, [arrived(hit.hit, deliveries.get(hit.hit.delivery_id)) for hit in met], deliveries)
    turns = []
    for hit in met:
        other = first_met(still, hit.hit)
        verdict = judge(hit.hit, Context(hit.since_sent, scene.signs(hit.hit)))
        if other is None:
            turns.append(Turn(hit, verdict.verdict, " ".join(verdict.reasons)))
        else:
            turns.append(Turn(hit, other.verdict, "another pattern"))
    return turns
