"""A compiled mail made ready once per process, so that a recipient costs only what is personal.

What does not change is quoted-printable already; values are encoded as they are put in. The encoded text
decodes to what a plain rendering would give.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.runtime import Undefined
from markupsafe import escape

from nurture.errors import Refusal
from nurture.mail.bounds import begin
from nurture.mail.filling import Filling, filling, grows
from nurture.mail.quoted import LONGEST, SOFT_BREAK, encode, untouched
from nurture.mail.sandbox import MailEnvironment, parsed
from nurture.mail.source import CompiledMail, serves
from nurture.mail.trap import NUMBER, wants_trap, with_trap
from nurture.rules.words import _

LARGEST = 512_000

Values = dict[str, Any]


class RenderFault(Refusal):
    """This mail cannot be put together for this recipient."""


@dataclass(frozen=True)
class PreparedMail:
    """The templates of one mail version. `link_ids` gives a link's id by its number; `filling` fills them all
    at once, where that can be; `others` is the same mail in other languages."""

    key: str
    kind: str
    language: str
    subject: Template
    html: Template
    text: Template
    link_ids: Mapping[int, int]
    filling: Filling | None = None
    others: tuple["PreparedMail", ...] = ()

    def filled(self, values: Values) -> tuple[str, str, str]:
        """Subject, text and HTML for a reader. Raises RenderFault."""
        if self.filling is None:
            return render(self.subject, values), render(self.text, values), render(self.html, values)
        with _faults_told():
            begin()
            subject, text, html = self.filling(values)
            _fits(max(len(text), len(html)))
        return subject, text, html

    def for_reader(self, language: str | None) -> "PreparedMail":
        """The mail in the language nearest to this tag; its own where there is none."""
        if not self.others:
            return self
        return next((one for one in self.others if serves(one.language, language)), self)


def prepare(mail: CompiledMail, link_ids: Mapping[int, int], *, trap: bool = False) -> PreparedMail:
    """Templates that render straight to quoted-printable (the subject: to plain text). With `trap` the HTML
    gets the link that nobody sees, where the mail is one that wants it and the link is there."""
    trapped = trap and NUMBER in link_ids and wants_trap(mail)
    subject = _tree(_PLAIN, mail.subject, mail.language)
    html = _tree(_QUOTED_HTML, with_trap(mail.html) if trapped else mail.html, mail.language)
    text = _tree(_QUOTED_TEXT, mail.text, mail.language)
    numbers = [*([NUMBER] if trapped else ()), *(link.no for link in mail.links)]
    return PreparedMail(
        key=mail.key,
        kind=mail.kind,
        language=mail.language,
        subject=_compiled(_PLAIN, subject),
        html=_compiled(_QUOTED_HTML, html),
        text=_compiled(_QUOTED_TEXT, text),
        link_ids={number: link_ids[number] for number in numbers if number in link_ids},
        filling=filling([subject, text, html], _shown),
        others=tuple(prepare(other, link_ids, trap=trap) for other in mail.others),
    )


def render(template: Template, values: Values) -> str:
    """The template filled. Raises RenderFault, also when the outcome is larger than 512 kB."""
    with _faults_told():
        begin()
        pieces = template.root_render_func(template.new_context(values, shared=True))
        return "".join(_limited(pieces) if template.name == _GROWS else pieces)


@contextmanager
def _faults_told() -> Iterator[None]:
    try:
        yield
    except (
        TemplateError,
        TypeError,
        ValueError,
        ArithmeticError,
        LookupError,
        AttributeError,
        RecursionError,
        MemoryError,
    ) as fault:
        raise RenderFault(_("The mail could not be put together: {why}.").format(why=fault)) from fault


def _limited(pieces: Iterable[str]) -> Iterator[str]:
    """Loops over long lists, and names given to long values, can make a short template large."""
    size = 0
    for piece in pieces:
        size += len(piece)
        _fits(size)
        yield piece


def _fits(size: int) -> None:
    if size > LARGEST:
        raise RenderFault(_("The mail grew beyond 512 kB."))


def plain_html(mail: CompiledMail, values: Values) -> str:
    """The page as a browser gets it."""
    return render(template_of(_HTML, mail.html, mail.language), values)


def plain_subject(mail: CompiledMail, values: Values) -> str:
    return one_line(render(template_of(_PLAIN, mail.subject, mail.language), values))


def plain_words(mail: CompiledMail, values: Values) -> str:
    """The text part as it is read."""
    return render(template_of(_TEXT, mail.text, mail.language), values)


def one_line(text: str) -> str:
    """Without the characters that could end a header: CR, LF, NUL and other controls become a space."""
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())


def template_of(env: MailEnvironment, text: str, language: str) -> Template:
    """The template of an environment, ready for `render`. Raises TemplateSyntaxError."""
    return _compiled(env, _tree(env, text, language))


def _tree(env: MailEnvironment, text: str, language: str) -> nodes.Template:
    tree = parsed(text, env, language)
    if env in (_QUOTED_HTML, _QUOTED_TEXT):
        for data in tree.find_all(nodes.TemplateData):
            data.data = encode(data.data)
    return tree


def _compiled(env: MailEnvironment, tree: nodes.Template) -> Template:
    begin()
    name = _GROWS if grows(tree) else _STRAIGHT
    return Template.from_code(env, env.compile(tree, name, "<mail>"), dict(env.globals))


def as_text(value: object) -> str:
    """What stands in the mail for a value: nothing for what is missing, a list with commas."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


def _html(value: object) -> str:
    return str(escape(as_text(value)))


def _quoted_text(value: object) -> str:
    text = value if type(value) is str else as_text(value)
    if len(text) <= LONGEST and untouched(text):
        return text + SOFT_BREAK
    _fits(len(text))
    return _encoded_text(text) if len(text) < _WORTH_KEEPING else encode(text)


def _quoted_html(value: object) -> str:
    text = value if type(value) is str else as_text(value)
    if len(text) <= LONGEST and untouched(text):
        return text + SOFT_BREAK
    _fits(len(text))
    return _encoded_html(text) if len(text) < _WORTH_KEEPING else encode(str(escape(text)))


def _shown(value: object) -> tuple[str, str, str]:
    """What stands for a value in subject, text and HTML."""
    text = value if type(value) is str else as_text(value)
    if len(text) <= LONGEST and untouched(text):
        piece = text + SOFT_BREAK
        return text, piece, piece
    return text, _quoted_text(value), _quoted_html(value)


# The same few words stand many times in a mail and in the mails of a company.
_WORTH_KEEPING = 200
_KEPT = 8192


@lru_cache(maxsize=_KEPT)
def _encoded_text(text: str) -> str:
    return encode(text)


@lru_cache(maxsize=_KEPT)
def _encoded_html(text: str) -> str:
    return encode(str(escape(text)))


_GROWS, _STRAIGHT = "grows", "straight"
_TRIMMED = {"trim_blocks": True, "lstrip_blocks": True}
_HTML = MailEnvironment(_html)
_PLAIN = MailEnvironment(as_text)
_TEXT = MailEnvironment(as_text, **_TRIMMED)
_QUOTED_HTML = MailEnvironment(_quoted_html, ready_links=True)
_QUOTED_TEXT = MailEnvironment(_quoted_text, ready_links=True, **_TRIMMED)
