"""Words of steps filled with what is known of a lead, in the language of mails, with no more power."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import Template

from nurture.mail.prepare import Values, as_text, one_line, render, template_of
from nurture.mail.sandbox import Fault, MailEnvironment, template_faults

_PLAIN = MailEnvironment(as_text)
_URL = MailEnvironment(lambda value: quote(as_text(value), safe=""))
_KEPT = 1000


def filled(text: str, values: Values, language: str = "en") -> str:
    """A text with its values. Raises RenderFault."""
    return render(_plain(text, language), values) if _is_template(text) else text


def filled_line(text: str, values: Values, language: str = "en") -> str:
    """The same as one line, fit for a header."""
    return one_line(filled(text, values, language))


def filled_url(url: str, values: Values) -> str:
    """An address whose values are percent-encoded (RFC 3986, section 2.1): none can change where it leads.
    Raises RenderFault."""
    return render(_url(url), values) if _is_template(url) else url


def filled_json(value: Any, values: Values) -> Any:
    """A plain value with every text in it filled. Raises RenderFault."""
    if isinstance(value, str):
        return filled(value, values)
    if isinstance(value, Mapping):
        return {name: filled_json(one, values) for name, one in value.items()}
    return [filled_json(one, values) for one in value] if isinstance(value, list) else value


def phrase_faults(value: Any) -> list[Fault]:
    """(line, sentence) of everything in a text, or in the texts of a plain value, that it may not hold."""
    return [fault for text in _texts(value) for fault in template_faults(text)]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _is_template(text: str) -> bool:
    return "{" in text


@lru_cache(maxsize=_KEPT)
def _plain(text: str, language: str) -> Template:
    return template_of(_PLAIN, text, language)


@lru_cache(maxsize=_KEPT)
def _url(url: str) -> Template:
    return template_of(_URL, url, "en")
