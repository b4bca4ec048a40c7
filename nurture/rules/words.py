"""Marks the strings that a person reads, so that every one of them can be translated.

The catalogue is chosen at the door (`use`), for the thread that serves the request; without one the
English text stands as it is.
"""

from collections.abc import Callable
from contextvars import ContextVar

_translate: ContextVar[Callable[[str], str] | None] = ContextVar("translate", default=None)


def use(translate: Callable[[str], str] | None) -> None:
    """Take this catalogue for the current context."""
    _translate.set(translate)


def _(text: str) -> str:
    """The text in the reader's language."""
    translate = _translate.get()
    return translate(text) if translate else text


def ngettext(one: str, many: str, number: int) -> str:
    """`one` or `many`, by number, in the reader's language."""
    return _(one if number == 1 else many)
