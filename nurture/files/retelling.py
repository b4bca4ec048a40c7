"""Sentences that were filled in and kept in English, told again in another language.

What workers note (why a server could not be reached, why a lead is ripe) is kept as English sentences, since
nobody in particular reads them then. Each is a message of the catalogue with its places filled: so the
message is found by its fixed words, and what stood in the places is told again, too.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from babel.messages.catalog import Catalog, Message

# Sentences that are kept are filled by format; what templates fill by %(name)s is never kept.
_PLACE = re.compile(r"\{(\w+)\}")
_OF_TEMPLATES = re.compile(r"%\(\w+\)[sd]|%s")
_LEAST_LETTERS = 3  # a message of nothing but places would tell everything
# "{name} for {span}" looks like much that people write: with so few letters of its own a message is only
# known by what stands in its places, which then is ours, too, or no words.
_SURE_LETTERS = 6
_WORD = re.compile(r"[^\W\d_]{2}")
_DEEPEST = 3
Form = Callable[[Mapping[str, str]], str]


class Memory:
    """The messages of one catalogue, by what they look like when filled."""

    def __init__(self, catalogue: Catalog) -> None:
        self._plain: dict[str, str] = {}
        self._shapes: list[tuple[int, re.Pattern[str], Form]] = []
        for message in catalogue:
            for english, form in _forms(message, catalogue):
                self._learn(english, form)
        self._shapes.sort(key=lambda shape: -shape[0])

    def retold(self, sentence: str, depth: int = 0) -> str:
        """The sentence in the catalogue's language; as it is where it is none of the catalogue's."""
        bare = sentence.strip()
        if not bare:
            return sentence
        for written, capital in ((bare, False), (bare[:1].lower() + bare[1:], True)):
            told = self._told(written, depth)
            if told is not None:
                return told[:1].upper() + told[1:] if capital else told
        parts = bare.split(", ")
        return ", ".join(self.retold(part, depth) for part in parts) if len(parts) > 1 else sentence

    def _told(self, written: str, depth: int) -> str | None:
        if written in self._plain:
            return self._plain[written]
        if depth >= _DEEPEST:
            return None
        for letters, shape, form in self._shapes:
            found = shape.fullmatch(written)
            if found:
                told = {name: self.retold(text, depth + 1) for name, text in found.groupdict().items()}
                if letters >= _SURE_LETTERS or _ours(found.groupdict(), told):
                    return form(told)
        return None

    def _learn(self, english: str, form: Form) -> None:
        if _OF_TEMPLATES.search(english):
            return
        places = list(_PLACE.finditer(english))
        if not places:
            self._plain.setdefault(english.strip(), form({}).strip())
            return
        letters = len(re.findall(r"[^\W\d_]", _PLACE.sub("", english)))
        if letters >= _LEAST_LETTERS:
            self._shapes.append((letters, _shape(english), form))


def _ours(written: Mapping[str, str], told: Mapping[str, str]) -> bool:
    return all(told[name] != text or not _WORD.search(text) for name, text in written.items())


def _forms(message: Message, catalogue: Catalog) -> Iterator[tuple[str, Form]]:
    """Each English form with what makes the translation of it."""
    if not message.id or not message.string or message.context:
        return
    if not isinstance(message.id, str):
        strings = tuple(message.string)
        plural = _plural(catalogue)
        for english in message.id:
            yield str(english), lambda values: _filled(strings[plural(values)], values)
    else:
        text = str(message.string)
        yield message.id, lambda values: _filled(text, values)


def _plural(catalogue: Catalog) -> Callable[[Mapping[str, str]], int]:
    rule = catalogue.locale.plural_form if catalogue.locale else None
    order = {"one": 0, "few": 1, "many": 2, "other": catalogue.num_plurals - 1}

    def form_of(values: Mapping[str, str]) -> int:
        number = next((int(text) for text in values.values() if text.isdecimal()), 1)
        return min(order.get(rule(number) if rule else "other", 0), catalogue.num_plurals - 1)

    return form_of


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def _shape(english: str) -> re.Pattern[str]:
    """A message as a pattern: its words as they are, anything in its places."""
    out, at, seen = [], 0, set()
    for place in _PLACE.finditer(english):
        name = place[1]
        out.append(re.escape(english[at : place.start()]))
        out.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
        at = place.end()
    out.append(re.escape(english[at:]))
    return re.compile("".join(out).strip(), re.DOTALL)
