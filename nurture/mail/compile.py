"""From the words of a mail to templates that only lack the recipient, and every fault on the way.

Order matters: template code is shielded, the body becomes HTML, the layout goes around it, styles are
inlined, links get their slots, the text part is read off the finished page, the code comes back.
"""

import re
from dataclasses import replace

from jinja2 import TemplateSyntaxError

from nurture.errors import Invalid, NotFound
from nurture.mail import layouts, markup
from nurture.mail.active import active_parts
from nurture.mail.links import Linked, link_up
from nurture.mail.plain import plain_text
from nurture.mail.sandbox import Fault, says_something, template_faults
from nurture.mail.shield import Shield
from nurture.mail.source import FORMATS, MARKETING, SERVICE, CompiledMail, MailSource, digest
from nurture.rules.words import _

_RULES = 1  # raised when the same words compile to something else
_BARE = re.compile(r"<(?!!--zqj)")
_HIDDEN = "display:none;max-height:0;overflow:hidden;opacity:0"


def fingerprint(source: MailSource) -> str:
    """Changes when the words, the layouts or the way of compiling change."""
    words = source.as_json() | {"body_line": 0, "others": [fingerprint(other) for other in source.others]}
    if not source.others:
        del words["others"]
    return digest(words, layouts.everything(source.language), _RULES)


def compile_mail(source: MailSource) -> CompiledMail:
    """The mail ready to be kept, in all its languages. Raises Invalid with every fault (`errors["body"]`
    etc.)."""
    mail = _compiled(source, 0)
    for other in source.others:
        mail = replace(mail, others=(*mail.others, _compiled(other, len(mail.all_links))))
    return mail


def _compiled(source: MailSource, links_before: int) -> CompiledMail:
    faults = check(source)
    if faults:
        raise Invalid(
            _("The mail “{key}” has faults.").format(key=source.key),
            {source.key: [f"{line}: {sentence}" for line, sentence in faults]},
        )
    shield = Shield()
    linked = _finished(source, shield, links_before)
    return CompiledMail(
        key=source.key,
        kind=source.kind,
        language=source.language,
        subject=source.subject.strip(),
        html=shield.uncover(linked.page),
        text=shield.uncover(plain_text(linked.page)),
        links=linked.links,
    )


def check(source: MailSource) -> list[Fault]:
    """(line, sentence) of all faults, by line; empty for a mail that can be sent."""
    faults = _form_faults(source)
    for text, first_line in ((source.subject, 1), (source.preheader, 1), (source.body, source.body_line)):
        faults += [(line + first_line - 1, sentence) for line, sentence in template_faults(text)]
    if not faults and not says_something(source.subject):
        faults.append((1, _("The subject comes out empty for everybody.")))
    if not faults:
        faults = _page_faults(source)
    return sorted(set(faults))


def _form_faults(source: MailSource) -> list[Fault]:
    faults = []
    if not source.subject.strip():
        faults.append((1, _("The mail has no subject.")))
    if "\n" in source.subject.strip():
        faults.append((1, _("The subject is longer than one line.")))
    if not source.body.strip():
        faults.append((source.body_line, _("The mail has no words.")))
    if source.format not in FORMATS:
        faults.append((1, _("The format is one of {all}.").format(all=", ".join(FORMATS))))
    if source.kind not in (MARKETING, SERVICE):
        faults.append((1, _("The kind is marketing or service.")))
    return faults


def _page_faults(source: MailSource) -> list[Fault]:
    try:
        linked = _finished(source, Shield())
    except TemplateSyntaxError as fault:
        return [(source.body_line, str(fault.message))]
    except (Invalid, NotFound) as fault:
        return [(source.body_line, str(fault))]
    faults = [(fault.url, fault.sentence) for fault in linked.faults] + active_parts(linked.page)
    return [(_line_of(source, place), sentence) for place, sentence in faults]


def _finished(source: MailSource, shield: Shield, links_before: int = 0) -> Linked:
    body = _body(source, shield)
    page = body if markup.is_page(body) else _laid_out(source, body, shield)
    if markup.is_page(body):
        page = markup.after_body_start(page, _preheader(source, shield))
        page = markup.before_body_end(page, shield.cover(layouts.footer(source.kind, source.language)))
    if source.kind == MARKETING:
        page = markup.before_body_end(page, shield.cover(layouts.pixel()))
    return link_up(markup.inlined(page), shield, track=source.kind == MARKETING, links_before=links_before)


def _body(source: MailSource, shield: Shield) -> str:
    covered = shield.cover(source.body)
    _refuse_code_in_styles(covered, shield)
    if source.format == "md":
        return markup.markdown(covered)
    return markup.mjml(covered) if source.format == "mjml" else covered


def _laid_out(source: MailSource, body: str, shield: Shield) -> str:
    page = shield.cover(layouts.layout(source.layout, source.language))
    page = page.replace(layouts.PREHEADER, _preheader(source, shield))
    page = page.replace(layouts.FOOTER, shield.cover(layouts.footer(source.kind, source.language)))
    return page.replace(layouts.CONTENT, body)


def _preheader(source: MailSource, shield: Shield) -> str:
    if not source.preheader.strip():
        return ""
    words = _BARE.sub("&lt;", shield.cover(source.preheader.strip()).replace("&", "&amp;"))
    return f'<div style="{_HIDDEN}">{words}</div>'


def _refuse_code_in_styles(text: str, shield: Shield) -> None:
    low = text.lower()
    start = low.find("<style")
    while start >= 0:
        end = low.find("</style", start)
        end = len(low) if end < 0 else end
        if shield.has_mark(low[start:end]):
            raise Invalid(_("Styles cannot hold template code."))
        start = low.find("<style", end)


def _line_of(source: MailSource, place: str) -> int:
    """The line in the file of what stands there (a link's address, say); the body's first line if it was
    written in pieces."""
    at = source.body.lower().find(place.lower()) if place else -1
    return source.body_line + source.body.count("\n", 0, max(at, 0))
