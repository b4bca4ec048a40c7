"""E-mail addresses: the normal form that identifies a lead, what is plausible, what looks mistyped.

Nothing here asks the network. The normal form is version 1: trimmed, lower case, the domain in its
IDNA form (RFC 5891). Dots and plus signs stay: only the owner of a domain knows what they mean. What stands
before the @ is ASCII: other letters need a whole way of servers that speak SMTPUTF8 (RFC 6531).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import idna
from email_validator import EmailNotValidError, validate_email

from nurture.rules.words import _

LONGEST = 254  # RFC 5321, section 4.5.3.1.3, without the angle brackets

# Plain dot-atoms at plain host names; whatever this doubts is looked at by the full parser.
_PLAIN = re.compile(
    r"(?=.{6,254}\Z)(?=[^@]{1,64}@)"
    r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}"
)
# Names that never resolve (RFC 6761): no address below them can be reached by anyone.
_UNREACHABLE = ("invalid", "local", "localhost", "onion", "arpa")
_RESERVED = ("example", "test")  # made for trials: taken, with a warning

_PROVIDERS = (
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.de", "yahoo.fr", "yahoo.co.uk", "hotmail.com",
    "hotmail.de", "hotmail.fr", "hotmail.co.uk", "outlook.com", "outlook.de", "live.com", "icloud.com",
    "aol.com", "protonmail.com", "t-online.de", "freenet.de", "web.de", "gmx.de", "gmx.net", "gmx.at",
    "gmx.ch", "posteo.de", "mailbox.org", "orange.fr", "wanadoo.fr", "laposte.net", "libero.it",
    "yandex.ru", "mail.ru", "mail.com", "ymail.com", "email.com", "comcast.net", "bluewin.ch",
)  # fmt: skip
_ENDINGS = {"con": "com", "cmo": "com", "ocm": "com", "comm": "com", "vom": "com", "nett": "net"}
_SHORTEST_TO_COMPARE = 8  # below that, one letter apart is too often another real domain


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of an address as written. `norm` is set exactly when it may be kept; `fault` is one
    sentence saying why not; `warning` one saying what looks odd."""

    norm: str | None
    fault: str | None = None
    warning: str | None = None


def normalise(address: str) -> str:
    """The normal form v1 of an address: two writings of one mailbox compare equal.

    Never fails: a domain that has no IDNA form is only lower-cased, so that hashing it stays possible.
    """
    address = address.strip().lower()
    if address.isascii():
        return address
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{_ascii_domain(domain) or domain}"


def check(address: str, *, test_environment: bool = False) -> Checked:
    """Whether an address may be kept. `test_environment` also takes hosts without a dot (localhost)."""
    norm = normalise(address)
    if not norm:
        return Checked(None, _("the e-mail address is empty"))
    if _PLAIN.fullmatch(norm) is None and not (test_environment and _is_local_host(norm)):
        fault = _full_check(norm)
        if fault:
            return Checked(None, fault)
    warning, fault = _about_domain(norm.rpartition("@")[2], test_environment)
    return Checked(None, fault) if fault else Checked(norm, None, warning)


def is_provider(domain: str) -> bool:
    """Whether a domain gives mailboxes to anybody, so that its people have nothing in common."""
    return domain in _PROVIDERS


@lru_cache(maxsize=50_000)  # files repeat their domains
def suggestion(domain: str) -> str | None:
    """The well-known domain that was probably meant, if this one looks mistyped."""
    if domain in _PROVIDERS:
        return None
    name, _dot, ending = domain.rpartition(".")
    if ending in _ENDINGS and name:
        mended = f"{name}.{_ENDINGS[ending]}"
        return suggestion(mended) or mended
    if len(domain) < _SHORTEST_TO_COMPARE:
        return None
    return next((known for known in _PROVIDERS if len(known) >= 7 and _one_slip(domain, known)), None)


def _about_domain(domain: str, test_environment: bool) -> tuple[str | None, str | None]:
    """Warning and fault for a domain."""
    ending = domain.rpartition(".")[2]
    if ending in _UNREACHABLE and not test_environment:
        return None, _("no mail can reach a domain ending in .{ending}").format(ending=ending)
    if ending in _RESERVED or domain in ("example.com", "example.net", "example.org"):
        return _("the domain is reserved for trials: no mail arrives there"), None
    meant = suggestion(domain)
    if meant:
        return _("{domain} looks mistyped; was {meant} meant?").format(domain=domain, meant=meant), None
    return None, None


def _full_check(norm: str) -> str | None:
    if "@" not in norm:
        return _("an e-mail address has an @ in it")
    if not norm.rpartition("@")[0].isascii():
        return _("letters such as ü or я before the @ cannot be written to: few mail servers take them")
    if len(norm) > LONGEST:
        return _("an e-mail address has at most {longest} characters").format(longest=LONGEST)
    try:
        validate_email(norm, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        # The parser's own sentence would repeat parts of the address, which must not reach a log.
        return _("this is not an e-mail address")
    return None


def _is_local_host(norm: str) -> bool:
    local, _at, host = norm.rpartition("@")
    return bool(local) and host.isalnum() and "@" not in local and " " not in local


@lru_cache(maxsize=10_000)
def _ascii_domain(domain: str) -> str | None:
    try:
        return idna.encode(domain, uts46=True).decode().lower()
    except idna.IDNAError:
        return None


def _one_slip(written: str, meant: str) -> bool:
    """Whether one letter too many, too few, wrong or swapped with its neighbour lies between the two."""
    if abs(len(written) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    rest, wanted = written[start:], meant[start:]
    return (
        rest[1:] == wanted[1:]
        or rest[1:] == wanted
        or rest == wanted[1:]
        or (rest[:2] == wanted[:2][::-1] and rest[2:] == wanted[2:])
    )
