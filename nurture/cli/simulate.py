"""`nurture simulate`: a program played through in memory, with its figures printed."""

import time
from typing import Any

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.errors import NotFound
from nurture.flows.simulate.asking import ask
from nurture.flows.simulate.running import simulate as carry_out
from nurture.rules.simulation.settings import BASE, DRAFT, INVENTED, LIVE, STATED
from nurture.rules.words import _
from nurture.store import programs, simulations
from nurture.store.simulations import Simulation

_FIGURES = {
    "mails": "mails",
    "busiest_day": "on the busiest day",
    "opened": "opened",
    "clicked": "clicked",
    "replied": "replied",
    "unsubscribed": "unsubscribed",
    "warm": "turn warm",
    "hot": "turn hot",
    "days_to_hot": "days until then (median)",
    "ready": "are ready",
    "handed_over": "handed over",
    "waiting": "wait at the end",
    "meetings": "meetings",
}


@click.command()
@click.argument("program")
@click.option("--leads", type=int, help="How many.")
@click.option("--days", type=int, help="How many days.")
@click.option("--runs", type=int, help="Repetitions with other chances, for the spread.")
@click.option("--base", is_flag=True, help="Leads of the base instead of invented ones.")
@click.option("--segment", help="Only leads of the base in this segment.")
@click.option(
    "--version", type=click.Choice([DRAFT, LIVE]), help="The draft (or newest version), or the live one."
)
@click.option("--against", type=click.Choice([DRAFT, LIVE]), help="Compare with the other version.")
@click.option("--per-day", type=int, help="How many leads sales takes a day.")
@click.option("--stated", is_flag=True, help="Stated rates instead of the program's own history.")
@click.option("--seed", type=int, help="Another one gives other chances.")
@json_option
def simulate(program: str, json_: bool, base: bool, stated: bool, segment: str | None, **said: Any) -> None:
    """Play PROGRAM through with invented leads, or with leads of the base. Nothing is sent.

    What is printed is kept as well, and can be seen on the page of the program.
    """
    asked = {name: value for name, value in said.items() if value is not None}
    asked["people"] = BASE if base or segment else INVENTED
    asked |= {"segment": segment} if segment else {}
    asked |= {"rates": STATED} if stated else {}
    with ready() as runtime:
        now, began = runtime.now(), time.monotonic()
        with runtime.sessions() as session:
            row = programs.by_key(session, program)
            if row is None:
                raise NotFound(_('There is no program "{key}".').format(key=program))
            number, found = ask(session, row.id, asked, by="terminal", now=now)
            session.flush()
            sources = session.get_one(Simulation, number).sources
            session.rollback()  # it is carried out here, not by a worker
            program_id = row.id
            with click.progressbar(
                length=1000, label="Simulating", file=click.get_text_stream("stderr")
            ) as bar:
                result = carry_out(
                    session,
                    program_id,
                    found,
                    sources,
                    runtime.pepper,
                    now=now,
                    progress=lambda share: bar.update(int(share * 1000) - bar.pos),
                )
        with runtime.sessions.begin() as session:
            number = simulations.add(session, program_id, found.plain(), sources, now=now, by="terminal")
            seconds = round(time.monotonic() - began, 1)
            simulations.finish(session, number, result=result, error="", seconds=seconds, now=now)
    if json_:
        as_json({"id": number, "settings": found.plain(), "seconds": seconds, "result": result})
        return
    for side in result.values():
        _say(side, seconds)


def _say(side: dict[str, Any], seconds: float) -> None:
    version = side["version"]
    click.echo(f"{version['kind']} v{version['no']}: {side['leads']} leads, {side['days']} days, {seconds} s")
    for name, words in _FIGURES.items():
        figure = side["figures"][name]
        value = figure["value"]
        many = side["runs"] > 1 and figure["p10"] is not None
        spread = f"   {figure['p10']:,.0f} to {figure['p90']:,.0f}" if many else ""
        click.echo(f"  {'–' if value is None else f'{value:,.0f}':>9}  {words}{spread}")
    for one in side["held"]:
        click.echo(
            f"  {one['mails']:>9,}  held back by {one['reason']}, {one['median'] / 3600:.0f} h as a median"
        )
    missed = [f"{one['chain']}/{one['step']}" for one in side["steps"] if not one["arrived"]]
    if missed:
        click.echo(f"  nobody comes to: {', '.join(missed)}")
