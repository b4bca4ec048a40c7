"""`nurture catcher`."""

import signal
import threading

import click

from nurture.config import load_settings
from nurture.embedded.catcher.receive import next_free
from nurture.embedded.catcher.serve import serve
from nurture.embedded.home import Home


@click.command()
@click.option("--page", help="Where its page listens, host:port; NURTURE_CATCHER_BIND unless said.")
def catcher(page: str | None) -> None:
    """Catch every mail that the program sends and show it on a page."""
    settings = load_settings()
    home = Home(settings.home)
    home.make()
    host, port = _address(page) if page else next_free(settings.catcher_bind)
    stop = threading.Event()
    for sort in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sort, lambda number, frame: stop.set())

    def started(smtp: int) -> None:
        click.echo(f"Mails sent to 127.0.0.1:{smtp} are shown at http://{host}:{port}")

    serve(home, (host, port), started=started, stop=stop)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise click.BadParameter("expected host:port", param_hint="--page")
    return host, int(port)
