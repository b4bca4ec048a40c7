"""Trying the mail connection out, for the page and the API."""

from urllib.parse import urlsplit

from nurture.errors import Invalid
from nurture.mail.headers import AddressFault, address
from nurture.mail.smtp_trial import Step, trial
from nurture.mail.smtp_url import parse_smtp_url
from nurture.net.resolver import resolve
from nurture.runtime import Runtime


def tried(runtime: Runtime, sender: str, recipient: str) -> list[Step]:
    """The steps up to the one that fails; raises Unavailable when no mail server is set at all, Invalid for
    an address that no server would take."""
    try:
        to = address(recipient)
    except AddressFault as fault:
        raise Invalid(str(fault), {"email": [str(fault)]}) from fault
    url = parse_smtp_url(runtime.smtp_url)
    helo = urlsplit(runtime.settings.base_url).hostname or "localhost"
    return trial(url, helo, sender, to, resolve)
