"""The link of a mail that nobody sees: programs that follow every link give themselves away by it.

It stands once in the HTML of a marketing mail, last in its body, where no preview of a mail program takes
words from; it has none. Neither the text part nor what the mail compiles to knows of it: it is put in when
the mail is made ready for sending, so that the switch of the house (flows/trap_link) acts on every mail at
once. A mail with a trap of its own (`data-trap`, mail/links) keeps that one.
"""

from nurture.mail import markup
from nurture.mail.source import MARKETING, CompiledMail
from nurture.rules.hits import TRAP_LABEL, TRAP_TARGET

# The links that are written into a mail are numbered from one.
NUMBER = 0
# Not shown and not read aloud, nor met by the tab key; Outlook for Windows knows its own property alone.
_ANCHOR = (
    f'<a href="{{{{ links[{NUMBER}] }}}}" aria-hidden="true" tabindex="-1"'
    ' style="display:none;mso-hide:all"></a>'
)


def wants_trap(mail: CompiledMail) -> bool:
    """Whether this language of a mail gets the engine's own: one of marketing that has none."""
    return mail.kind == MARKETING and all(link.label != TRAP_LABEL for link in mail.links)


def trap_of(mail: CompiledMail) -> list[tuple[int, str, str]]:
    """The link (number, target, label) that is kept for it beside those of the mail; one for all its
    languages."""
    wanted = any(wants_trap(one) for one in (mail, *mail.others))
    return [(NUMBER, TRAP_TARGET, TRAP_LABEL)] if wanted else []


def with_trap(page: str) -> str:
    """The template of a page with the slot of the trap."""
    return markup.before_body_end(page, _ANCHOR)
