"""A mailbox read over IMAP (RFC 9051, RFC 3501): unseen messages, one after the other, within bounds."""

import imaplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from nurture.errors import SettingsFault

_PATIENCE = 30.0


@dataclass(frozen=True)
class ImapUrl:
    """`imaps://user:pass@host[:port]/folder`; `imap://` begins in the clear, with TLS where offered."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool


class MailboxAway(Exception):
    """The mailbox cannot be read now. The text is one line without addresses or passwords."""


def parse_imap_url(url: str) -> ImapUrl:
    """Raises SettingsFault for what cannot be used."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username is None:
        raise SettingsFault(["NURTURE_BOUNCE_IMAP_URL is wrong: expected imaps://user:password@host/folder."])
    tls = parts.scheme == "imaps"
    return ImapUrl(
        host=parts.hostname,
        port=parts.port or (993 if tls else 143),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
    )


def poll(url: ImapUrl, take: Callable[[bytes], None], *, largest: int, limit: int = 200) -> int:
    """Hand every unseen message to `take` and mark it seen after that; how many. A message whose `take`
    raises stays unseen, so a death brings it again. Of one over `largest` bytes the first are taken. Raises
    MailboxAway."""
    try:
        box = _open(url)
    except (imaplib.IMAP4.error, OSError) as fault:
        raise MailboxAway(_why(fault)) from fault
    try:
        done = 0
        for number in _unseen(box)[:limit]:
            raw = _fetched(box, number, largest)
            if raw:
                take(raw)
            box.uid("STORE", number, "+FLAGS", r"(\Seen)")
            done += 1
        return done
    except (imaplib.IMAP4.error, OSError) as fault:
        raise MailboxAway(_why(fault)) from fault
    finally:
        _close(box)


def _open(url: ImapUrl) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    box: imaplib.IMAP4
    if url.tls:
        box = imaplib.IMAP4_SSL(url.host, url.port, ssl_context=context, timeout=_PATIENCE)
    else:
        box = imaplib.IMAP4(url.host, url.port, timeout=_PATIENCE)
        if "STARTTLS" in box.capabilities:
            box.starttls(context)
    box.login(url.user, url.password)
    folder = '"' + url.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    answer, _data = box.select(folder)
    if answer != "OK":
        raise imaplib.IMAP4.error("the folder cannot be opened")
    return box


def _unseen(box: imaplib.IMAP4) -> list[str]:
    _answer, data = box.uid("SEARCH", "UNSEEN")
    return [
        number.decode("ascii", "replace") for one in data if isinstance(one, bytes) for number in one.split()
    ]


def _fetched(box: imaplib.IMAP4, number: str, largest: int) -> bytes:
    """The message without marking it, at most `largest` bytes of it."""
    _answer, data = box.uid("FETCH", number, f"(BODY.PEEK[]<0.{largest}>)")
    return next((one[1] for one in data if isinstance(one, tuple) and isinstance(one[1], bytes)), b"")


def _close(box: imaplib.IMAP4) -> None:
    try:
        box.logout()
    except (imaplib.IMAP4.error, OSError):
        box.shutdown()


def _why(fault: Exception) -> str:
    """What went wrong, without what servers like to repeat of a login."""
    if isinstance(fault, OSError):
        return fault.strerror or type(fault).__name__
    return "the server refuses the login or the folder"
