"""Marks the strings that a person reads, so that every one of them can be translated.

Doors and flows choose the language (`speak`, `speaking`) for the context they run in; where nobody chose,
the English text stands as it is. Catalogues are handed in when the process starts (`learn`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

ENGLISH = "en"


class Catalogue(Protocol):
    """The words of one language; what it does not know it gives back as written."""

    def gettext(self, message: str, /) -> str: ...

    def ngettext(self, one: str, many: str, number: int, /) -> str: ...

    def pgettext(self, context: str, message: str, /) -> str: ...

    def retold(self, sentence: str, /) -> str: ...


_catalogues: dict[str, Catalogue] = {}
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


def learn(catalogues: Mapping[str, Catalogue]) -> None:
    """Speak these languages from now on, beside English."""
    _catalogues.clear()
    _catalogues.update(catalogues)


def learnt() -> Mapping[str, Catalogue]:
    """The catalogues in use."""
    return dict(_catalogues)


def languages() -> tuple[str, ...]:
    """The codes of all languages, English first."""
    return ENGLISH, *sorted(set(_catalogues) - {ENGLISH})


def nearest(tag: str | None) -> str | None:
    """The language of ours that serves a reader of `tag` (RFC 4647, section 3.4: ru-RU is served by ru);
    None where there is none."""
    code = (tag or "").replace("_", "-").lower().partition("-")[0]
    return code if code in languages() else None


def speak(language: str) -> None:
    """Use this language in the current context; one that is not known means English."""
    _spoken.set(language if language in languages() else ENGLISH)


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Use the nearest language of ours inside the block; English where there is none."""
    before = _spoken.set(nearest(language) or ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(before)


def spoken() -> str:
    """The code of the language in use."""
    return _spoken.get()


def _(text: str) -> str:
    """The text in the reader's language."""
    catalogue = _catalogues.get(_spoken.get())
    return catalogue.gettext(text) if catalogue else text


def ngettext(one: str, many: str, number: int) -> str:
    """The form that belongs to the number, in the reader's language."""
    catalogue = _catalogues.get(_spoken.get())
    if catalogue:
        return catalogue.ngettext(one, many, number)
    return one if number == 1 else many


def pgettext(context: str, text: str) -> str:
    """The text in the reader's language, where the same English word has several meanings."""
    catalogue = _catalogues.get(_spoken.get())
    return catalogue.pgettext(context, text) if catalogue else text


def retold(sentence: str) -> str:
    """What was written down in English, when nobody in particular was reading, in the reader's language.
    What is not a sentence of ours (a server's answer, a person's words) stays as it is."""
    catalogue = _catalogues.get(_spoken.get())
    return catalogue.retold(sentence) if catalogue else sentence
