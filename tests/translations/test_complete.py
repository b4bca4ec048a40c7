"""Every string of the program is there in every language, whole."""

import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from nurture.files.catalogues import FILE, FOLDER
from nurture.web.language import NAMES
from tests.translations.marked import ROOT

LANGUAGES = sorted(path.parents[1].name for path in FOLDER.glob(f"*/{FILE}"))
KEYWORDS = {**DEFAULT_KEYWORDS, "_N": None, "pgettext": ((1, "c"), 2)}
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    """Every string that is marked, as `make translations` finds it."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found = Catalog()
    for folder in ("nurture", "templates", "campaigns"):
        for name, line, message, _comments, context in extract_from_dir(
            ROOT / folder,
            [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in methods],
            {pattern.removeprefix(f"{folder}/"): given for pattern, given in options.items()},
            keywords=KEYWORDS,
        ):
            found.add(message, locations=[(f"{folder}/{name}", line)], context=context)
    return found


def _catalogue(language: str) -> Catalog:
    with (FOLDER / language / FILE).open("rb") as file:
        return read_po(file, locale=language)


def _said(message: Message) -> Iterator[tuple[str, str]]:
    """Each form of a translation with the English it stands for."""
    if isinstance(message.id, str):
        yield message.id, str(message.string)
    else:
        yield from ((message.id[-1], form) for form in message.string)


def _edges(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()


def _where(message: Message) -> str:
    return ", ".join(f"{name}:{line}" for name, line in message.locations[:2])


def test_the_strings_are_found_at_all(extracted: Catalog) -> None:
    assert len(extracted) > 1500
    assert extracted.get("Sign in") is not None
    assert extracted.get("Call", context="button") is not None
    assert extracted.get("followed our links repeatedly") is not None
    assert isinstance(extracted.get("%(num)s lead").id, tuple)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_translated(extracted: Catalog, language: str) -> None:
    catalogue = _catalogue(language)
    missing = []
    for message in extracted:
        there = catalogue.get(message.id, message.context) if message.id else None
        forms = catalogue.num_plurals if isinstance(message.id, tuple) else 1
        said = [form for _english, form in _said(there)] if there else []
        if message.id and (len(said) != forms or not all(said) or there.fuzzy):
            missing.append(f"{_where(message)}: {message.id}")
    assert missing == [], "run make translations and fill them in"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_loses_a_place_or_an_edge(language: str) -> None:
    wrong = []
    for message in _catalogue(language):
        for english, said in _said(message) if message.id else ():
            places = set(_PLACE.findall(english)) != set(_PLACE.findall(said))
            edges = _edges(english) != _edges(said)
            if places or edges:
                wrong.append(f"{english} -> {said}")
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(extracted: Catalog, language: str) -> None:
    there = {(message.context, message.id) for message in extracted}
    left = [message.id for message in _catalogue(language) if (message.context, message.id) not in there]
    assert [message for message in left if message] == []


def test_every_language_says_its_own_name() -> None:
    assert {"en", *LANGUAGES} <= set(NAMES)


def test_russian_is_written_as_russians_write(extracted: Catalog) -> None:
    wrong = []
    for message in _catalogue("ru"):
        for english, said in _said(message) if message.id else ():
            code = re.sub(r"`[^`]*`|\{[^}]*\}|--?\w+ ?\w*=?\"[^\"]*\"", "", said)
            if re.search(r"[“”„]", code) or re.search(r"\b(еще|ее|чье|причем|чем-либо-)\b", code.lower()):
                wrong.append(f"{english} -> {said}")
    assert wrong == []
