"""The reader's language: what they chose, else what their browser asks for, else English.

Whoever is signed in reads in the language of the account; a public page is written in the language of the
lead whose link it is.
"""

from functools import cache
from typing import Any

from babel import Locale
from babel.numbers import format_decimal
from flask import Flask, request, session
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from nurture.rules import words

# The names by which readers know their own languages; never translated.
NAMES = {"en": "English", "ru": "Русский"}
CHOSEN, LAST = "language", "language_last"


def install(app: Flask) -> None:
    """Choose the language of each request, for templates and for sentences of all rooms. Comes before
    anything that can refuse a request, so that refusals are in it, too."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        words._, words.ngettext, newstyle=True, pgettext=words.pgettext
    )
    app.jinja_env.globals.update(ngettext=_counted, language=words.spoken, languages=names)
    app.before_request_funcs.setdefault(None, []).insert(0, _choose)
    app.teardown_request(lambda _fault: words.speak(words.ENGLISH))


def names() -> dict[str, str]:
    """The languages there are, by code, as their readers call them."""
    return {code: NAMES.get(code, code) for code in words.languages()}


def serve_lead(tag: str | None) -> None:
    """Go on in the language of the lead whose page this is, if it is one of ours."""
    words.speak(words.nearest(tag) or words.spoken())


def serve_user(preferred: str) -> None:
    """Go on in the language of the account; empty: as the browser asks. It is noted in the session, for
    what is said before the account is read, and after signing out."""
    wanted = words.nearest(preferred)
    if wanted and session.get(LAST) != wanted:
        session[LAST] = wanted
    if not wanted:
        forget()
    words.speak(wanted or _asked_for())


def choose(code: str) -> None:
    """Keep a choice made before signing in, for this browser."""
    session[CHOSEN] = code
    words.speak(code)


def forget() -> None:
    """The account says it from now on."""
    for name in (CHOSEN, LAST):
        if name in session:
            del session[name]


def locale() -> Locale:
    """How this request's reader writes dates and numbers."""
    return _locale(words.spoken())


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def _choose() -> None:
    kept = words.nearest(session.get(CHOSEN)) or words.nearest(session.get(LAST))
    words.speak(kept or _asked_for())


def _asked_for() -> str:
    return request.accept_languages.best_match(words.languages(), words.ENGLISH)


@pass_context
def _counted(context: Context, one: str, many: str, number: int, /, **values: Any) -> str:
    """ngettext of the templates: %(num)s is the number as the reader writes it."""
    values.setdefault("num", format_decimal(number, locale=locale()))
    text = words.ngettext(one, many, number)
    return (Markup(text) if context.eval_ctx.autoescape else text) % values
