"""Caps of the house, and hand-offs that hold a lead back."""

from sqlalchemy import insert, update

from nurture.store.handoffs import Handoff
from nurture.store.restraint import Restraint
from tests.flows.garden import Garden

COLD = "  cold:\n    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}\n    steps:\n"


def cap(garden: Garden, most: int, days: int, over: str = "defer") -> None:
    with garden.sessions.begin() as session:
        session.execute(update(Restraint).values(most=most, days=days, over=over))


def handed_over(garden: Garden, lead: int, state: str) -> None:
    with garden.sessions.begin() as session:
        model = garden.value("SELECT id FROM heat_model")
        row = {
            "lead_id": lead, "ripening_no": 1, "model_id": model, "cause": "threshold", "state": state,
            "score": 70, "rise": 60, "temperature": "hot", "heat": 60, "priority": False,
            "ready_at": garden.clock.now,
        }  # fmt: skip
        session.execute(insert(Handoff).values(**row))
