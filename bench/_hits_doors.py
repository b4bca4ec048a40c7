"""The three things that the hits figures serve: the tracking door, the same as a Flask view, and nothing.

Each is a factory for granian; BENCH_HOME, BENCH_DATABASE_URL and BENCH_REDIS_URL say over what.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, redirect, request
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from werkzeug.wrappers import Response as Answer

from nurture.buffers.stream import HitStream, StreamFeed, quick_client
from nurture.files.link_cache import LinkCache, file_of
from nurture.files.spool import Spool, folder_of
from nurture.flows.links import link_source
from nurture.rules import hits
from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.tokens import KeyRing, read
from nurture.rules.visitors import visitor_ip
from nurture.web.tracking import PIXEL, TrackingDoor, nowhere

RING = KeyRing((b"bench" * 8,))


def door() -> WSGIApplication:
    """The tracking door as the product builds it."""
    return TrackingDoor(nowhere, ring=RING, spool=_spool(), stream=_feed(), links=_links(), now=_now)


def flask_views() -> WSGIApplication:
    """The same work as two views of a Flask application."""
    app, spool, feed, links = Flask("bench"), _spool(), _feed(), _links()

    def note(kind: str, delivery_id: int, link_id: int | None) -> None:
        kept = {name: request.environ.get(key, "") for name, key in hits.KEPT_HEADERS.items()}
        hit = Hit(
            id=uuid7(millis_of(_now()), os.urandom(NOISE_BYTES)),
            kind=kind,
            delivery_id=delivery_id,
            link_id=link_id,
            method=request.method,
            ua=hits.clean(request.headers.get("User-Agent", "")),
            ip=visitor_ip(request.remote_addr or "", request.headers.get("X-Forwarded-For", "")),
            headers={name: hits.clean(value) for name, value in kept.items() if value},
        )
        line = hits.write(hit)
        spool.append(line)
        feed.add(line)

    @app.get("/o/<token>.gif")
    def opened(token: str) -> Response | tuple[str, int]:
        ids = read(RING, "open", token, 1)
        if ids is None:
            return "", 404
        note(OPEN, ids[0], None)
        return Response(PIXEL, mimetype="image/gif", headers={"Cache-Control": "no-store"})

    @app.get("/c/<token>")
    def clicked(token: str) -> Answer | tuple[str, int]:
        ids = read(RING, "click", token, 2)
        target = links.target(ids[1]) if ids else None
        if ids is None or target is None:
            return "", 404
        note(CLICK, *ids)
        return redirect(target)

    return app


def nothing() -> WSGIApplication:
    """What the server itself can do: an empty answer."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    return app


def _now() -> datetime:
    return datetime.now(UTC)


def _home() -> Path:
    return Path(os.environ["BENCH_HOME"])


def _spool() -> Spool:
    return Spool(folder_of(_home()))


def _feed() -> StreamFeed:
    return StreamFeed(HitStream(quick_client(os.environ["BENCH_REDIS_URL"])))


def _links() -> LinkCache:
    engine = create_engine(os.environ["BENCH_DATABASE_URL"])
    return LinkCache(file_of(_home()), link_source(sessionmaker(engine)))
