"""Whom a report without machine fields is about, and what in it are words of the mail that came back."""

import re

from nurture.mail.inbound.fields import Fields, addresses_in, first
from nurture.mail.inbound.opening import Opened

_SERVICE = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-daemon|abuse|support|noreply|no-reply|helpdesk|admin)@"
)
# Message-IDs look like addresses.
_ID = re.compile(r"^[^@]*(?:[0-9a-f]{8}-[0-9a-f]{4}|[0-9a-z.$]{30}|\d{12})|\.[0-9a-f]{8,}@", re.I)
_TITLE = re.compile(
    r"^[ \t>*]*(?:subject|re|betreff|thema|objet|sujet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|"
    r"předmět|predmet|tárgy|subiect|tema|konu|тема|θέμα|件名|主题|主旨|主題|제목|the message with subject)"
    r"[ \t]*[:：'\"][ \t]*(\S[^\r\n]{2,200}?)['\"]?[ \t]*$",
    re.I | re.M,
)
_MOST = 10


def recipient(opened: Opened, original: Fields, said: str) -> str:
    """The failed recipient as the text tells: an address of it that the mail went to, else the first that is
    neither ours nor a server's, else whom the mail went to; "" for none."""
    went_to = addresses_in(first(original, "to"))
    failed = addresses_in(first(original, "x-failed-recipients")) or addresses_in(
        first(opened.fields, "x-failed-recipients")
    )
    named = strangers(opened, original, said)
    return next((one for one in (*failed, *(n for n in named if n in went_to), *named, *went_to)), "")


def strangers(opened: Opened, original: Fields, said: str) -> list[str]:
    """The addresses in a text that are neither ours nor a server's nor no addresses at all; those of our own
    domain last."""
    ours = addresses_in(first(opened.fields, "to")) + addresses_in(first(original, "from"))
    servers = addresses_in(first(opened.fields, "from"))
    named = [
        one
        for one in addresses_in(said)
        if one not in ours and one not in servers and not _SERVICE.match(one) and not _ID.search(one)
    ]
    own = {one.partition("@")[2] for one in ours}
    return sorted(named, key=lambda one: any(_within(one.partition("@")[2], domain) for domain in own))


def _within(domain: str, other: str) -> bool:
    return domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}")


def without_titles(text: str, original: Fields) -> str:
    """The text without what our own mail was called: its words are ours and tell nothing."""
    titles = {first(original, "subject").strip(), *(found.strip() for found in _TITLE.findall(text)[:_MOST])}
    for title in sorted(titles, key=len, reverse=True):
        if len(title) > 2:
            text = text.replace(title, " ")
    return text
