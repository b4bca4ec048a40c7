"""Finds the links of a finished page and puts a slot where each tracked one stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urlsplit

from nurture.mail.sandbox import ADDRESSES
from nurture.mail.shield import Shield
from nurture.mail.source import Link
from nurture.rules.hits import TRAP_LABEL
from nurture.rules.words import _

# Tags as the HTML serialiser writes them: attribute values in double quotes, always.
_ANCHOR = re.compile(r"""<(?:a|area)\b(?:\s+[^\s=<>"]+(?:="[^"]*")?)*\s*/?>""")
_HREF = re.compile(r"""(\shref=")([^"]*)(")""")
_END = re.compile(r"</a>")
_TAG = re.compile(r"<[^<>]*>")
_TRAP = re.compile(r"\sdata-trap[\s=>]")
_UNSEEN = re.compile(r"""\sstyle="[^"]*display:\s*none""")
_ALT = re.compile(r"""\salt="([^"]*)\"""")
_OWN = re.compile(r"\{\{-?\s*(" + "|".join(sorted(ADDRESSES)) + r"|params\.\w+)\s*-?\}\}\Z")
_UNTRACKED = ("mailto:", "tel:", "sms:", "#")
_LONGEST_LABEL = 120


@dataclass(frozen=True)
class LinkFault:
    """A link that cannot be sent: the address as written, and why."""

    url: str
    sentence: str


@dataclass(frozen=True)
class Linked:
    page: str
    links: tuple[Link, ...]
    faults: tuple[LinkFault, ...]


def link_up(page: str, shield: Shield, *, track: bool, links_before: int = 0) -> Linked:
    """The page with `links[no]` slots in place of http(s) addresses. Without `track` links are only
    checked. A link whose path or query holds template code is personal: it is sent as it is. Numbers go on
    from `links_before`.

    A link with the attribute `data-trap` is one that no reader sees and that only scanners follow; it has
    to be hidden (`style="display:none"`), so that nobody is taken for a machine by following it."""
    links: list[Link] = []
    faults = list(_seen_traps(page))
    out: list[str] = []
    position = 0
    for start, end, href, label in _hrefs(page, shield):
        url = shield.uncover(unescape(href)).strip()
        sentence = _fault(url, shield.without_marks(href) != href)
        if sentence:
            faults.append(LinkFault(url, sentence))
        elif track and _is_tracked(url) and not shield.has_mark(href):
            number = links_before + len(links) + 1
            links.append(Link(number, url, label))
            out += (page[position:start], shield.word(f"{{{{ links[{number}] }}}}"))
            position = end
    return Linked("".join(out) + page[position:], tuple(links), tuple(faults))


def _hrefs(page: str, shield: Shield) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, value, label) of each href of an anchor, in order."""
    for anchor in _ANCHOR.finditer(page):
        href = _HREF.search(anchor[0])
        if href is None:
            continue
        closing = _END.search(page, anchor.end())
        inside = page[anchor.end() : closing.start() if closing else anchor.end()]
        start = anchor.start() + href.start(2)
        label = TRAP_LABEL if _TRAP.search(anchor[0]) else _label(inside, shield)
        yield start, start + len(href[2]), href[2], label


def _seen_traps(page: str) -> Iterator[LinkFault]:
    for anchor in _ANCHOR.finditer(page):
        if _TRAP.search(anchor[0]) and not _UNSEEN.search(anchor[0]):
            href = _HREF.search(anchor[0])
            yield LinkFault(
                unescape(href[2]) if href else "", _("A trap link has to be hidden: display:none.")
            )


def _label(inside: str, shield: Shield) -> str:
    """The words of a link, or the text of its picture."""
    words = unescape(shield.without_marks(_TAG.sub(" ", inside)))
    label = " ".join(words.split()) or " ".join(unescape(alt) for alt in _ALT.findall(inside))
    return label[:_LONGEST_LABEL]


def _is_tracked(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))


def _fault(url: str, has_code: bool) -> str | None:
    if _OWN.match(url) or url.lower().startswith(_UNTRACKED):
        return None
    if not url:
        return _("The link has no address.")
    if not _is_tracked(url):
        return _("The link “{url}” does not begin with http:// or https://.").format(url=url)
    if has_code and "{" in url.split("/")[2]:
        return _("The host of the link “{url}” is put together by the template.").format(url=url)
    if not _host(url):
        return _("The link “{url}” names no host.").format(url=url)
    return None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def href(url: str) -> str:
    """An address as an attribute value."""
    return escape(url, quote=True)
