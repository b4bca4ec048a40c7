"""The response clock runs: warn, escalate, re-route, ask, and in the end return a lead nobody works."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import sales_notice
from nurture.flows.answer import Outcome, answer
from nurture.flows.hot_message import Links
from nurture.flows.pass_on import give
from nurture.flows.routing import SalesFloor, sales_floor
from nurture.rules import opportunity, response
from nurture.rules.model import HeatModel
from nurture.rules.response import Watched
from nurture.rules.routing import choose
from nurture.rules.tokens import KeyRing
from nurture.store import facts, handoffs, models
from nurture.store.handoffs import Handoff
from nurture.store.webhooks import Message, write_messages
from nurture.webhooks import payload

# Who gives a lead back where nobody answered in time.
CLOCK = "response_clock"
# The reason that the returned lead carries.
NO_ANSWER = "no_answer"


def watch_response(
    sessions: sessionmaker[Session], ring: KeyRing, base_url: str, *, now: datetime, limit: int = 100
) -> int:
    """Look at the hand-offs whose clock is due and do what their team's rule says; how many were looked at.
    Each step happens once for a clock, whoever runs this how often."""
    with sessions.begin() as session:
        due = handoffs.to_watch(session, now=now, limit=limit)
        if due:
            floor = sales_floor(session, [one.owner_id for one in due if one.owner_id], now=now)
            clock = _Clock(session, floor, Links(ring, base_url), _default_model(session), now)
            for handoff in due:
                clock.watch(handoff)
        return len(due)


def _default_model(session: Session) -> HeatModel | None:
    return next((live.model for live in models.live(session) if live.is_default), None)


def watched(handoff: Handoff, *, default: datetime, hot: bool = False) -> Watched:
    """A hand-off as the clock sees it; `default` stands in where one of before the clock has no instants,
    `hot` tells of an opportunity."""
    return Watched(
        state=handoff.state,
        clock_from=handoff.clock_from or default,
        due_at=handoff.due_at or default,
        silent_since=handoff.silent_since or default,
        warned=handoff.warned_at is not None,
        overdue=handoff.overdue_at is not None,
        asked=handoff.asked_at is not None,
        rerouted=handoff.rerouted,
        hot=hot,
    )


@dataclass(frozen=True)
class _Clock:
    """What every step of one look needs."""

    session: Session
    floor: SalesFloor
    links: Links
    model: HeatModel | None
    now: datetime

    def watch(self, handoff: Handoff) -> None:
        """Do what is due for it and set when to look again."""
        while True:
            rule = self.floor.rules[handoff.team_id or self.floor.default_team]
            seen = watched(handoff, default=self.now, hot=self._is_hot(handoff))
            step = response.next_step(rule, seen, self.now)
            handoff.watch_at = step.again_at
            if step.kind is None:
                return
            self._do(step.kind, handoff)

    def _is_hot(self, handoff: Handoff) -> bool:
        """Whether this is an opportunity that has turned hot since its date was set."""
        if handoff.state != "meeting" or self.model is None:
            return False
        now_log2 = handoffs.heat_of(self.session, handoff.lead_id)
        heat = opportunity.heat_since(handoff.heat_before, now_log2, self.model, self.now)
        return opportunity.temperature_of(heat, self.model) == "hot"

    def _do(self, kind: str, handoff: Handoff) -> None:
        if kind == response.RETURN:
            self._return(handoff)
        elif kind == response.REROUTE:
            self._reroute(handoff)
        else:
            self._note(kind, handoff)

    def _note(self, kind: str, handoff: Handoff) -> None:
        """Warned, overdue or asked: written down, told to whom it concerns."""
        _mark(handoff, kind, self.now)
        event_id = self._record(handoff, kind)
        if kind == response.OVERDUE:
            self._tell_overdue(handoff, event_id)
        sales_notice.tell(self.session, handoff, kind, self.links, event_id=event_id, now=self.now)

    def _reroute(self, handoff: Handoff) -> None:
        """To somebody else; with nobody there, it stays where it is and is not tried again."""
        lead = facts.load(self.session, [handoff.lead_id], now=self.now)[handoff.lead_id]
        choice = choose(self.floor.routing, lead, urgent=True, now=self.now, without=handoff.owner_id)
        if choice.seller is None:
            handoff.rerouted = response.MOST_REROUTES
            return
        choice.seller.take()
        handoff.rerouted += 1
        kind = response.REROUTE
        event_id = give(
            self.session, handoff, choice.seller, self.floor, self.links, kind=kind, by=CLOCK, now=self.now
        )
        self._tell_overdue(handoff, event_id, rerouted=True)

    def _return(self, handoff: Handoff) -> None:
        self._record(handoff, response.RETURN)
        answer(self.session, handoff.id, Outcome("rejected", reason=NO_ANSWER), by=CLOCK, now=self.now)

    def _record(self, handoff: Handoff, kind: str) -> int:
        detail = {"owner_id": handoff.owner_id}
        return handoffs.note_event(self.session, handoff.id, kind, by=CLOCK, now=self.now, detail=detail)

    def _tell_overdue(self, handoff: Handoff, event_id: int, *, rerouted: bool = False) -> None:
        data = payload.overdue(
            handoff.id,
            handoff.lead_id,
            owner_id=handoff.owner_id,
            released_at=handoff.released_at or self.now,
            due_at=handoff.due_at or self.now,
            rerouted=rerouted,
        )
        message = Message("handoff.overdue", data, handoff.lead_id, f"handoff.overdue:{event_id}")
        write_messages(self.session, [message], now=self.now)


def _mark(handoff: Handoff, kind: str, now: datetime) -> None:
    if kind == response.ASK:
        handoff.asked_at = now
    else:
        handoff.warned_at = handoff.warned_at or now
    if kind == response.OVERDUE:
        handoff.overdue_at = now
