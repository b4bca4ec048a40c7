"""From what the author wrote to one page of HTML, with styles where mail programs honour them: inline."""

import re
from collections.abc import Sequence
from functools import cache

from css_inline import CSSInliner, InlineError
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mjml import mjml2html

from nurture.errors import Invalid
from nurture.rules.words import _

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
# The parsers of pages and of MJML go down one call for each level, and end the whole process where the stack
# ends: at some ten thousand elements in each other, and some two thousand of MJML. A mail that people read
# has hundreds.
_OPENING = re.compile(r"<[A-Za-z]")
MOST_ELEMENTS, MOST_OF_MJML = 3_000, 1_000
_WHOLE_PAGE = re.compile(r"<(?:!doctype|html)\b", re.IGNORECASE)
# A bold link alone in its paragraph is the button of the mail.
_BUTTON = ("strong_open", "link_open", "text", "link_close", "strong_close")


def markdown(text: str) -> str:
    """CommonMark with tables; raw HTML stays."""
    parser = _markdown_parser()
    tokens = parser.parse(text)
    for token in tokens:
        if token.type == "inline":
            _mark_button(token.children or [])
    return str(parser.renderer.render(tokens, parser.options, {}))


@cache
def _markdown_parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table")


def _mark_button(children: Sequence[Token]) -> None:
    solid = [child for child in children if child.type != "text" or child.content]
    if tuple(child.type for child in solid) == _BUTTON:
        solid[1].attrSet("class", "button")


def mjml(text: str) -> str:
    """MJML as a whole page. Raises Invalid with the parser's complaint, or for one that is too large."""
    _refuse_more_than(MOST_OF_MJML, text)
    try:
        return str(mjml2html(text))
    except Exception as fault:
        raise Invalid(_("The MJML cannot be read: {why}.").format(why=str(fault).rstrip("."))) from fault


def _refuse_more_than(most: int, text: str) -> None:
    if len(_OPENING.findall(text)) > most:
        raise Invalid(_("The mail has more than {n} elements: take some out.").format(n=most))


def is_page(html: str) -> bool:
    """Whether the HTML is a whole page, or a fragment for a layout."""
    return _WHOLE_PAGE.search(html) is not None


def after_body_start(page: str, addition: str) -> str:
    found = _BODY.search(page)
    at = found.end() if found else 0
    return page[:at] + addition + page[at:]


def before_body_end(page: str, addition: str) -> str:
    at = page.lower().rfind("</body>")
    at = len(page) if at < 0 else at
    return page[:at] + addition + page[at:]


def inlined(page: str) -> str:
    """The page with its style rules on the elements; media queries stay in <style>. Raises Invalid."""
    _refuse_more_than(MOST_ELEMENTS, page)
    try:
        return _inliner().inline(page)
    except InlineError as fault:
        raise Invalid(_("The styles cannot be read: {why}.").format(why=fault)) from fault


@cache
def _inliner() -> CSSInliner:
    return CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, keep_at_rules=True)
