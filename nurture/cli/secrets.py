"""`nurture secrets`: the ring of keys that sign sessions and links."""

import click

from nurture.cli.frame import as_json, json_option
from nurture.config import load_settings
from nurture.errors import Conflict
from nurture.files.secrets import add_key, load_ring


@click.group()
def secrets() -> None:
    """Keys that sign sessions and links."""


@secrets.command("rotate")
@json_option
def rotate(json_: bool) -> None:
    """Put a new key before those of the home. It signs once every process was started anew; the older ones
    go on opening the links in mails already sent."""
    settings = load_settings()
    if settings.secret_key:
        raise Conflict(
            "The keys are those of NURTURE_SECRET_KEY: put a new one of at least 32 characters before "
            "them, separated by a comma, keep the old ones, and start every process anew."
        )
    add_key(settings.home)
    older = len(load_ring(settings.home, None).keys) - 1
    if json_:
        as_json({"older": older})
    else:
        click.echo(f"A new key stands in {settings.home / 'secrets' / 'keys'}, before {older} older.")
        click.echo(
            "It signs once every process was started anew. Copy the file to hosts that share no setting."
        )
