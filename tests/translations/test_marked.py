"""No string that a person reads is out of the translators' reach."""

from pathlib import Path

import pytest

from tests.translations.marked import ROOT, in_python, in_template

TEMPLATES = sorted([*ROOT.glob("templates/**/*.html"), *ROOT.glob("nurture/**/*.html")])
# What speaks at the terminal, to programmers or to a test: in English, whoever reads it.
ENGLISH = ("cli", "demo", "embedded", "migrations", "config.py")
FOR_PROGRAMMERS = (
    "files/backup.py", "files/erasures.py", "files/journal.py", "files/secrets.py", "flows/endpoints.py",
    "web/api/examples.py",     "mail/standards", "net/mailbox.py", "web/assets.py",
)  # fmt: skip
# Sentences of a library, each beside what is said in its place.
TOLD_ANEW = ("web/api/shape_words.py",)
# Names of formats, files and headers, and what a person would type in such a place.
SENT_AS_IT_IS = frozenset(
    (
        "openapi.json", "Markdown", "program.yaml", "Authorization", "Bearer …", "\x00 · HMAC-SHA256",
        "example.com", "case-study", "de",
    )
)  # fmt: skip


def _places() -> list[Path]:
    rooms = (ROOT / "nurture").rglob("*.py")
    return sorted(path for path in rooms if path.relative_to(ROOT / "nurture").parts[0] not in ENGLISH)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_says_nothing_outside_gettext(path: Path) -> None:
    assert [
        words for words in in_template(path.read_text(encoding="utf-8")) if words not in SENT_AS_IT_IS
    ] == []


def test_no_sentence_of_the_program_is_left_unmarked() -> None:
    found = []
    for path in _places():
        place = str(path.relative_to(ROOT / "nurture"))
        if place.startswith(FOR_PROGRAMMERS + TOLD_ANEW):
            continue
        for line, words in in_python(path.read_text(encoding="utf-8")):
            if not (place.startswith("web/api/") and _describes(path, line)):
                found.append(f"{place}:{line}: {words}")
    assert found == []


def _describes(path: Path, line: int) -> bool:
    """Whether this is the description of a part of the API, which is documentation in English."""
    around = "\n".join(path.read_text(encoding="utf-8").splitlines()[max(0, line - 14) : line])
    return "Part(" in around or "_DESCRIPTION" in around or "Field" in around or "description" in around


@pytest.mark.parametrize(
    ("bare", "found"),
    [
        ("<p>Hello {{ name }}</p>", ["Hello"]),
        ('<a title="Back home" href="/">{{ _("Back") }}</a>', ["Back home"]),
        ('{{ ui.field("name", "Your name", {}, {}) }}', ["Your name"]),
        ('{% set hint = "stands below every mail" %}', ["stands below every mail"]),
        ('<p class="a b">{{ _("Hello %(name)s", name=name) }} · 3 %</p>', []),
        ('{% if kind == "Some Thing" %}<b>{{ _("Yes") }}</b>{% endif %}', []),
    ],
)
def test_the_reader_of_templates_finds_what_is_bare(bare: str, found: list[str]) -> None:
    assert [words.replace("\x00", "").strip() for words in in_template(bare)] == found


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ('raise Invalid("The name is missing")', 1),
        ('raise Invalid(f"{name} is missing")', 1),
        ('flash(_("Saved."))', 0),
        ('errors["name"] = ["This is not a name."]', 1),
        ('errors["name"] = [_("This is not a {what}.").format(what=what)]', 0),
        ('log.info("page.broken")', 0),
        ('"""A docstring of a module."""', 0),
    ],
)
def test_the_reader_of_python_finds_what_is_bare(line: str, count: int) -> None:
    assert len(in_python(line)) == count
