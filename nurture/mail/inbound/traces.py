"""What in a report may name a delivery of ours: bounce tokens, unsubscribe tokens, message ids."""

import re
from collections.abc import Iterable

_TOKEN = re.compile(r"(?<![\w.+-])b\+([0-9A-Za-z][0-9A-Za-z._-]{10,199})@")
_UNSUBSCRIBE = re.compile(r"/u/([0-9a-v]{4}\.[0-9A-Za-z._-]{10,190})")
_LEAVING = re.compile(r"(?<![\w.+-])u\+([0-9a-v]{4}\.[0-9A-Za-z._-]{10,190})@")
_MESSAGE_ID = re.compile(
    r"(?:message-?id|in-reply-to|references|resent-message-id)\"?[ \t]{0,8}[:=]"
    r"((?:[\s,]{0,8}\"?<?[^\s<>@\",]{1,200}@[^\s<>\",]{1,200}>?\"?){1,30})",
    re.I,
)
_ID = re.compile(
    r"(?:message-?id|in-reply-to|references|"
    r"resent-message-id)\"?\s*[:=]\s*((?:\s*,?\s*\"?<?[^\s<>@\"]{1,200}@[^\s<>\"]"
    r"{1,200}>?\"?){1,30})",
    re.I,
)
_ID = re.compile(r"<?([^\s<>@\",]{1,200}@[^\s<>\",]{1,200})>?")
_MOST = 20


def tokens(*texts: str) -> tuple[str, ...]:
    """Local parts that look like a return path of ours, without `b+`."""
    return _distinct(found for text in texts for found in _TOKEN.findall(_unfolded(text)))


def unsubscribe_tokens(*texts: str) -> tuple[str, ...]:
    return _distinct(found for text in texts for found in _UNSUBSCRIBE.findall(_unfolded(text)))


def leaving_tokens(*addresses: str) -> tuple[str, ...]:
    """Of the addresses that a mail went to: what stands in one of ours for leaving (`u+token@…`)."""
    return _distinct(found for text in addresses for found in _LEAVING.findall(_unfolded(text)))


def message_ids(*texts: str) -> tuple[str, ...]:
    """Ids in Message-ID, In-Reply-To and References, as far as they can be read."""
    lists = (found for text in texts for found in _MESSAGE_ID.findall(text))
    return _distinct(one for found in lists for one in _ID.findall(found))


def _unfolded(text: str) -> str:
    """Soft line ends of quoted-printable taken away: tokens are longer than what is left of a line."""
    return re.sub(r"=\r?\n", "", text)


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    kept: dict[str, None] = {}
    for one in found:
        kept[one] = None
        if len(kept) >= _MOST:
            break
    return tuple(kept)
