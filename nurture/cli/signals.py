"""`nurture signals`."""

from dataclasses import asdict
from pathlib import Path

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.cli.sheets import as_csv
from nurture.flows.import_signals import HowDates, SignalImport, check_signals, import_signals
from nurture.flows.strangers import MakeLeads
from nurture.runtime import Runtime

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = 20


@click.group()
def signals() -> None:
    """Activities of leads."""


@signals.command("import")
@click.argument("file", type=_FILE)
@click.option(
    "--dates",
    type=click.Choice(["day-first", "month-first"]),
    help="What comes first in dates like 03/04/2026, where the file itself does not tell.",
)
@click.option("--zone", default="UTC", show_default=True, help="The zone of times that say none.")
@click.option(
    "--make-leads", is_flag=True, help="Make leads of addresses that are nobody's yet, without consent."
)
@click.option("--source", default="Past activities", show_default=True, help="The source of those leads.")
@click.option("--check", is_flag=True, help="Tell what would become of the file, and take nothing.")
@json_option
def import_command(
    file: Path, dates: str | None, zone: str, make_leads: bool, source: str, check: bool, json_: bool
) -> None:
    """Take a CSV file or Excel workbook of past activities: email or lead_id, kind, occurred_at, and
    optionally key; other columns are kept with the activity. Taking a file again takes nothing twice."""
    how = HowDates(dates, zone)
    with ready() as runtime, as_csv(file) as table:
        if check:
            done = check_signals(runtime.sessions, table, now=runtime.now(), how=how)
        else:
            done = import_signals(
                runtime.sessions,
                table,
                now=runtime.now(),
                how=how,
                make=_making(runtime, source) if make_leads else None,
                progress=lambda read: None if json_ else click.echo(f"\r{read} rows", nl=False, err=True),
            )
            runtime.wake("signals")
    if json_:
        as_json(asdict(done) | {"strangers": len(done.strangers)})
        return
    _report(done, "would be new" if check else "new")


def _making(runtime: Runtime, source: str) -> MakeLeads:
    settings = runtime.settings
    return MakeLeads(source, settings.home, runtime.pepper, settings.base_url, "terminal")


def _report(done: SignalImport, new: str) -> None:
    click.echo(f"\n{done.read} rows: {done.new} {new}, {done.known} known before, {done.bad} not taken")
    if done.made:
        click.echo(f"{done.made} leads were made of addresses that were nobody's")
    if done.strangers:
        click.echo(f"{len(done.strangers)} addresses are nobody's: --make-leads makes leads of them")
    if done.dates.first and done.dates.last:
        click.echo(f"from {done.dates.first:%Y-%m-%d %H:%M} to {done.dates.last:%Y-%m-%d %H:%M} UTC")
    for one in done.dates.shown:
        click.echo(f"  line {one.line}: {one.written} is {one.at:%Y-%m-%d %H:%M:%S} UTC")
    for line, sentence in done.faults[:_SHOWN]:
        click.echo(f"  line {line}: {sentence}")
