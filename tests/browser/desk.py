"""A full desk for the salespeople of the company: ripe leads whose clocks run, a meeting, one put off."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from nurture.flows.answer import Outcome, answer
from nurture.flows.hand_over import hand_over
from nurture.flows.ripen import Ripe, ripen
from nurture.flows.watch_response import watch_response
from nurture.runtime import Runtime
from nurture.store import teams
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.models import HeatModelRow
from tests.conftest import TUESDAY

# Minutes before now at which each of them turned ripe.
_AGO = (45, 12, 6, 2, 1)


def ripe_leads(runtime: Runtime) -> list[int]:
    """Five leads ripen one after the other and come to sales; their hand-offs, the oldest first."""
    with runtime.sessions() as session:
        model_id = session.scalars(select(HeatModelRow.id)).first()
        taken = set(session.scalars(select(Handoff.lead_id)))
        free = [lead for lead in session.scalars(select(Lead).order_by(Lead.id)) if lead.id not in taken]
    made = []
    for no, (ago, lead) in enumerate(zip(_AGO, free, strict=False)):
        at = TUESDAY - timedelta(minutes=ago)
        reasons = [
            {"text": ("asked for a call back", "followed our links repeatedly")[no % 2], "points": 25.0},
            {"text": "heat 61.0", "points": 35.0},
            {"text": "grade B", "points": 10.0},
        ]
        one = Ripe(lead.id, model_id, "threshold", 62 + 4 * no, reasons, "hot", 61.0, "B")
        with runtime.sessions.begin() as session:
            made += ripen(session, [one], now=at)
        hand_over(runtime.sessions, runtime.ring, runtime.settings.base_url, now=at)
    return made


def a_full_desk(runtime: Runtime) -> list[int]:
    """The same, with the first two answered; the hand-offs that still wait for a call."""
    with runtime.sessions.begin() as session:
        teams.default_team(session).opens = 8 * 60
    made = ripe_leads(runtime)
    _say(runtime, made[0], Outcome("meeting", at=TUESDAY + timedelta(days=2, hours=3)))
    _say(runtime, made[1], Outcome("accepted"))
    watch_response(runtime.sessions, runtime.ring, runtime.settings.base_url, now=TUESDAY)
    return made[2:]


def _say(runtime: Runtime, handoff_id: int, outcome: Outcome) -> None:
    with runtime.sessions.begin() as session:
        answer(session, handoff_id, outcome, by="user:3", now=TUESDAY - timedelta(minutes=1))


def state_of(session: Session, handoff_id: int) -> str:
    return session.get_one(Handoff, handoff_id).state
