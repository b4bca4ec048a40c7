"""Files the pages load: our own under /static, the fetched front-end parts under /vendor."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, request, send_file, url_for

from nurture.web.parts import Vendor

pages = Blueprint("files", __name__)
STATIC = Path(__file__).resolve().parent / "static"
_FOR_EVER = 31_536_000


@pages.get("/vendor/<path:name>")
def vendor(name: str) -> Response:
    """A part by its exact address; nothing else of the disk can be reached."""
    parts: Vendor = current_app.extensions["vendor"]
    path = parts.files.get(name)
    if path is None or not path.exists():
        abort(404)
    zipped = path.with_name(path.name + ".gz")
    use_zipped = request.accept_encodings.quality("gzip") > 0 and zipped.exists()
    kind = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}[path.suffix]
    answer = send_file(zipped if use_zipped else path, mimetype=kind, max_age=_FOR_EVER, conditional=True)
    if use_zipped:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    answer.cache_control.public = True
    answer.cache_control.immutable = True
    return answer


def own(name: str) -> str:
    """The address of a file of ours, new whenever its content is."""
    return url_for("static", filename=name, v=_digest(name))


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
