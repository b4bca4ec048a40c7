"""Hits get their verdicts: before the turn of their recorder, by what was kept until then, and in its turn
once more where others have kept something near them meanwhile.

So recorders judge side by side, and every page is judged as if it had been read after all that were kept
before it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from nurture.flows.weigh_hits import Scene, arrived, on_trap, signals_of
from nurture.rules.crowds import network
from nurture.rules.hits import Hit
from nurture.rules.patience import rate_by
from nurture.rules.patterns import Pattern, first_met
from nurture.rules.robots import HUMAN, OVERRULED, Context, Verdict, judge
from nurture.store import hit_signals, hits, kept_pages, patterns
from nurture.store.hit_signals import Lines
from nurture.store.hits import Arrived, HitDelivery, JudgedHit
from nurture.store.kept_pages import Key


@dataclass(frozen=True, slots=True)
class Judged:
    """Hits that were not known yet, with their verdicts, in the order of time.

    `lines`: the same as the table takes them, and `signals` those of people, by hit; both are made here, so
    that a turn is short. `near`: what was recorded near them before; `turned`: those of it that are a
    machine's after all, and why. Judged by `patterns`, and by what was kept until page `no`.
    """

    hits: list[JudgedHit]
    lines: list[bytes]
    signals: dict[UUID, Lines]
    near: list[JudgedHit]
    turned: list[tuple[JudgedHit, str]]
    patterns: Sequence[Pattern]
    no: int

    def keys(self) -> set[Key]:
        """What these hits share with others."""
        return {key for one in self.hits for key in _keys(one)}


_NOTHING = Judged([], [], {}, [], [], (), 0)


def judge_hits(
    session: Session, seen: Sequence[Hit], deliveries: Mapping[int, HitDelivery], now: datetime
) -> Judged:
    """The verdicts on those of these hits that are not recorded yet, `seen` in the order of time; nothing is
    written."""
    if not seen:
        return _NOTHING
    no = kept_pages.latest(session)
    active = patterns.active(session)
    known = hits.known(session, [hit.id for hit in seen])
    fresh = [arrived(hit, deliveries.get(hit.delivery_id)) for hit in seen if hit.id not in known]
    if not fresh:
        return _NOTHING
    scene = Scene(session, fresh, deliveries)
    judged = [_judged(one, scene, active) for one in fresh]
    lines = [hits.line(one) for one in judged]
    people = [one for one in judged if one.verdict.verdict == HUMAN and one.lead_id is not None]
    found = signals_of(people, deliveries, scene.links, now=now)
    made = zip(people, hit_signals.lines(found, rate_by(now)), strict=True)
    told = {one.hit.id: both for one, both in made}
    return Judged(judged, lines, told, scene.near, scene.turned(), active, no)


def judge_again(
    session: Session, before: Judged, deliveries: Mapping[int, HitDelivery], now: datetime
) -> Judged:
    """The same hits as they are to be judged now, by the one whose turn it is: those that stand near what
    others have kept meanwhile are looked at once more, with all their company."""
    if not before.hits:
        return before
    others = kept_pages.since(session, before.no)
    if others is None or patterns.active(session) != before.patterns:
        return judge_hits(session, [one.hit for one in before.hits], deliveries, now)
    company = _company((*before.hits, *before.near), others)
    if not company:
        return before
    again = judge_hits(session, [one.hit for one in before.hits if one.hit.id in company], deliveries, now)
    made = zip(before.hits, before.lines, strict=True)
    apart = [(one, line) for one, line in made if one.hit.id not in company]
    both = [*apart, *zip(again.hits, again.lines, strict=True)]
    both.sort(key=lambda pair: pair[0].hit.id.int)
    return Judged(
        [one for one, _line in both],
        [line for _one, line in both],
        {number: one for number, one in before.signals.items() if number not in company} | again.signals,
        [*(one for one in before.near if one.hit.id not in company), *again.near],
        [*(turn for turn in before.turned if turn[0].hit.id not in company), *again.turned],
        before.patterns,
        again.no,
    )


def _company(seen: Iterable[Arrived], others: set[Key]) -> set[UUID]:
    """Those that share something with these others, or with one of those that do, and so on: whatever can
    change the verdict on one of them is among them."""
    keys = set(others)
    apart = [(one.hit.id, (*_keys(one), network(one.hit.ip) or "")) for one in seen]
    found: set[UUID] = set()
    while met := [one for one in apart if not keys.isdisjoint(one[1])]:
        found.update(number for number, _keys_of_it in met)
        keys.update(key for _number, his in met for key in his)
        apart = [one for one in apart if one[0] not in found]
    return found


def _keys(one: Arrived) -> tuple[Key, ...]:
    hit = one.hit
    places = () if hit.ip is None else (hit.ip,)
    return (hit.delivery_id, *places) if one.domain is None else (hit.delivery_id, *places, one.domain)


def _judged(one: Arrived, scene: Scene, active: Sequence[Pattern]) -> JudgedHit:
    # Who follows what nobody sees is no person, whatever is said of his network or program.
    pattern = first_met(active, one.hit) if active and not on_trap(one.hit, scene.links) else None
    if pattern is not None:
        verdict = Verdict(pattern.verdict, (OVERRULED,))
    else:
        verdict = judge(one.hit, Context(one.since_sent, scene.signs(one.hit)))
    return JudgedHit(one.hit, one.lead_id, one.since_sent, one.domain, verdict)
