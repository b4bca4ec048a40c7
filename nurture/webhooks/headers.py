"""Headers of a receiver's own, such as Authorization, beside those that every message carries."""

import re
from collections.abc import Iterable, Mapping

from nurture.rules.words import _

MOST = 10
LONGEST_NAME, LONGEST_VALUE = 60, 2000
HIDDEN = "•••"

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # a token of RFC 9110 section 5.6.2
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)
_OUR_PREFIXES = ("proxy-", "webhook-")
# Shorter ones are found everywhere, and are no secrets.
_SHORTEST_HIDDEN = 6


def faults(given: Mapping[str, str | None], *, kept: Iterable[str] = ()) -> list[str]:
    """What is wrong with headers to be set (None takes one away), `kept` being those there are."""
    found = [sentence for name, value in given.items() if (sentence := _fault(name, value))]
    lower = [name.lower() for name in given]
    if len(set(lower)) < len(lower):
        found.append(_("One of the headers is named twice."))
    after = {name.lower() for name in kept} | set(lower) - {
        name.lower() for name, value in given.items() if value is None
    }
    if len(after) > MOST:
        found.append(_("A receiver takes %(most)s headers of its own at most.") % {"most": MOST})
    return found


def _fault(name: str, value: str | None) -> str | None:
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return _("“%(name)s” is not a name of a header.") % {"name": name[:LONGEST_NAME]}
    if name.lower() in _OURS or name.lower().startswith(_OUR_PREFIXES):
        return _("The header %(name)s is set by the message itself.") % {"name": name}
    if value is not None and (not _VALUE.fullmatch(value) or len(value) > LONGEST_VALUE):
        return _("The value of %(name)s may hold plain characters without line breaks.") % {"name": name}
    if value is not None and "YOUR_" in value:
        return _("Put your own value in the place of the one of %(name)s.") % {"name": name}
    return None


def hide(text: str, values: Iterable[str]) -> str:
    """A text without these values and the words in them: receivers are known to repeat what they got."""
    secrets = {word for value in values for word in (value, *value.split())}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) > _SHORTEST_HIDDEN or secret in values:
            text = text.replace(secret, HIDDEN)
    return text
