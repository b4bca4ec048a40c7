"""Whether a stored link may be answered as a redirect, and how it is written in the header."""

from urllib.parse import quote, urlsplit, urlunsplit

from nurture.rules.hits import TRAP_TARGET

# Everything RFC 3986 lets stand in an address, and the percent sign of what is quoted already.
_KEPT = "%/:?#[]@!$&'()*+,;=-._~"


def location(target: str) -> str | None:
    """The value of the Location header for `target`: http or https, pure ASCII (host as A-labels,
    RFC 5890; the rest percent-encoded as UTF-8). None when it cannot be one. That of the link which nobody
    sees stays as it is: where it leads depends on whose it is, and only the door can say."""
    if target == TRAP_TARGET:
        return target
    if any(sign.isspace() or not sign.isprintable() for sign in target):
        return None
    try:
        parts = urlsplit(target)
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode("ascii")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    path, query, fragment = (quote(part, safe=_KEPT) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, host, path, query, fragment))
