"""`nurture mail`: finished messages at the terminal."""

import sys
from typing import BinaryIO

import click

from nurture.cli.frame import as_json, json_option
from nurture.mail import standards


@click.group()
def mail() -> None:
    """Finished messages, as files."""


@mail.command()
@click.argument("files", nargs=-1, required=True, type=click.File("rb"))
@click.option(
    "--kind",
    type=click.Choice(["auto", "marketing", "service"]),
    default="auto",
    show_default=True,
    help="Whether it must offer to unsubscribe; auto: told by its own fields.",
)
@json_option
def check(files: tuple[BinaryIO, ...], kind: str, json_: bool) -> None:
    """Read messages (RFC 5322, as a mail server takes them) as a strict receiver would; exit status 1 when
    one breaks a standard. `-` reads standard input."""
    found = {file.name: standards.check(file.read(), None if kind == "auto" else kind) for file in files}
    if json_:
        as_json([{"file": name, "faults": faults} for name, faults in found.items()])
    else:
        for name, faults in found.items():
            click.echo(f"{name}: {'conforms.' if not faults else f'{len(faults)} faults.'}")
            for fault in faults:
                click.echo(f"  {click.style('x', fg='red')} {fault}")
    if any(found.values()):
        sys.exit(1)
