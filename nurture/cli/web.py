"""`nurture web`."""

import signal
from collections.abc import Callable
from wsgiref.types import WSGIApplication

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from nurture.cli import served
from nurture.cli.frame import attended
from nurture.config import load_settings
from nurture.embedded.ports import check_free
from nurture.embedded.privileges import die_with_parent
from nurture.web.slow_bodies import SlowBodies

_THREADS = 4


@click.command()
@click.option("--only", type=click.Choice(["tracking"]), help="Serve opens and clicks alone.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True)
def web(only: str | None, processes: int) -> None:
    """Serve the pages, the API and the tracking door."""
    settings = load_settings()
    load = served.tracking if only else served.pages
    host, port = (settings.tracking_bind or settings.bind) if only else settings.bind
    check_free((host, port), "NURTURE_TRACKING_BIND" if only and settings.tracking_bind else "NURTURE_BIND")
    server = Granian(
        "nurture",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_level=LogLevels.warning,
    )
    with attended(settings):
        server.serve(target_loader=_loader(load), wrap_loader=False)


def _loader(load: Callable[[], WSGIApplication]) -> Callable[..., WSGIApplication]:
    def in_worker(*_: object) -> WSGIApplication:
        # A stop while the program still loads would go to the handler of the server, which this was forked
        # from, and be lost. A worker whose server was killed would keep the port for ever.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent(signal.SIGTERM)
        # One thread is always left for requests without a body.
        return SlowBodies(load(), _THREADS - 1)

    return in_worker
