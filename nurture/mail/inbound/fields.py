"""Header fields as strangers write them: unmarked, encoded, broken. Reading never fails."""

import binascii
import re
from base64 import b64decode
from contextlib import suppress
from quopri import decodestring

from nurture.mail.inbound.charsets import guessed

Fields = dict[str, list[str]]

_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)")
_ENCODED = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]*)?\?([bBqQ])\?([^?\r\n]{0,2000})\?=(?:[ \t]+(?==\?))?")
_PARAMETER = re.compile(r";\s*([\w-]{1,40})\*?0?\*?\s*=\s*(?:\"((?:[^\"\\]|\\.){0,400})\"|([^;\s\"]{1,400}))")
_ADDRESS = re.compile(
    r"[\w.+%&*!=/~#$'?^`{|}-]{1,120}@(?:\[[\d.]{7,15}\]|[\w-]{1,63}(?:\.[\w-]{1,63}){0,10})"
)
_MOST_FIELDS = 400
# Python decodes these too, slowly or into what is no text.
_NO_CHARSETS = frozenset(("unicode_escape", "raw_unicode_escape", "punycode", "idna", "undefined", "utf_7"))
_UNSAID = frozenset(("", "us-ascii", "ascii", "unknown-8bit", "x-unknown"))
_LONGEST = 20_000


def read_fields(text: str) -> Fields:
    """The fields of a block, by name in lower case; lines that are none are passed over."""
    found: Fields = {}
    current: list[str] | None = None
    for number, line in enumerate(text.split("\n")):
        if number > _MOST_FIELDS * 4:
            break
        line = line.rstrip("\r")
        if line[:1] in (" ", "\t"):
            if current is not None and len(current[-1]) < _LONGEST:
                current[-1] += " " + line.strip()
            continue
        match = _FIELD.match(line[:_LONGEST])
        current = None
        if match and len(found) < _MOST_FIELDS:
            current = found.setdefault(match.group(1).lower(), [])
            current.append(match.group(2).strip())
    return found


def first(fields: Fields, name: str) -> str:
    """The first field of this name, decoded, "" without one."""
    values = fields.get(name)
    return decoded(values[0]) if values else ""


def decoded(value: str) -> str:
    """Encoded words (RFC 2047) made readable; broken ones stay as they are. Bytes above 127, which no header
    may hold and many do, are read in the charset that they seem to be in."""
    text = value[:_LONGEST]
    if not text.isascii() or "\x1b$" in text:
        with suppress(ValueError):
            text = guessed(text.encode("latin-1"))
    return _ENCODED.sub(_word, text) if "=?" in text else text


def parameter(value: str, name: str) -> str:
    """A parameter of a Content-Type, say, "" without it."""
    for key, quoted, bare in _PARAMETER.findall(value[:_LONGEST]):
        if key.lower().rstrip("*") == name:
            return str(quoted or bare)
    return ""


def addresses_in(text: str, most: int = 50) -> list[str]:
    """Addresses in a text, in lower case, each once, in order."""
    found: dict[str, None] = {}
    for match in _ADDRESS.finditer(text):
        found[match.group().strip(".'`*{}|=").lower()] = None
        if len(found) >= most:
            break
    return list(found)


def as_text(raw: bytes, charset: str) -> str:
    """Bytes in a charset that somebody named; what does not fit is replaced."""
    if charset.lower().replace("-", "_") in _NO_CHARSETS:
        charset = "utf-8"
    try:
        text = raw.decode(charset, "replace") if charset.lower() not in _UNSAID else guessed(raw)
    except (LookupError, ValueError):
        text = guessed(raw)
    return text.replace("\x00", "")


def unpacked(text: str, encoding: str) -> bytes:
    """The bytes behind a transfer encoding; `text` is Latin-1 for bytes. Broken base64 gives what can be
    had of it."""
    raw = text.encode("latin-1", "replace")
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return decodestring(raw)
    if encoding == "base64":
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
        try:
            return b64decode(letters + b"=" * (-len(letters) % 4))
        except binascii.Error:
            return b64decode(letters[: len(letters) // 4 * 4])
    return raw


def _word(match: re.Match[str]) -> str:
    charset, how, body = match.groups()
    encoding = "base64" if how in "bB" else "quoted-printable"
    return as_text(unpacked(body.replace("_", "=20") if how in "qQ" else body, encoding), charset)
