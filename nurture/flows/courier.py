"""Everything that a process sends: chunks claimed for each transport while the ones before are under way.

The thread that calls `serve` claims and records; each transport sends in a thread of its own. So the
next chunk
is claimed while the wire is busy, and a server that hangs holds up neither the pump nor other transports.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

import structlog
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Refusal
from nurture.flows import claiming, pace
from nurture.flows.claiming import WayOut
from nurture.flows.deliver import note_held, note_transport, refuse_paused_sender
from nurture.flows.flight import Flight
from nurture.flows.lanes import Lane
from nurture.flows.outbox import Outbox
from nurture.flows.pace import Paces
from nurture.flows.signing import Seal
from nurture.flows.turnstile import Turnstile
from nurture.mail.envelopes import Transport, TransportDown
from nurture.rules import transports as rules
from nurture.rules.transports import OF_SETTINGS, Health, Limits, Standing
from nurture.store import transports
from nurture.store.deliveries import EVERY_ROUTE, Route, Sending
from nurture.store.transports import Transport as Row

log = structlog.get_logger()

_READ_SECONDS = 1.0
# When a quota is used up, or nothing was found, it is looked at again after so long.
_SPENT_SECONDS = 2.0
_WAIT_SECONDS = 0.2
_STOP_SECONDS = 8.0


@dataclass(frozen=True)
class Makers:
    """How transports come about: that of the settings, and one of the table. May raise Refusal."""

    of_settings: Callable[[], Transport]
    of_row: Callable[[Row], Transport]


@dataclass(frozen=True)
class _Plan:
    """The transports as they stand: ways out by id, health by id, and the limits that hold."""

    ways: Mapping[int, WayOut]
    rows: Mapping[int, Row]
    health: Mapping[int, Health]
    paces: Paces


class Courier:
    """One for a process, built after any fork."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        outbox: Outbox,
        makers: Makers,
        turnstile: Callable[[], Turnstile] | None = None,
    ) -> None:
        self._sessions = sessions
        self._outbox = outbox
        self._makers = makers
        self._turnstile = turnstile
        self._lanes: dict[int, Lane] = {}
        self._made_of: dict[int, object] = {}
        self._plan: _Plan | None = None
        self._read_at = 0.0
        self._idle_until: dict[int, float] = {}
        self._told = threading.Event()
        self._draining = False

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return any(lane.busy for lane in self._lanes.values())

    @property
    def moving(self) -> bool:
        """Whether something is under way, with nobody hanging: what has landed is soon to be recorded."""
        return self.busy and not self._stuck

    @property
    def _stuck(self) -> bool:
        return any(lane.stuck for lane in self._lanes.values())

    def drain(self) -> bool:
        """The turn is over: claim no more, unless a transport hangs, for which the others need not wait.
        Whether anything is still under way."""
        self._draining = True
        return self.busy

    def serve(self, now: datetime) -> int:
        """Record what is finished and claim what is due; how many mails came to an end or set out. Only when
        nothing moves does it wait, so that the next chunk stands ready before the one on its way is over."""
        done = self._land(now)
        if not self._draining or self._stuck:
            done += self._claim_for_all(now)
        if not done and self.moving:
            self._told.wait(_WAIT_SECONDS)
            self._told.clear()
            done = self._land(now)
        return done

    def close(self, now: datetime, *, patience: float = _STOP_SECONDS) -> None:
        """Wait for what is under way, for a while; what is not over by then is left to the journal."""
        until = monotonic() + patience
        while self.busy and monotonic() < until:
            self._land(now)
            self._told.wait(0.05)
            self._told.clear()
        for lane in self._lanes.values():
            left = lane.close()
            for flight in [*left, *lane.landed()]:
                flight.abandon()

    def _land(self, now: datetime) -> int:
        done = 0
        for transport_id, lane in self._lanes.items():
            for flight in lane.landed():
                flight.land(now)
                done += len(flight.chunk.go)
                self._outbox.note_pace(flight.begun, flight.seconds, transport_id)
                was_down = self._thought_down(transport_id)
                if was_down:
                    # Another process may have found it down: that it works is news.
                    self._outbox.works[transport_id] = False
                note_transport(
                    self._sessions,
                    self._outbox,
                    flight.chunk.way,
                    flight.sentence,
                    now,
                    flight.rest,
                    began=flight.claimed_at,
                )
                if flight.sentence or was_down:
                    self._read_at = 0.0
        return done

    def _thought_down(self, transport_id: int) -> bool:
        known = self._plan.health.get(transport_id) if self._plan is not None else None
        return known is not None and known.phase != rules.WORKING

    def _claim_for_all(self, now: datetime) -> int:
        plan = self._planned()
        return sum(self._claim_for(plan, way, now) for way in plan.ways.values())

    def _claim_for(self, plan: _Plan, way: WayOut, now: datetime) -> int:
        if monotonic() < self._idle_until.get(way.id, 0.0) or self._outbox.rests(way.id):
            return 0
        known = self._lanes.get(way.id)
        if known is not None and not known.has_room:
            return 0
        began = monotonic()
        try:
            with self._sessions.begin() as session:
                state = claiming.wanted(session, self._outbox, way, now)
                if state is None:
                    return 0
                seal = claiming.seal_of(session, self._outbox, state)
            refuse_paused_sender(plan.paces, state.sender_email)
            lane = self._lane(plan, way)
            limit = self._limit(plan, way, lane)
        except Refusal as fault:
            note_held(self._sessions, self._outbox, way, str(fault), now)
            return 0
        except TransportDown as fault:
            note_transport(self._sessions, self._outbox, way, str(fault), now)
            self._read_at = 0.0
            return 0
        if limit <= 0:
            return 0
        return self._launch(plan, way, lane, state, seal, now, began, limit)

    def _launch(
        self,
        plan: _Plan,
        way: WayOut,
        lane: Lane,
        state: Sending,
        seal: Seal,
        now: datetime,
        began: float,
        limit: int,
    ) -> int:
        with self._sessions.begin() as session:
            chunk = claiming.claim(session, self._outbox, way, plan.paces, state, seal, now=now, limit=limit)
        if chunk is None or not (chunk.go or chunk.done):
            self._idle_until[way.id] = monotonic() + _SPENT_SECONDS
            return 0
        if chunk.go:
            lane.launch(Flight(self._sessions, self._outbox, chunk, now, began))
        return chunk.done + len(chunk.go)

    def _limit(self, plan: _Plan, way: WayOut, lane: Lane) -> int:
        """How many to claim for a lane: none before it has signed in, one while it is on trial. Raises
        TransportDown when it cannot sign in."""
        if lane.trouble is not None:
            sentence, lane.trouble = lane.trouble, None
            raise TransportDown(sentence)
        phase = plan.health.get(way.id, Health()).phase
        if phase == rules.RESTING:
            return 0
        if not lane.ready:
            if lane.checking or not self._may_knock(way.id, phase):
                return 0
            lane.check()
            self._told.wait(_WAIT_SECONDS)
            self._told.clear()
            if not lane.ready:
                return self._limit(plan, way, lane) if lane.trouble is not None else 0
        if phase == rules.ON_TRIAL:
            return rules.PROBE_MAILS if not lane.busy else 0
        rate = way.limits.per_second
        fits = self._outbox.chunk(_CHUNK, way.id)
        return fits if rate is None else max(1, min(fits, int(rate * 2)))

    def _may_knock(self, transport_id: int, phase: str) -> bool:
        if phase != rules.ON_TRIAL:
            return True
        with self._sessions.begin() as session:
            return transports.may_probe(session, transport_id, probe=rules.PROBE_SECONDS)

    def _lane(self, plan: _Plan, way: WayOut) -> Lane:
        """The lane of a transport, made anew when its row has changed. Raises Refusal when it cannot be."""
        row = plan.rows.get(way.id)
        made_of: object = None if row is None else row.updated_at
        known = self._lanes.get(way.id)
        if known is not None and (self._made_of[way.id] == made_of or known.busy):
            return known
        if known is not None:
            known.close()
        made = self._makers.of_settings() if row is None else self._makers.of_row(row)
        lane = Lane(made, self._turnstile() if self._turnstile else None, self._told.set)
        self._lanes[way.id], self._made_of[way.id] = lane, made_of
        return lane

    def _planned(self) -> _Plan:
        """The transports, read again about once a second."""
        if self._plan is None or monotonic() - self._read_at > _READ_SECONDS:
            with self._sessions.begin() as session:
                self._plan = _plan(session)
            self._read_at = monotonic()
        return self._plan


