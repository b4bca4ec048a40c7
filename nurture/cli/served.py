"""The WSGI applications: the pages behind the tracking door, and the door alone."""

import sys
from contextlib import ExitStack
from multiprocessing.util import Finalize
from wsgiref.types import WSGIApplication

from nurture.app import create_app
from nurture.buffers.stream import HitStream, StreamFeed, quick_client
from nurture.cli.logs import configure
from nurture.files import site_cache
from nurture.files.held import HeldSpool
from nurture.files.link_cache import LinkCache
from nurture.files.site_cache import SiteCache
from nurture.files.spool import Spool
from nurture.flows.links import link_source
from nurture.flows.website import site_source
from nurture.runtime import Runtime, opened
from nurture.web.tracking import TrackingDoor, nowhere

# A reader's click takes a tenth of a millisecond, in several steps. While a report is put together beside it,
# each step waits this long for the interpreter, and not Python's usual five milliseconds.
_TURN_SECONDS = 0.0002


def pages() -> WSGIApplication:
    """Everything: tracking, pages, API."""
    sys.setswitchinterval(_TURN_SECONDS)
    runtime = _for_this_process()
    return _door(create_app(runtime), runtime)


def tracking() -> WSGIApplication:
    """Only opens and clicks, for a process or a host of its own."""
    return _door(nowhere, _for_this_process())


def _for_this_process() -> Runtime:
    """A runtime that is closed when the process ends; made in the process that serves, after any fork."""
    configure()
    kept = ExitStack()
    # Runs at the end of forked workers too, which atexit does not.
    Finalize(None, kept.close, exitpriority=0)
    return kept.enter_context(opened())


def _door(app: WSGIApplication, runtime: Runtime) -> TrackingDoor:
    home = runtime.settings.home
    return TrackingDoor(
        app,
        ring=runtime.ring,
        spool=HeldSpool(Spool(home / "spool")),
        stream=StreamFeed(HitStream(quick_client(runtime.addresses.redis_url))),
        links=LinkCache(home / "links.jsonl", link_source(runtime.sessions)),
        sites=SiteCache(site_cache.file_of(home), site_source(runtime.sessions)),
        now=runtime.now,
        real_now=runtime.real_now,
    )
