"""Where a person goes next: only to pages of our own."""

from urllib.parse import urlsplit

from flask import url_for


def inside(wanted: str) -> str:
    """The wanted address if it is one of our own pages, the overview otherwise."""
    return wanted if _is_inside(wanted) else url_for("overview.index")


def _is_inside(wanted: str) -> bool:
    # Browsers drop control characters and read a backslash as a slash (WHATWG URL, section 4.4).
    if not wanted.startswith("/") or wanted.startswith("//") or "\\" in wanted or not wanted.isprintable():
        return False
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
