"""`nurture audit-log`, and `nurture audit`: counters against recounts."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.store.audit import Wanted
from nurture.store.views import audit as view
from nurture.store.views import recounts
from nurture.store.views.orphans import orphans
from nurture.store.views.reading import reading

_REFERENCES = "rows that refer to others"


@click.command()
@click.option("--actor", default="", help="user:7, key:3, terminal or system.")
@click.option("--kind", default="", help="What stands before the dot of an action, such as key.")
@click.option("--subject", default="", help="The thing it was done to, such as lead:12.")
@click.option("--since", type=click.DateTime(), help="From this instant on, in UTC.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
def log(actor: str, kind: str, subject: str, since: datetime | None, limit: int, json_: bool) -> None:
    """Who did what, newest first."""
    with ready() as runtime, reading(runtime.sessions) as session:
        wanted = Wanted(actor, kind, subject, since.replace(tzinfo=UTC) if since else None)
        lines = view.page(session, wanted, before=None, limit=limit)
    if json_:
        as_json([vars(line) for line in lines])
        return
    for line in lines:
        who, what = line.actor_name or line.actor, line.subject_name or line.subject
        click.echo(f"{line.at:%Y-%m-%d %H:%M:%S}  {who:20}  {line.action:28}  {what}")


@click.command()
@json_option
def counters(json_: bool) -> None:
    """Count everything anew that is kept by counters, and look for rows that refer to what does not exist;
    exit status 1 where something is wrong."""
    with ready() as runtime, reading(runtime.sessions) as session:
        found, lost = recounts.differences(session), orphans(session)
    if json_:
        as_json([asdict(one) for one in found] + [{"check": _REFERENCES} | asdict(one) for one in lost])
    else:
        for check in recounts.CHECKS:
            wrong = [one for one in found if one.check == check]
            click.echo(f"{'WRONG' if wrong else 'ok':5}  {check}")
            for one in wrong:
                click.echo(f"       {one.place}: the counter says {one.counted}, counting {one.recounted}")
        click.echo(f"{'WRONG' if lost else 'ok':5}  {_REFERENCES}")
        for row in lost:
            click.echo(
                f"       {row.table}.{row.column}: {row.rows} name no {row.target} that exists,"
                f" such as {row.example}"
            )
    if found or lost:
        sys.exit(1)
