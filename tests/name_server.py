"""A real little name server on loopback, whose zone a test writes down."""

import socket
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

# (name, kind) -> records; strings of a TXT record that stand in one list element are cut as the DNS cuts.
Zone = Mapping[tuple[str, str], Sequence[str]]
SILENT: Sequence[str] = ("<silent>",)
_LONGEST_STRING = 255


class NameServer:
    """Answers from `zone`, which may be changed while it runs; names outside it do not exist. A TXT entry of
    several elements is one record of several strings unless they begin with `v=`."""

    def __init__(self, zone: Zone) -> None:
        self.zone = dict(zone)
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self._socket.getsockname()[1])

    @property
    def setting(self) -> str:
        """As NURTURE_DNS has it."""
        return "{}:{}".format(*self.address)

    def _serve(self) -> None:
        while True:
            try:
                data, peer = self._socket.recvfrom(4096)
            except OSError:
                return
            answer = self._answer(dns.message.from_wire(data))
            if answer is not None:
                self._socket.sendto(answer.to_wire(), peer)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        name = str(query.question[0].name).rstrip(".").lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(query)
        records = self.zone.get((name, kind))
        if records is SILENT:
            return None
        if records:
            texts = _texts(records) if kind == "TXT" else list(records)
            answer.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, *texts))
        elif not any(known == name for known, _kind in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

    def __enter__(self) -> "NameServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()


def _texts(records: Sequence[str]) -> list[str]:
    many = all(record.startswith("v=") for record in records)
    groups = [[record] for record in records] if many else [list(records)]
    return [" ".join(_quoted(part) for record in group for part in _cut(record)) for group in groups]


def _cut(text: str) -> list[str]:
    return [text[at : at + _LONGEST_STRING] for at in range(0, len(text), _LONGEST_STRING)] or [""]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
