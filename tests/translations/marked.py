"""Finds the strings that a person reads and nobody can translate, in templates and in Python."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
MARKS = frozenset(("_", "_N", "gettext", "ngettext", "pgettext"))
# What is said in attributes; everything else in them is for machines.
SAID = ("title", "aria-label", "placeholder", "alt", "data-ask", "content")
NAMES = frozenset(
    ("Nurture", "CSV", "Enter", "Esc", "JSON", "GET", "POST", "px", "d", "ms", "RSA", "Ed25519", "BANT")
)
_HOLE = "\x00"
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"[A-Z“\"][^\n]* [^\n]*[a-z”\"][.?!…]$")


def in_template(text: str) -> list[str]:
    """The bare words of a Jinja template: text and said attributes outside gettext, and constants that
    look like words in its expressions."""
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(text)
    page = _Page()
    page.feed("".join(_pieces(tree)))
    page.close()
    return page.found + [text for text in _constants(tree) if _reads_like_words(text)]


def _pieces(tree: nodes.Template) -> Iterator[str]:
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            yield node.data if isinstance(node, nodes.TemplateData) else _HOLE


def _constants(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in MARKS:
        for keyword in node.kwargs:
            yield from _constants(keyword.value)
        return
    if isinstance(node, nodes.Compare | nodes.Getitem | nodes.Include | nodes.Extends | nodes.Import):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _constants(child)


def _reads_like_words(text: str) -> bool:
    bare = text.strip()
    if bare in NAMES or "<" in bare or "%" in bare:
        return False
    return bool(re.match(r"[A-Z][a-z]+(?: |$)", bare)) or bool(re.match(r"[a-z]+ [a-z]+ [a-z ]+$", bare))


class _Page(HTMLParser):
    """Collects what stands bare on a page; the holes are what templates fill."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "svg", "code", "pre", "kbd"):
            self._silent += 1
        for name, value in attrs:
            if name in SAID and tag != "meta" and value:
                self._note(value)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "svg", "code", "pre", "kbd"):
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._note(data)

    def _note(self, text: str) -> None:
        bare = [word for word in text.replace(_HOLE, " ").split() if word not in NAMES and word[0] != "#"]
        words = _LETTERS.findall(" ".join(bare))
        if words:
            self.found.append(" ".join(text.split()))


# Whose strings a person reads at the pages or the API. Called with a bare text, it stays English.
SAYING = frozenset(
    (
        "Conflict", "ConditionFault", "Fault", "Forbidden", "Invalid", "NotFound", "Refusal", "RenderFault",
        "TooLarge", "TransportDown", "Unavailable", "ValidationError", "flash", "page", "problem",
    )
)  # fmt: skip


def in_python(text: str) -> list[tuple[int, str]]:
    """(line, words) of bare texts handed to what speaks to people, and of bare whole sentences."""
    tree = ast.parse(text)
    marked = {id(inner) for node in ast.walk(tree) if _is_mark(node) for inner in ast.walk(node)}
    silent = {id(node) for node in _docstrings(tree)} | {id(node) for node in _logged(tree)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in SAYING:
            said = [
                argument for argument in node.args if _is_text(argument) and _LETTERS.search(_text(argument))
            ]
            found |= {(one.lineno, _text(one)) for one in said if id(one) not in marked and " " in _text(one)}
        if _is_text(node) and id(node) not in marked | silent and _SENTENCE.match(_text(node)):
            found.add((node.lineno, _text(node)))
    return sorted(found)


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in MARKS


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _logged(tree: ast.AST) -> Iterator[ast.AST]:
    """What the schema of the API, logs and assertions say: for programmers, in English."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield from ast.walk(node)
        if isinstance(node, ast.keyword) and node.arg in ("metadata", "description", "summary"):
            yield from ast.walk(node)
