"""The address of a receiver, taken apart and checked before anything is looked up or connected."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import idna

from nurture.errors import Invalid
from nurture.net.addresses import canonical, may_reach
from nurture.rules.words import _

MAX_LENGTH = 2000

_PUBLIC_PORTS = frozenset({443, 4443, 8443, 9443})
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
# Names that mean this machine or this network wherever they are looked up (RFC 6761, RFC 6762, RFC 9476).
_INNER_NAMES = ("localhost", "local", "internal", "home.arpa")


@dataclass(frozen=True)
class Target:
    """Where a request goes: `host` as an A-label or a bare address, `path` with its query."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The Host field (RFC 9110 section 7.2): the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse(url: str, *, private: bool) -> Target:
    """The target of `url`; raises Invalid with one sentence.

    `private` (NURTURE_ALLOW_PRIVATE_WEBHOOKS) opens http, inner names and addresses, and any port
    from 1024 up. Names are looked up and their addresses checked at every request, not here.
    """
    if len(url) > MAX_LENGTH or not url.isprintable() or " " in url or "\\" in url:
        raise Invalid(_("The address is too long or holds characters that no address has."))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid(_("The address cannot be read.")) from None
    if parts.scheme not in (("https", "http") if private else ("https",)):
        raise Invalid(_("The address must begin with https://."))
    if parts.username is not None or parts.password is not None:
        raise Invalid(_("The address must not carry a user name or a password."))
    if parts.fragment:
        raise Invalid(_("The address must not carry a # part."))
    secure = parts.scheme == "https"
    port = port if port is not None else (443 if secure else 80)
    _check_port(port, private=private)
    host = _host(parts.hostname or "", private=private)
    return Target(secure, host, port, _path(parts.path, parts.query))


def _check_port(port: int, *, private: bool) -> None:
    # Low ports belong to services that are not HTTP: a webhook must not be a way to talk to them.
    allowed = port in _PUBLIC_PORTS or (private and (port == 80 or port >= 1024))
    if not allowed:
        raise Invalid(_("Webhooks are not posted to this port."))


def _host(name: str, *, private: bool) -> str:
    literal = _literal(name)
    if literal is not None:
        if not may_reach(canonical(literal), private=private):
            raise Invalid(_("The address leads into a private or special network."))
        return literal
    host = _a_label(name.rstrip("."))
    if host != name.rstrip(".").lower() and _literal(host) is not None:
        return _host(host, private=private)  # full-width digits and dots are an address all the same
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        # Systems take 2130706433, 0x7f000001 and 127.1 for addresses too; no name ends in a number.
        raise Invalid(_("The address leads into a private or special network."))
    if not private and (host in _INNER_NAMES or host.endswith(tuple("." + inner for inner in _INNER_NAMES))):
        raise Invalid(_("The address leads into a private or special network."))
    return host


def _literal(name: str) -> str | None:
    """`name` if it is an IP address in its standard form; a zone is Invalid."""
    if "%" in name:
        raise Invalid(_("The address cannot be read."))
    try:
        return str(ip_address(name))
    except ValueError:
        return None


def _a_label(name: str) -> str:
    try:
        host = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    except idna.IDNAError:
        raise Invalid(_("The host name of the address cannot be read.")) from None
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise Invalid(_("The host name of the address cannot be read."))
    return host


def _path(path: str, query: str) -> str:
    if not (path + query).isascii():
        raise Invalid(_("The path of the address must be percent-encoded."))
    return (path or "/") + (f"?{query}" if query else "")
