"""`nurture stop-sending` and `nurture resume-sending`."""

import click

from nurture.cli.frame import ready
from nurture.flows.sending import resume_sending, stop_sending


@click.command()
def stop() -> None:
    """Let nothing more go out until sending is resumed."""
    with ready() as runtime:
        with runtime.sessions.begin() as session:
            stop_sending(session, by="terminal", now=runtime.now())
        runtime.wake("deliver")
    click.echo("Nothing more goes out. What is due waits for  nurture resume-sending.")


@click.command()
def resume() -> None:
    """Let what waited go out, within its windows."""
    with ready() as runtime:
        with runtime.sessions.begin() as session:
            resume_sending(session, by="terminal", now=runtime.now())
        runtime.wake("deliver")
    click.echo("Sending goes on.")
