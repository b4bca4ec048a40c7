"""Another reader of bounces, asked about what ours does not recognise. It finds addresses in rare formats;
what their refusal means is judged by us."""

import logging
from email import message_from_bytes
from email.errors import MessageError

from flufl.bounce import all_failures

from nurture.mail.inbound.fields import addresses_in

# Its detectors take a parsed message, and the library's parser goes as deep as the message says.
_LARGEST, _MOST_LEVELS = 100_000, 20
# It catches what its detectors stumble over and writes each time a page about it, with words of the mail.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


def failed_addresses(raw: bytes) -> list[str]:
    """Addresses that it holds for failed. Empty for what it cannot read: some of its detectors stumble over
    broken mails."""
    if len(raw) > _LARGEST or raw.lower().count(b"multipart/") > _MOST_LEVELS:
        return []
    try:
        temporary, permanent = all_failures(message_from_bytes(raw))
    except (LookupError, ValueError, TypeError, AttributeError, RecursionError, AssertionError, MessageError):
        return []
    found = b" ".join(sorted(one for one in (*permanent, *temporary) if isinstance(one, bytes)))
    return addresses_in(found.decode("utf-8", "replace"))
