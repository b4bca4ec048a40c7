"""How mails look: the layouts and footers of templates/mail/, with their own few words translated."""

import re
from functools import cache
from html import escape
from pathlib import Path

from nurture.errors import NotFound
from nurture.rules.words import _

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "mail"
CONTENT = "<!--content-->"
PREHEADER = "<!--preheader-->"
FOOTER = "<!--footer-->"
PIXEL = "<!--pixel-->"

_PHRASE = re.compile(r'\{\{ _\("([^"]*)"\) \}\}')


def names() -> list[str]:
    """The layouts there are."""
    return sorted(path.stem for path in FOLDER.glob("*.html"))


def layout(name: str) -> str:
    """A whole page of HTML with the marks for content, preheader, footer and pixel. Raises NotFound."""
    if name not in names():
        raise NotFound(
            _("There is no layout “{name}”; there are {all}.").format(name=name, all=", ".join(names()))
        )
    return _translated(_read(f"{name}.html"))


def footer(kind: str) -> str:
    """The footer of a kind of mail: HTML with template code."""
    return _translated(_read(f"footer/{kind}.html"))


def pixel() -> str:
    return _read("footer/pixel.html")


def service_mail(key: str) -> str:
    """The words of one of the engine's own mails. Raises NotFound."""
    if key not in {path.stem for path in (FOLDER / "service").glob("*.md")}:
        raise NotFound(_("The engine has no mail “{name}”.").format(name=key))
    return _read(f"service/{key}.md")


def everything() -> str:
    """The text of all files, for fingerprints: another look means another compilation."""
    return "".join(_read(str(path.relative_to(FOLDER))) for path in sorted(FOLDER.rglob("*.html")))


def _translated(text: str) -> str:
    return _PHRASE.sub(lambda phrase: escape(_(phrase[1])), text)


@cache
def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
