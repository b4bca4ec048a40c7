"""Reads a finished message as a strict receiver would, on its raw bytes.

RFC 5321 and 5322 (line lengths, required fields), 2045 to 2047 (encodings), 8058 (one-click), 2919
(List-Id), Gmail's Feedback-ID rules.
"""

import quopri
import re
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime

ONCE = ("date", "from", "to", "subject", "message-id", "mime-version", "content-type")
SERVICE_PURPOSES = frozenset(("confirmation", "notice", "transactional"))
_FIELD = re.compile(rb"^([!-9;-~]+):[ \t]?(.*)$", re.DOTALL)
_ENCODED_WORD = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=")
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>\Z")
_DATE_ZONE = re.compile(r"[+-]\d{4}\Z")
_ONE_CLICK = re.compile(rb"<https?://[!-;=?-~]+>\Z")
_LONGEST_LINE = 998
_LONGEST_BODY_LINE = 76
_LONGEST_WORD = 75


def faults(raw: bytes, purpose: str) -> list[str]:
    """One sentence for each breach of the standards; empty for a mail that conforms."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    if not gap:
        return ["There is no empty line between header and body."]
    fields = _fields(head)
    found = [*_byte_faults(raw), *_count_faults(fields), *_field_faults(fields)]
    found += _body_faults(message_from_bytes(raw), body)
    found += _service_faults(fields) if purpose in SERVICE_PURPOSES else _marketing_faults(fields)
    return found


Fields = list[tuple[str, bytes]]


def _fields(head: bytes) -> Fields:
    """(name in lower case, raw value with its folds)."""
    found: Fields = []
    for line in re.split(rb"\r\n(?![ \t])", head):
        parts = _FIELD.match(line)
        found.append((parts[1].decode().lower(), parts[2]) if parts else ("", line))
    return found


def _values(fields: Fields, name: str) -> list[bytes]:
    return [value for key, value in fields if key == name]


def _text(value: bytes) -> str:
    return re.sub(r"\r\n([ \t])", r"\1", value.decode("ascii", "replace")).strip()


def _byte_faults(raw: bytes) -> list[str]:
    found = []
    if re.search(rb"(?<!\r)\n|\r(?!\n)", raw):
        found.append("There is a bare CR or LF.")
    if b"\0" in raw:
        found.append("There is a NUL.")
    if any(byte > 127 for byte in raw):
        found.append("There are bytes above 127.")
    if any(len(line) > _LONGEST_LINE for line in raw.split(b"\r\n")):
        found.append("A line is longer than 998 octets.")
    if not raw.endswith(b"\r\n"):
        found.append("The message does not end with a line end.")
    return found


def _count_faults(fields: Fields) -> list[str]:
    found = [f"{name} stands {n} times." for name in ONCE if (n := len(_values(fields, name))) != 1]
    once_at_most = ("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id", "reply-to")
    found += [f"{name} stands more than once." for name in once_at_most if len(_values(fields, name)) > 1]
    return found + ["A header line has no field name." for name, _value in fields if not name]


def _field_faults(fields: Fields) -> list[str]:
    found = []
    for name, value in fields:
        words = _ENCODED_WORD.findall(_text(value))
        if any(len(word) > _LONGEST_WORD for word in words):
            found.append(f"{name} has an encoded word of more than 75 characters.")
        if name in ("from", "to", "reply-to") and _ENCODED_WORD.search(_text(value).rpartition("<")[2]):
            found.append(f"{name} has an encoded word inside the address.")
        if name in ("from", "to", "reply-to") and re.search(r'"[^"]*=\?[^"]*"', _text(value)):
            found.append(f"{name} has an encoded word inside quotes.")
    found += [
        "Message-ID is malformed." for v in _values(fields, "message-id") if not _MESSAGE_ID.match(_text(v))
    ]
    return found + [fault for value in _values(fields, "date") for fault in _date_faults(_text(value))]


def _date_faults(value: str) -> list[str]:
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return ["Date cannot be read."]
    return [] if _DATE_ZONE.search(value) else ["Date has no numeric zone."]


def _body_faults(message: Message, body: bytes) -> list[str]:
    if message.get_content_type() != "multipart/alternative":
        return ["The message is not multipart/alternative."]
    parts = message.get_payload()
    kinds = [part.get_content_type() for part in parts if isinstance(part, Message)]
    found = [] if kinds == ["text/plain", "text/html"] else ["The parts are not text, then HTML."]
    for part in parts:
        found += _part_faults(part) if isinstance(part, Message) else ["A part cannot be read."]
    if any(len(line) > _LONGEST_BODY_LINE + 2 for line in body.split(b"\r\n") if b"Content-" not in line):
        found.append("A body line is longer than 76 characters.")
    if any(line.startswith(b".") for line in body.split(b"\r\n")):
        found.append("A body line begins with a bare dot.")
    return found


def _part_faults(part: Message) -> list[str]:
    found = []
    if part.get_content_charset() != "utf-8":
        found.append("A part is not in UTF-8.")
    if part.get("content-transfer-encoding") != "quoted-printable":
        found.append("A part is not quoted-printable.")
    payload = str(part.get_payload())
    if any(len(line) > _LONGEST_BODY_LINE for line in payload.splitlines()):
        found.append("A quoted-printable line is longer than 76 characters.")
    if re.search(r"=(?![0-9A-F]{2}|\r?\n)", payload):
        found.append("A quoted-printable escape is broken.")
    try:
        decoded = quopri.decodestring(payload.encode("ascii", "replace")).decode("utf-8")
    except UnicodeDecodeError:
        return [*found, "A part does not decode as UTF-8."]
    return found if decoded.strip() else [*found, "A part is empty."]


def _marketing_faults(fields: Fields) -> list[str]:
    found = []
    one_click = _values(fields, "list-unsubscribe")
    if len(one_click) != 1 or not _ONE_CLICK.match(one_click[0]):
        found.append("List-Unsubscribe is not one bare http(s) URI in angle brackets.")
    if [_text(value) for value in _values(fields, "list-unsubscribe-post")] != ["List-Unsubscribe=One-Click"]:
        found.append("List-Unsubscribe-Post is missing or wrong.")
    if not any(re.search(r"<[^\s<>@]+\.[^\s<>@]+>\Z", _text(value)) for value in _values(fields, "list-id")):
        found.append("List-Id is missing or malformed.")
    if [_text(value) for value in _values(fields, "precedence")] != ["bulk"]:
        found.append("Precedence is not bulk.")
    return found + [
        fault for value in _values(fields, "feedback-id") for fault in _feedback_faults(_text(value))
    ]


def _feedback_faults(value: str) -> list[str]:
    parts = value.split(":")
    found = []
    if len(parts) != 4 or not 5 <= len(parts[-1]) <= 15:
        found.append("Feedback-ID does not have three parts and a SenderId of 5 to 15 characters.")
    if len(set(parts)) != len(parts) or "@" in value:
        found.append("Feedback-ID repeats a value or holds an address.")
    return found


def _service_faults(fields: Fields) -> list[str]:
    found = ["A service mail has list fields." for name, _v in fields if name.startswith("list-")]
    if [_text(value) for value in _values(fields, "auto-submitted")] != ["auto-generated"]:
        found.append("Auto-Submitted is not auto-generated.")
    return found
