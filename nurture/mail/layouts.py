"""How mails look: the layouts and footers of templates/mail/, with their own few words translated."""

import json
import re
from functools import cache
from html import escape
from pathlib import Path

from nurture.errors import NotFound
from nurture.rules.words import ENGLISH, _, languages, nearest, speaking

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "mail"
CONTENT = "<!--content-->"
PREHEADER = "<!--preheader-->"
FOOTER = "<!--footer-->"
PIXEL = "<!--pixel-->"
_LANGUAGE = '<html lang="en">'

_PHRASE = re.compile(r'\{\{ _\("([^"]*)"\) \}\}')


def names() -> list[str]:
    """The layouts there are."""
    return sorted(path.stem for path in FOLDER.glob("*.html"))


def layout(name: str, language: str) -> str:
    """A whole page of HTML with the marks for content, preheader, footer and pixel, its own words in the
    language of the mail. Raises NotFound."""
    if name not in names():
        raise NotFound(
            _("There is no layout “{name}”; there are {all}.").format(name=name, all=", ".join(names()))
        )
    page = _read(f"{name}.html").replace(_LANGUAGE, f'<html lang="{escape(language)}">', 1)
    return _translated(page, language)


def footer(kind: str, language: str) -> str:
    """The footer of a kind of mail in the language of the mail: HTML with template code."""
    return _translated(_read(f"footer/{kind}.html"), language)


def pixel() -> str:
    return _read("footer/pixel.html")


def service_mail(key: str, language: str) -> tuple[str, str]:
    """The words of one of the engine's own mails, and the language they are in: the one asked for, else
    English. Raises NotFound."""
    there = {path.name for path in (FOLDER / "service").glob("*.md")}
    if f"{key}.md" not in there:
        raise NotFound(_("The engine has no mail “{name}”.").format(name=key))
    if f"{key}.{language}.md" in there:
        return _read(f"service/{key}.{language}.md"), language
    return _read(f"service/{key}.md"), ENGLISH


def everything(language: str) -> str:
    """The text of all files in a language, for fingerprints: another look means another compilation."""
    paths = sorted(FOLDER.rglob("*.html"))
    return _translated("".join(_read(str(path.relative_to(FOLDER))) for path in paths), language)


def _translated(text: str, language: str) -> str:
    return _PHRASE.sub(lambda phrase: _phrase(phrase[1], language), text)


def _phrase(english: str, language: str) -> str:
    """A phrase in the language of the mail, and in the reader's own where we speak it: a mail that is there
    in one language only still tells everybody how to leave."""
    said = {code: _in(english, code) for code in languages()}
    own = said.pop(nearest(language) or ENGLISH)
    others = {code: words for code, words in said.items() if words != own}
    if not others:
        return escape(own)
    chosen = json.dumps(own, ensure_ascii=False)
    for code, words in others.items():
        asked = f'(lead.language ~ "-")[:{len(code) + 1}] == "{code}-"'
        chosen = f"{json.dumps(words, ensure_ascii=False)} if {asked} else {chosen}"
    return f"{{{{ {chosen} }}}}"


def _in(english: str, language: str) -> str:
    with speaking(language):
        return _(english)


@cache
def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
