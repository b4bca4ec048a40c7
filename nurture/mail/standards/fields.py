"""What holds for header fields (RFC 5322, section 3.6; RFC 2047, section 5)."""

import base64
import binascii
import codecs
import re
from email.utils import parsedate_to_datetime

ONCE = ("date", "from", "to", "subject", "message-id", "mime-version", "content-type")
ONCE_AT_MOST = (
    "sender", "reply-to", "cc", "in-reply-to", "references", "list-unsubscribe", "list-unsubscribe-post",
    "list-id", "feedback-id", "auto-submitted", "precedence", "content-transfer-encoding",
)  # fmt: skip
ADDRESSES = ("from", "sender", "reply-to", "to", "cc")
_FIELD = re.compile(rb"^([!-9;-~]+):[ \t]?(.*)$", re.DOTALL)
_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=")
_NEARLY_A_WORD = re.compile(r"=\?[A-Za-z0-9-]+\?[bBqQ]\?")
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>\Z")
_HOST = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*"
_ATOM = r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+"
_ADDR_SPEC = re.compile(rf'(?:{_ATOM}(?:\.{_ATOM})*|"(?:[^"\\]|\\.)+")@{_HOST}\Z')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_LONGEST_WORD = 75
_LONGEST_ADDRESS = 254

Fields = list[tuple[str, bytes]]


def read_fields(head: bytes) -> Fields:
    """(name in lower case, raw value with its folds); the name is "" where none can be read."""
    found: Fields = []
    for line in re.split(rb"\r\n(?![ \t])", head):
        parts = _FIELD.match(line)
        found.append((parts[1].decode().lower(), parts[2]) if parts else ("", line))
    return found


def values(fields: Fields, name: str) -> list[bytes]:
    return [value for key, value in fields if key == name]


def unfolded(value: bytes) -> str:
    return re.sub(r"\r\n([ \t])", r"\1", value.decode("ascii", "replace")).strip()


def texts(fields: Fields, name: str) -> list[str]:
    return [unfolded(value) for value in values(fields, name)]


def field_faults(fields: Fields) -> list[str]:
    found = [f"{name} stands {n} times." for name in ONCE if (n := len(values(fields, name))) != 1]
    found += [f"{name} stands more than once." for name in ONCE_AT_MOST if len(values(fields, name)) > 1]
    found += ["A header line has no field name." for name, _value in fields if not name]
    if values(fields, "bcc"):
        found.append("Bcc stands in what the reader gets.")
    for name, value in fields:
        found += _text_faults(name, value)
        if name in ADDRESSES:
            found += _address_faults(name, unfolded(value))
    for text in texts(fields, "message-id"):
        found += [] if _MESSAGE_ID.match(text) else ["Message-ID is malformed."]
    for text in texts(fields, "date"):
        found += _date_faults(text)
    if texts(fields, "mime-version") not in ([], ["1.0"]):
        found.append("MIME-Version is not 1.0.")
    if texts(fields, "subject") == [""]:
        found.append("The subject is empty.")
    return found


def _text_faults(name: str, value: bytes) -> list[str]:
    text = unfolded(value)
    found = []
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        found.append(f"{name} holds a control character.")
    if any(not line.strip() for line in value.split(b"\r\n")[1:]):
        found.append(f"{name} is folded with an empty line.")
    words = list(_WORD.finditer(text))
    if any(len(word[0]) > _LONGEST_WORD for word in words):
        found.append(f"{name} has an encoded word of more than 75 characters.")
    if any(not _decodes(*word.groups()) for word in words):
        found.append(f"{name} has an encoded word that cannot be decoded.")
    if len(_NEARLY_A_WORD.findall(text)) > len(words):
        found.append(f"{name} has a broken encoded word.")
    return found


def _decodes(charset: str, encoding: str, text: str) -> bool:
    try:
        codec = codecs.lookup(charset.partition("*")[0])
        if encoding in "bB":
            raw = base64.b64decode(text, validate=True)
        else:
            raw = binascii.a2b_qp(text.replace("_", " "), header=True)
        codec.decode(raw)
    except (LookupError, ValueError):
        return False
    return True


def _address_faults(name: str, text: str) -> list[str]:
    found = []
    bare = _QUOTED.sub('""', text)
    if any(_NEARLY_A_WORD.search(quoted) for quoted in _QUOTED.findall(text)):
        found.append(f"{name} has an encoded word inside quotes.")
    for one in bare.split(","):
        address = one.rpartition("<")[2].rstrip(">").strip() if "<" in one else one.strip()
        if _NEARLY_A_WORD.search(address):
            found.append(f"{name} has an encoded word inside the address.")
        elif not _ADDR_SPEC.match(address) and '""@' not in address:
            found.append(f"{name} holds no address that can be written to.")
        elif len(address) > _LONGEST_ADDRESS:
            found.append(f"{name} holds an address of more than 254 characters.")
    if name == "from" and len(bare.split(",")) != 1:
        found.append("from holds more than one address.")
    return found


def _date_faults(value: str) -> list[str]:
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return ["Date cannot be read."]
    return [] if re.search(r"[+-]\d{4}\Z", value) else ["Date has no numeric zone."]
