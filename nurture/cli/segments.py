"""`nurture segments`."""

import sys
from pathlib import Path
from typing import Any

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.files import conditions
from nurture.files import segments as texts
from nurture.flows import segments as flow
from nurture.rules.conditions import parse, unparse
from nurture.store import segment_sizes
from nurture.store import segments as store
from nurture.store.segments import StoredSegment
from nurture.store.views import segments as view
from nurture.store.views.reading import reading

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True)


@click.group()
def segments() -> None:
    """Leads by condition: who is in, how many, and segments as a file."""


@segments.command("list")
@json_option
def list_command(json_: bool) -> None:
    """Every segment with its size and its condition in words."""
    with ready() as runtime, reading(runtime.sessions) as session:
        sizes = segment_sizes.sizes(session)
        found = [(one, sizes[one.id] if one.refreshed_at else None) for one in store.every(session)]
    if json_:
        as_json([{**_plain(one), "size": size} for one, size in found])
        return
    for one, size in found:
        told = "counting" if size is None else size
        click.echo(f"{one.key:24} {told:>10}  {flow.sentence_of(one)}")


@segments.command("show")
@click.argument("key")
@json_option
def show_command(key: str, json_: bool) -> None:
    """One segment as text, what asks for it, and its size."""
    with ready() as runtime, reading(runtime.sessions) as session:
        one = flow.existing(session, key)
        size, uses = segment_sizes.size(session, one.id), flow.used_by(session, key)
    if json_:
        as_json({**_plain(one), "size": size, "used_by": [f"{use.kind} {use.key}" for use in uses]})
        return
    click.echo(texts.write([_plain(one)]), nl=False)
    click.echo(f"# {size} leads" if one.refreshed_at else "# its members are being told")
    for use in uses:
        click.echo(f"# asked for by the {use.kind} {use.name}")


@segments.command("count")
@click.argument("file", type=_FILE)
@json_option
def count_command(file: Path, json_: bool) -> None:
    """How many leads a condition finds now; FILE holds it as YAML or JSON, - is standard input."""
    text = sys.stdin.read() if str(file) == "-" else file.read_text()
    with ready() as runtime, reading(runtime.sessions) as session:
        found = flow.preview(session, conditions.read(text), now=runtime.now(), some=0)
    if json_:
        as_json({"size": found.size, "sentence": found.sentence})
    else:
        click.echo(f"{found.size} leads: {found.sentence}")


@segments.command("members")
@click.argument("key")
@json_option
def members_command(key: str, json_: bool) -> None:
    """Who is in, the newest leads first: number and address, one a line."""
    with ready() as runtime, reading(runtime.sessions) as session:
        found = view.each(session, flow.existing(session, key).id)
        if json_:
            as_json([{"id": one.id, "name": one.name, "email": one.email} for one in found])
            return
        for one in found:
            click.echo(f"{one.id}\t{one.email or ''}\t{one.name}")


@segments.command("save")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("keys", nargs=-1)
def save_command(file: Path, keys: tuple[str, ...]) -> None:
    """Write all segments, or those of KEYS, to a YAML file that `load` takes back."""
    with ready() as runtime, reading(runtime.sessions) as session:
        found = [flow.existing(session, key) for key in keys] or store.every(session)
    file.write_text(texts.write(_plain(one) for one in found))
    click.echo(f"{len(found)} segments written to {file}.")


@segments.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_command(file: Path) -> None:
    """Make or change the segments of a YAML file; all of them or, after a fault, none."""
    said = texts.read(file)
    with ready() as runtime:
        with runtime.sessions.begin() as session:
            made = flow.keep(session, said, by="terminal", now=runtime.now())
        runtime.wake("segments")
    click.echo(f"{made} segments made, {len(said) - made} changed.")


def _plain(one: StoredSegment) -> dict[str, Any]:
    return {
        "segment": one.key,
        "name": one.name,
        "description": one.description,
        "condition": unparse(parse(one.condition)),
    }
