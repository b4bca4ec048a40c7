"""The text part: what the page says, for those who read without pictures and styles.

Marks of the shield pass through: words as words, comments as comments.
"""

import re

from lxml import html as lxml_html
from lxml.html import HtmlElement

_HIDDEN = frozenset(("head", "style", "script", "title", "template"))
_APART = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "table",
        "blockquote",
        "pre",
        "figure",
        "section",
        "article",
        "hr",
    ]
)
_LINES = frozenset(["div", "tr", "li", "dt", "dd", "center", "header", "footer", "main"])
_SPACE = re.compile(r"[ \t\r\n\f]+")
_RULE = "-" * 40


def plain_text(page: str) -> str:
    """The page as lines of text, each link followed by its address in brackets."""
    writer = _Writer()
    writer.element(lxml_html.document_fromstring(page))
    return writer.text()


class _Writer:
    """Collects words; a break asked for between two words is written once, the larger one wins."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._breaks = 0
        self._space = False

    def text(self) -> str:
        return "".join(self._out).strip("\n") + "\n"

    def element(self, node: HtmlElement) -> None:
        tag = node.tag if isinstance(node.tag, str) else "comment"
        if tag == "comment":
            self._comment(node)
        elif tag not in _HIDDEN and not _is_hidden(node):
            self._visible(tag, node)
        if node.tail:
            self.words(node.tail)

    def words(self, text: str) -> None:
        """Text with its white space folded, as HTML does."""
        folded = _SPACE.sub(" ", text)
        words = folded.strip(" ")
        self._space = self._space or folded.startswith(" ")
        if words:
            self._lead_in()
            self._out.append(words)
            self._space = folded.endswith(" ")

    def _lead_in(self) -> None:
        if self._out and self._breaks:
            self._out.append("\n" * self._breaks)
        elif self._out and self._space:
            self._out.append(" ")
        self._breaks, self._space = 0, False

    def _break(self, lines: int) -> None:
        self._breaks = max(self._breaks, lines)

    def _comment(self, node: HtmlElement) -> None:
        text = node.text or ""
        if text.startswith("zqj"):
            self._lead_in()
            self._out.append(f"<!--{text}-->")

    def _visible(self, tag: str, node: HtmlElement) -> None:
        apart = 2 if tag in _APART else 1 if tag in _LINES else 0
        self._break(apart)
        self._inside(tag, node)
        self._break(apart)

    def _inside(self, tag: str, node: HtmlElement) -> None:
        if tag == "br":
            self._lead_in()
            self._break(1)
        elif tag == "hr":
            self.words(_RULE)
        elif tag == "img":
            self.words(node.get("alt") or "")
        elif tag == "a":
            self._link(node)
        elif tag == "li":
            self.words(_bullet(node) + " ")
            self._children(node)
        elif tag in ("td", "th"):
            self._cell(node)
        else:
            self._children(node)

    def _children(self, node: HtmlElement) -> None:
        if node.text:
            self.words(node.text)
        for child in node:
            self.element(child)

    def _cell(self, node: HtmlElement) -> None:
        if node.getprevious() is not None:
            self._space = True
        self._children(node)

    def _link(self, node: HtmlElement) -> None:
        before = len(self._out)
        self._children(node)
        href = (node.get("href") or "").strip()
        label = "".join(self._out[before:]).strip()
        if not href or href.startswith("#") or label == href:
            return
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if label != address:
            self.words(f" ({address})" if label else address)


def _bullet(item: HtmlElement) -> str:
    parent = item.getparent()
    if parent is None or parent.tag != "ol":
        return "-"
    return f"{[child for child in parent if child.tag == 'li'].index(item) + 1}."


def _is_hidden(node: HtmlElement) -> bool:
    return "display:none" in (node.get("style") or "").replace(" ", "")
