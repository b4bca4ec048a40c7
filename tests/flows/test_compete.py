"""Chains and newsletters before the same cap: the higher priority has the place, whoever is looked at first;
and newsletters step aside too while sales is talking to a lead."""

import pytest
from sqlalchemy import select

from nurture.flows import edit_newsletters as editing
from nurture.flows import pause_programs
from nurture.flows.newsletters import send_newsletters
from nurture.flows.why import why_newsletter
from nurture.store.deliveries import Delivery
from tests.flows.caps import COLD, cap, handed_over
from tests.flows.garden import HEAD, PEPPER, Garden

TWO = COLD + "      - send: hello\n      - send: again\n"


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def announce(garden: Garden, **more: object) -> int:
    said = {"name": "March", "subject": "News", "body": "Hello.", "over": "defer", **more}
    with garden.sessions.begin() as session:
        number = editing.create(session, said, by="mia", now=garden.clock.now).id
        editing.schedule(session, number, by="mia", now=garden.clock.now)
        return number


def look(garden: Garden) -> None:
    while send_newsletters(garden.sessions, PEPPER, now=garden.clock.now):
        pass


def sent(garden: Garden, lead: int) -> list[str]:
    """What went out or is about to, by step or purpose, in order."""
    with garden.sessions() as session:
        mails = session.scalars(
            select(Delivery)
            .where(Delivery.lead_id == lead, Delivery.state != "skipped")
            .order_by(Delivery.id)
        )
        return [mail.step_key or mail.purpose for mail in mails]


@pytest.mark.parametrize("chain_looks_first", [True, False])
@pytest.mark.parametrize(("priority", "second"), [(5, "newsletter"), (-5, "again")])
def test_the_higher_priority_has_the_one_place_whoever_looks_first(
    garden, priority, second, chain_looks_first
):
    cap(garden, 1, 7)
    garden.publish(TWO)
    ada = garden.lead("ada")
    garden.enter(ada)
    garden.tick()
    garden.settle()
    garden.tick()
    announce(garden, priority=priority)
    look(garden)
    assert sent(garden, ada) == ["hello"]
    garden.clock.advance(days=7)
    for turn in (garden.tick, lambda: look(garden))[:: 1 if chain_looks_first else -1]:
        turn()
    if second == "again" and not chain_looks_first:
        garden.tick()
    assert sent(garden, ada) == ["hello", second]
    assert garden.run(ada).state == "active"


@pytest.mark.parametrize(("choice", "reached"), [("pause", []), ("go_on", ["newsletter"])])
def test_whom_sales_is_talking_to_is_left_out_of_a_newsletter_unless_it_says_otherwise(
    garden, choice, reached
):
    ada = garden.lead("ada")
    handed_over(garden, ada, "accepted")
    number = announce(garden, while_with_sales=choice)
    look(garden)
    assert sent(garden, ada) == reached
    with garden.sessions() as session:
        answer = why_newsletter(session, ada, number, now=garden.clock.now, live=True)
    assert answer.reason == ("sending" if reached else "with_sales")


def test_a_rival_in_a_paused_program_keeps_no_place(garden):
    cap(garden, 1, 7)
    loaded = garden.publish(TWO, HEAD + "priority: 9\n")
    ada = garden.lead("ada")
    garden.enter(ada)
    garden.tick()
    garden.settle()
    garden.tick()
    announce(garden)
    look(garden)
    with garden.sessions.begin() as session:
        pause_programs.pause(session, loaded.program_id, now=garden.clock.now)
    garden.clock.advance(days=7, seconds=1)
    look(garden)
    assert sent(garden, ada) == ["hello", "newsletter"]
