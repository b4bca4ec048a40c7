"""The reader's language: English as written, or a catalogue of nurture/translations.

Catalogues are read from their `.po` files when the program starts, so that there is nothing to compile.
"""

import io
from pathlib import Path
from typing import cast

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request

from nurture.rules import words

FOLDER = Path(__file__).resolve().parents[1] / "translations"


def install(app: Flask, folder: Path = FOLDER) -> None:
    """Choose the language of each request, for templates and for sentences of the rules."""
    catalogues = load_catalogues(folder)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _current().gettext(text),
        lambda one, many, number: _current().ngettext(one, many, number),
        newstyle=True,
    )
    app.before_request(lambda: _choose(catalogues))
    app.teardown_request(lambda _fault: words.use(None))


def load_catalogues(folder: Path) -> dict[str, NullTranslations]:
    """The catalogues by language; English is the text as written."""
    found: dict[str, NullTranslations] = {"en": NullTranslations()}
    for path in sorted(folder.glob("*/LC_MESSAGES/messages.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parents[1].name)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        found[path.parents[1].name] = Translations(compiled)
    return found


def locale() -> Locale:
    """How this request's reader writes dates and numbers."""
    return Locale.parse(cast(str, g.get("language", "en")))


def _choose(catalogues: dict[str, NullTranslations]) -> None:
    g.language = request.accept_languages.best_match(sorted(catalogues), "en")
    g.catalogue = catalogues[g.language]
    words.use(g.catalogue.gettext if g.language != "en" else None)


def _current() -> NullTranslations:
    return cast(NullTranslations, g.get("catalogue") or _ENGLISH)


_ENGLISH = NullTranslations()
