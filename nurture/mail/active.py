"""What would run, reload or take over in a mail: scripts, frames, handlers, addresses that are code.

Mail programs throw it away and filters take it for an attack; the page that shows a mail in the browser never
runs it either. So it is refused where it is written.
"""

import re
from html.parser import HTMLParser

from nurture.rules.words import _

_ELEMENTS = frozenset(
    ("script", "iframe", "object", "embed", "applet", "base", "frame", "frameset", "portal")
)
_ADDRESSES = frozenset(
    ("href", "src", "action", "formaction", "background", "poster", "data", "srcdoc", "to")
)
_LINKS = frozenset((("a", "href"), ("area", "href")))  # looked at as links (mail/links)
# White space and control characters inside an address are nothing to a browser.
_IDLE = re.compile(r"[\x00-\x20]")
_CODE = ("javascript:", "vbscript:", "data:text", "data:image/svg", "data:application")


def active_parts(page: str) -> list[tuple[str, str]]:
    """(what stands there, a sentence) for each part of the page that a mail may not hold."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _ELEMENTS:
            self.found.append((f"<{tag}", _("A mail cannot hold “{what}”.").format(what=f"<{tag}>")))
        for name, value in attrs:
            self._look_at(tag, name, _IDLE.sub("", value or "").lower())

    def _look_at(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on"):
            self.found.append((name, _("A mail cannot hold “{what}”.").format(what=name)))
        elif (tag, name) in _LINKS:
            return
        elif name.rpartition(":")[2] in _ADDRESSES and value.startswith(_CODE):
            self.found.append(
                (value[:20], _("An address of the mail is code: “{what}”.").format(what=value[:40]))
            )
        elif tag == "meta" and (name, value) == ("http-equiv", "refresh"):
            self.found.append(("refresh", _("A mail cannot send its reader elsewhere by itself.")))
