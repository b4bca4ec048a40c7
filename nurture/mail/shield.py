"""Keeps template code unharmed while Markdown, MJML and CSS tools work on the text around it.

Those tools escape, move and percent-encode what they do not know: `{% if a > 1 %}` would come back with
`&gt;`. So every piece of Jinja is taken out first and replaced by something each of them leaves alone: a
word inside tags and for values, a comment for statements between tags (a word there would be moved out
of tables by the HTML parser).
"""

import re
from collections.abc import Iterator

from jinja2 import Environment

_LEXER = Environment(keep_trailing_newline=True)
_BEGINS = {"variable_begin": "variable_end", "block_begin": "block_end", "comment_begin": "comment_end"}
_OPEN_TAG = re.compile(r"<[A-Za-z/][^<>]*\Z")
_OPEN_DESTINATION = re.compile(r"\]\([^()\s]*\Z")
_WORD = "zqj{}jqz"
_MARK = re.compile(r"<!--zqj(\d+)jqz-->|zqj(\d+)jqz(?:=\"\")?")
_LAST_WINDOW = 4000


class Shield:
    """The template code of one mail, by number, while the text around it is worked on."""

    def __init__(self) -> None:
        self._kept: list[str] = []

    def cover(self, text: str) -> str:
        """The text with each piece of Jinja replaced by a mark. Raises TemplateSyntaxError."""
        out = ""
        for is_code, piece in _pieces(text):
            out += self._mark(piece, out) if is_code else piece
        return out

    def word(self, code: str) -> str:
        """A mark for a piece of code that stands for a value."""
        self._kept.append(code)
        return _WORD.format(len(self._kept) - 1)

    def uncover(self, text: str) -> str:
        """The text with its code back."""
        return _MARK.sub(lambda mark: self._kept[int(mark[1] or mark[2])], text)

    def has_mark(self, text: str) -> bool:
        return _MARK.search(text) is not None

    def without_marks(self, text: str) -> str:
        return _MARK.sub("", text)

    def _mark(self, code: str, before: str) -> str:
        word = self.word(code)
        recent = before[-_LAST_WINDOW:]
        inside = code.startswith("{{") or _OPEN_TAG.search(recent) or _OPEN_DESTINATION.search(recent)
        return word if inside else f"<!--{word}-->"


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """(is code, piece) in order; joined they are the text."""
    code = ""
    end = ""
    for _line, kind, value in _LEXER.lex(text):
        if end:
            code += value
            if kind == end:
                yield True, code
                code = end = ""
        elif kind in _BEGINS:
            code, end = value, _BEGINS[kind]
        else:
            yield kind in ("raw_begin", "raw_end"), value
