"""A lead of a program is always in one chain, or rests for a reason until a date, or has left for a reason:
for every combination of what warming, cooling and the end of a chain lead to, whatever happens to it."""

from itertools import product

import pytest
from sqlalchemy import text

from nurture.flows import pause_programs, programs
from nurture.flows.live_edits import publish_draft
from nurture.flows.merge_leads import merge
from nurture.flows.unmerge_leads import undo_merge
from tests.flows.garden import PEPPER, Garden

WAYS = tuple(
    product(
        ("resume", "restart", "rest"), ("resume", "restart", "rest"), ("repeat", "newsletter_only", "exit")
    )
)
RESTS = {"rest", "repeat", "newsletter_only", "circle"}
LEFT = {"warmed", "cooled", "done", "merged", "entered_anew"}


def chains(more: str = "") -> str:
    return "".join(
        f"  {warmth}:\n    enter: {{when: {{temperature: {warmth}}}}}\n    reentry: {{after: 2d}}\n"
        f"    steps: [{{send: {warmth}-a}}, {{wait: 1d}},{more and f' {{send: {warmth}-{more}}},'}"
        f" {{send: {warmth}-b}}, {{wait: 1d}}, {{send: {warmth}-c}}]\n"
        for warmth in ("cold", "warm", "hot")
    )


@pytest.fixture
def garden(sessions, clock, tmp_path):
    """One program for each combination, all of them live."""
    garden = Garden(sessions, clock, tmp_path / "garden")
    for number in range(len(WAYS)):
        garden.publish(chains(), head_of(number))
    return garden


def head_of(number: int) -> str:
    on_warm, on_cool, after_end = WAYS[number]
    return (
        f"program: way-{number}\ntimezone: Europe/Berlin\non_warm: {on_warm}\non_cool: {on_cool}\n"
        f"after_end: {after_end}\n"
    )


def stands(garden: Garden, lead: int, warmth: str, after: str) -> None:
    """In each of the programs the lead has one place, in the chain of its temperature, or has left it."""
    with garden.sessions() as session:
        found = session.execute(
            text(
                "SELECT p.key, c.temperature, e.state, e.due_at, e.due_reason, e.awaiting_delivery_id,"
                " e.resting_reason, e.exit_reason, e.ended_at FROM enrollment e"
                " JOIN chain c ON c.id = e.chain_id JOIN program p ON p.id = c.program_id"
                " WHERE e.lead_id = :lead ORDER BY e.id"
            ),
            {"lead": lead},
        ).all()
    for number, (_warm, _cool, after_end) in enumerate(WAYS):
        runs = [run for run in found if run.key == f"way-{number}"]
        here = [run for run in runs if run.state != "ended"]
        told = f"{WAYS[number]} after {after}: {runs}"
        assert all(run.exit_reason in LEFT and run.ended_at for run in runs if run.state == "ended"), told
        if not here:
            assert after_end == "exit" and runs and runs[-1].exit_reason == "done", told
            continue
        assert len(here) == 1 and here[0].temperature == warmth, told
        if here[0].state == "resting":
            assert here[0].resting_reason in RESTS and here[0].due_at is not None, told
        else:
            assert here[0].due_at is not None or here[0].awaiting_delivery_id is not None, told


def move(garden: Garden, lead: int, old: str, new: str) -> None:
    garden.warm(lead, old, new)
    garden.enter(lead)
    stands(garden, lead, new, f"{old} to {new}")


def days(garden: Garden, lead: int, warmth: str, number: int) -> None:
    for day in range(number):
        garden.tick()
        while garden.settle():
            garden.tick()
        stands(garden, lead, warmth, f"{day} of {number} days in {warmth}")
        garden.clock.advance(days=1)


def switch(garden: Garden, *, paused: bool) -> None:
    with garden.sessions.begin() as session:
        for (chain,) in session.execute(text("SELECT id FROM chain WHERE temperature = 'warm'")).all():
            turn = pause_programs.pause_chain if paused else pause_programs.resume_chain
            assert turn(session, chain, now=garden.clock.now)


def edit(garden: Garden, more: str) -> None:
    """A step comes in and, the next time, goes again where leads stand."""
    for number in range(len(WAYS)):
        folder = garden.write(chains(more), head_of(number))
        with garden.sessions.begin() as session:
            loaded = programs.load_folder(session, folder, publish=False, now=garden.clock.now, by="mia")
            publish_draft(session, loaded.program_id, inside="move", now=garden.clock.now, by="mia")


def test_a_lead_never_stands_nowhere(garden: Garden) -> None:
    anna, ben = garden.lead("anna"), garden.lead("ben")
    assert garden.enter(anna) == len(WAYS)
    garden.enter(ben)
    days(garden, anna, "cold", 1)
    move(garden, anna, "cold", "warm")
    days(garden, anna, "warm", 4)  # to the end of the chain
    move(garden, anna, "warm", "hot")
    move(garden, anna, "hot", "cold")  # at once, before its first mail there went out
    days(garden, anna, "cold", 1)
    move(garden, anna, "cold", "warm")
    switch(garden, paused=True)
    days(garden, anna, "warm", 2)
    move(garden, anna, "warm", "hot")
    move(garden, anna, "hot", "warm")  # into a chain that is paused
    switch(garden, paused=False)
    days(garden, anna, "warm", 1)
    edit(garden, "more")
    days(garden, anna, "warm", 1)
    edit(garden, "")  # the step at which some of them stand is gone
    days(garden, anna, "warm", 1)
    with garden.sessions.begin() as session:
        noted = merge(session, anna, ben, pepper=PEPPER, by="mia", now=garden.clock.now).id
    garden.enter(anna)
    by_both = str(garden.value("SELECT temperature FROM lead WHERE id = :id", id=anna))
    stands(garden, anna, by_both, "a merge")
    days(garden, anna, by_both, 2)
    with garden.sessions.begin() as session:
        undo_merge(session, noted, pepper=b"pepper", by="mia", now=garden.clock.now)
    garden.enter(anna, ben)
    for lead in (anna, ben):
        warmth = str(garden.value("SELECT temperature FROM lead WHERE id = :id", id=lead))
        stands(garden, lead, warmth, "the merge was undone")
    days(garden, ben, "cold", 3)
