"""`nurture inbound`: what came back, at the terminal."""

from dataclasses import asdict
from typing import BinaryIO

import click

from nurture.cli.frame import as_json, json_option
from nurture.mail.inbound import Report, read_report


@click.group()
def inbound() -> None:
    """Bounces, complaints, replies."""


@inbound.command()
@click.argument("files", nargs=-1, required=True, type=click.File("rb"))
@json_option
def read(files: tuple[BinaryIO, ...], json_: bool) -> None:
    """Read messages that came back (RFC 5322, one a file; `-` reads standard input) and say what they mean.
    Nothing is stored."""
    found = [(file.name, read_report(file.read())) for file in files]
    if json_:
        as_json([{"file": name, **asdict(report)} for name, report in found])
        return
    for name, report in found:
        _say(name, report)


def _say(name: str, report: Report) -> None:
    said = " ".join(part for part in (report.kind, report.reason, report.status) if part)
    click.echo(f"{name}: {click.style(said, bold=True)}")
    for label, value in (
        ("means", report.sentence),
        ("said", report.diagnostic[:300]),
        ("about", ", ".join(one.address for one in report.recipients if one.address)),
        ("ours", ", ".join((*report.tokens, *report.message_ids))),
        ("wrote", " ".join(report.text.split())[:300] if report.kind == "reply" else ""),
    ):
        if value:
            click.echo(f"  {label:6} {value}")
