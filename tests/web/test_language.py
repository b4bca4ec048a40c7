"""Every text can be read in another language, by a catalogue put beside the program."""

from pathlib import Path

from flask import Flask

from nurture.runtime import Runtime
from nurture.web import language

_CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: ru\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);\\n"

msgid "Sign in"
msgstr "Войти"

msgid "%(num)s ripe lead waits for an answer."
msgid_plural "%(num)s ripe leads wait for an answer."
msgstr[0] "%(num)s зрелый лид ждёт ответа."
msgstr[1] "%(num)s зрелых лида ждут ответа."
msgstr[2] "%(num)s зрелых лидов ждут ответа."
"""


def test_the_browser_chooses_the_language(app: Flask, runtime: Runtime, tmp_path: Path) -> None:
    place = tmp_path / "ru" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "messages.po").write_text(_CATALOGUE, encoding="utf-8")
    catalogues = language.load_catalogues(tmp_path)
    assert catalogues["ru"].gettext("Sign in") == "Войти"
    assert (
        catalogues["ru"]
        .ngettext("%(num)s ripe lead waits for an answer.", "%(num)s ripe leads wait for an answer.", 5)
        .startswith("%(num)s зрелых лидов")
    )
    app.before_request_funcs.clear()
    language.install(app, tmp_path)
    assert "Войти" in app.test_client().get("/sign-in", headers={"Accept-Language": "ru"}).text
    assert "Sign in" in app.test_client().get("/sign-in", headers={"Accept-Language": "fr"}).text
