"""A compiled mail made ready once per process, so that a recipient costs only what is personal.

What does not change is quoted-printable already; values are encoded as they are put in, by the
`finalize` of the templates. The encoded text decodes to what a plain rendering would give.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.runtime import Undefined
from markupsafe import Markup, escape

from nurture.errors import Refusal
from nurture.mail.quoted import Encoded, encode
from nurture.mail.sandbox import MailEnvironment, parsed
from nurture.mail.source import CompiledMail
from nurture.rules.words import _

LARGEST = 512_000

Values = Mapping[str, Any]


class RenderFault(Refusal):
    """This mail cannot be put together for this recipient."""


@dataclass(frozen=True)
class PreparedMail:
    """The templates of one mail version. `link_ids` gives a link's id by its number."""

    key: str
    kind: str
    subject: Template
    html: Template
    text: Template
    link_ids: Mapping[int, int]


def prepare(mail: CompiledMail, link_ids: Mapping[int, int]) -> PreparedMail:
    """Templates that render straight to quoted-printable (the subject: to plain text)."""
    return PreparedMail(
        key=mail.key,
        kind=mail.kind,
        subject=_template(_PLAIN, mail.subject),
        html=_template(_QUOTED_HTML, mail.html),
        text=_template(_QUOTED_TEXT, mail.text),
        link_ids=dict(link_ids),
    )


def render(template: Template, values: Values) -> str:
    """The template filled. Raises RenderFault, also when the outcome is larger than 512 kB."""
    pieces: list[str] = []
    size = 0
    try:
        for piece in template.root_render_func(template.new_context(dict(values))):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise RenderFault(_("The mail grew beyond 512 kB."))
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as fault:
        raise RenderFault(_("The mail could not be put together: {why}.").format(why=fault)) from fault
    return "".join(pieces)


def plain_html(mail: CompiledMail, values: Values) -> str:
    """The page as a browser gets it."""
    return render(_template(_HTML, mail.html), values)


def plain_subject(mail: CompiledMail, values: Values) -> str:
    return one_line(render(_template(_PLAIN, mail.subject), values))


def plain_words(mail: CompiledMail, values: Values) -> str:
    """The text part as it is read."""
    return render(_template(_TEXT, mail.text), values)


def one_line(text: str) -> str:
    """Without the characters that could end a header: CR, LF, NUL and other controls become a space."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _template(env: MailEnvironment, text: str) -> Template:
    tree = parsed(text, env)
    if env in (_QUOTED_HTML, _QUOTED_TEXT):
        for data in tree.find_all(nodes.TemplateData):
            data.data = encode(data.data)
    return Template.from_code(env, env.compile(tree, filename="<mail>"), dict(env.globals))


def _shown(value: object) -> object:
    """What stands in the mail for a value: nothing for what is missing, a list with commas."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


def _quoted_text(value: object) -> str:
    return value if type(value) is Encoded else encode(str(_shown(value)))


def _quoted_html(value: object) -> Markup:
    return value if type(value) is Encoded else Encoded(encode(str(escape(_shown(value)))))


_TRIMMED = {"trim_blocks": True, "lstrip_blocks": True}
_HTML = MailEnvironment(autoescape=True, finalize=_shown)
_PLAIN = MailEnvironment(finalize=_shown)
_TEXT = MailEnvironment(finalize=_shown, **_TRIMMED)
_QUOTED_HTML = MailEnvironment(autoescape=True, finalize=_quoted_html)
_QUOTED_TEXT = MailEnvironment(finalize=_quoted_text, **_TRIMMED)
