"""What holds for the parts of a message (RFC 2045, 2046 and 2387)."""

import binascii
import quopri
import re
from email.message import Message

_LONGEST_LINE = 76
_MOST_HTML = 102 * 1024  # Gmail shows no more
_CID = re.compile(rb"""(?:src|background)\s*=\s*["']?cid:([^"'>\s]+)""", re.I)


def body_faults(message: Message) -> list[str]:
    parts = [part for part in message.walk() if not part.is_multipart()]
    found = [fault for part in parts for fault in _part_faults(part)]
    found += [fault for part in message.walk() if part.is_multipart() for fault in _frame_faults(part)]
    kinds = [part.get_content_type() for part in parts if part.get_content_maintype() == "text"]
    if "text/html" in kinds and "text/plain" not in kinds:
        found.append("There is no text part beside the HTML.")
    if not parts or not kinds:
        found.append("There is nothing to read.")
    return found + _image_faults(parts)


def _frame_faults(part: Message) -> list[str]:
    found = []
    if part.defects:
        found.append("The parts are not framed as they should be.")
    if str(part.get("content-transfer-encoding", "7bit")).lower() not in ("7bit", "8bit", "binary"):
        found.append("A multipart is encoded as a whole.")
    if part.get_content_type() == "multipart/alternative":
        order = [one.get_content_type() for one in part.get_payload() if isinstance(one, Message)]
        if order[:1] != ["text/plain"]:
            found.append("The parts are not text, then HTML.")
    return found


def _part_faults(part: Message) -> list[str]:
    encoding = str(part.get("content-transfer-encoding", "7bit")).strip().lower()
    payload = str(part.get_payload())
    found = []
    is_text = part.get_content_maintype() == "text"
    if is_text and (part.get_content_charset() or "us-ascii") not in ("utf-8", "us-ascii"):
        found.append("A part is not in UTF-8.")
    if encoding == "quoted-printable":
        found += _quoted_faults(payload)
    elif encoding == "base64":
        found += _base64_faults(payload)
    elif encoding != "7bit":
        found.append(f"A part is encoded as {encoding[:20]}, which not every server takes.")
    octets = _decoded(payload, encoding)
    if is_text:
        try:
            text = octets.decode("utf-8")
        except UnicodeDecodeError:
            return [*found, "A part does not decode as UTF-8."]
        if not text.strip():
            found.append("A part is empty.")
        if part.get_content_type() == "text/html" and len(octets) > _MOST_HTML:
            found.append("The HTML is larger than 102 kB: Gmail cuts it off.")
    return found


def _quoted_faults(payload: str) -> list[str]:
    found = []
    lines = payload.splitlines()
    if any(len(line) > _LONGEST_LINE for line in lines):
        found.append("A quoted-printable line is longer than 76 characters.")
    if re.search(r"=(?![0-9A-F]{2}|\r?\n)", payload):
        found.append("A quoted-printable escape is broken.")
    if any(line.endswith((" ", "\t")) for line in lines):
        found.append("A quoted-printable line ends with white space.")
    return found


def _base64_faults(payload: str) -> list[str]:
    if any(len(line) > _LONGEST_LINE for line in payload.splitlines()):
        return ["A base64 line is longer than 76 characters."]
    try:
        binascii.a2b_base64("".join(payload.split()), strict_mode=True)
    except ValueError:
        return ["The base64 of a part is broken."]
    return []


def _decoded(payload: str, encoding: str) -> bytes:
    raw = payload.encode("ascii", "replace")
    if encoding == "quoted-printable":
        return quopri.decodestring(raw)
    if encoding == "base64":
        try:
            return binascii.a2b_base64(raw)
        except ValueError:
            return b""
    return raw


def _image_faults(parts: list[Message]) -> list[str]:
    held = {str(part.get("content-id", "")).strip().strip("<>").encode() for part in parts}
    asked = {
        name
        for part in parts
        if part.get_content_type() == "text/html"
        for name in _CID.findall(_decoded(str(part.get_payload()),
                                          str(part.get("content-transfer-encoding", "7bit")).lower()))
    }  # fmt: skip
    return ["The HTML shows an image that is not in the mail."] if asked - held else []
