"""Where a person goes next: only to pages of our own."""

from urllib.parse import urlsplit

from flask import url_for


def inside(wanted: str) -> str:
    """The wanted address if it is one of our own pages, the overview otherwise."""
    parts = urlsplit(wanted)
    outside = parts.scheme or parts.netloc or not wanted.startswith("/") or wanted.startswith(("//", "/\\"))
    return url_for("overview.index") if outside or "\\" in wanted else wanted