_CHUNK = 1000


def _plan(session: Session) -> _Plan:
    rows = transports.everything(session)
    health = transports.health(session)
    standings = [Standing(OF_SETTINGS, health=health.get(OF_SETTINGS, Health()))]
    standings += [
        Standing(row.id, row.fallback_id, row.paused_at is not None, health.get(row.id, Health()))
        for row in rows
    ]
    return _Plan(_ways(rows, standings), {row.id: row for row in rows}, health, pace.read(session))


def _ways(rows: list[Row], standings: list[Standing]) -> dict[int, WayOut]:
    """The transports that carry mails now, each with those it carries."""
    of_settings = WayOut(limits=Limits())
    if not rows:
        return {OF_SETTINGS: replace(of_settings, route=EVERY_ROUTE)}
    carriers = rules.carried_by(standings)
    default = next((row.id for row in rows if row.is_default), OF_SETTINGS)
    found: dict[int, WayOut] = {}
    for one in standings:
        served = rules.served(carriers, one)
        if not served or one.paused:
            continue
        row = next((row for row in rows if row.id == one.id), None)
        route = Route(served, default)
        if row is None:
            found[one.id] = replace(of_settings, route=route)
        else:
            limits = Limits(row.per_second, row.per_hour, row.per_day)
            found[one.id] = WayOut(row.id, row.key, limits, route)
    return found
