"""Names to addresses for outgoing requests, and the DNS records that `doctor` looks at."""

import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import dns.exception
import dns.nameserver
import dns.resolver

Resolve = Callable[[str, int, float], list[str]]


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Every address of `host`, as the machine's own resolver gives them; OSError when there is none.

    The system call takes no time limit, so it runs in a thread that is left behind after `seconds`.
    """
    look_up = _LookUp(host, port)
    thread = threading.Thread(target=look_up.run, name="look-up", daemon=True)
    thread.start()
    thread.join(seconds)
    if look_up.error is not None:
        raise look_up.error
    if look_up.addresses is None:
        raise TimeoutError("the name was not looked up in time")
    return look_up.addresses


class _LookUp:
    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.addresses: list[str] | None = None
        self.error: OSError | None = None

    def run(self) -> None:
        try:
            answers = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            self.error = error
        except UnicodeError:
            self.error = OSError("the name cannot be looked up")
        else:
            self.addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@dataclass(frozen=True)
class Records:
    """The answer to one question: `values` is empty where there are none, `fault` says why none came."""

    values: tuple[str, ...] = ()
    fault: str | None = None


class Dns:
    """Asks the machine's name servers, or the given ones, for records of any type."""

    def __init__(self, servers: Sequence[tuple[str, int]] = (), *, seconds: float = 5.0) -> None:
        self._servers = servers
        self._seconds = seconds

    def records(self, name: str, kind: str) -> Records:
        """The records of `kind` (TXT, MX, A, …) at `name`; TXT strings joined (RFC 7208 section 3.3)."""
        try:
            answer = self._resolver().resolve(name, kind, lifetime=self._seconds)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Records()
        except dns.exception.DNSException as error:
            return Records(fault=f"{type(error).__name__}: no name server answered for {name}")
        return Records(tuple(_text(record) for record in answer))

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=not self._servers)
        if self._servers:
            resolver.nameservers = [dns.nameserver.Do53Nameserver(host, port) for host, port in self._servers]
        return resolver


def _text(record: object) -> str:
    strings = getattr(record, "strings", None)
    if strings is not None:
        return b"".join(strings).decode("ascii", "replace")
    return str(record)
