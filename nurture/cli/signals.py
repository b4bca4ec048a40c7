"""`nurture signals`."""

from dataclasses import asdict
from pathlib import Path

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.flows.import_signals import import_signals

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = 20


@click.group()
def signals() -> None:
    """Activities of leads."""


@signals.command("import")
@click.argument("file", type=_FILE)
@json_option
def import_command(file: Path, json_: bool) -> None:
    """Take a CSV file of past activities: email or lead_id, kind, occurred_at, and optionally key; other
    columns are kept with the activity. Taking a file again takes nothing twice."""
    with ready() as runtime:
        done = import_signals(
            runtime.sessions,
            file,
            now=runtime.now(),
            progress=lambda read: None if json_ else click.echo(f"\r{read} rows", nl=False, err=True),
        )
        runtime.wake("signals")
    if json_:
        as_json(asdict(done))
        return
    click.echo(f"\n{done.read} rows: {done.new} new, {done.known} known before, {done.bad} not taken")
    for line, sentence in done.faults[:_SHOWN]:
        click.echo(f"  line {line}: {sentence}")
