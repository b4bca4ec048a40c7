"""A message taken apart, within bounds: so many bytes, parts and levels, whatever it claims to hold.

The library's parser goes as deep as a message says; here depth, parts and work are bounded, and what is
broken (no boundary, no blank line, no end) is read as plain text.
"""

import html
import re
from dataclasses import dataclass, field

from nurture.mail.inbound.fields import Fields, as_text, first, parameter, read_fields, unpacked

MOST_BYTES = 512 * 1024
_MOST_PARTS, _DEEPEST = 60, 8
_MOST_TEXT = 64_000
_HEAD = re.compile(r"\r?\n[ \t]*\r?\n")
_STYLE = re.compile(r"<(style|script|head)\b[^>]{0,400}>.{0,60000}?</\1\s*>", re.I | re.S)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/h\d|/li|/td)\b[^>]{0,400}>", re.I)
_TAG = re.compile(r"<(?![\w.+-]{1,80}@)[a-z!/][^<>]{0,2000}>", re.I)


@dataclass(slots=True)
class Part:
    """A leaf. `text` is decoded and bounded."""

    kind: str
    fields: Fields
    text: str


@dataclass(slots=True)
class Opened:
    """A message: its fields, its leaves in order, its raw text (Latin-1) and its root content type."""

    fields: Fields
    kind: str
    report_type: str
    raw: str
    parts: list[Part] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Part]:
        return [part for part in self.parts if part.kind in kinds]


def open_message(raw: bytes) -> Opened:
    """The message in these bytes; never raises."""
    text = raw[:MOST_BYTES].replace(b"\x00", b"").decode("latin-1").lstrip("\r\n \t")
    if "\n" not in text[:_MOST_TEXT]:  # lines that end as they did on old Macs
        text = text.replace("\r", "\n")
    if text.startswith(("From ", ">From ")):
        text = text.partition("\n")[2]
    head, body = _split(text)
    fields = read_fields(head)
    content = first(fields, "content-type")
    opened = Opened(fields, _kind(content), parameter(content, "report-type").lower(), text)
    _take_apart(opened, body)
    return opened


def _take_apart(opened: Opened, body: str) -> None:
    waiting = [(opened.fields, body, 0)]
    while waiting and len(opened.parts) < _MOST_PARTS:
        fields, text, depth = waiting.pop(0)
        content = first(fields, "content-type")
        kind = _kind(content)
        boundary = parameter(content, "boundary")
        if kind.startswith("multipart/") and depth < _DEEPEST:
            pieces = _pieces(text, boundary or _guessed_boundary(text))
            inner = [(read_fields(head), rest, depth + 1) for head, rest in map(_split_part, pieces)]
            if inner:
                waiting[:0] = inner[:_MOST_PARTS]
                continue
        opened.parts.append(_leaf(kind if not kind.startswith("multipart/") else "text/plain", fields, text))


def _leaf(kind: str, fields: Fields, text: str) -> Part:
    readable = kind.startswith(("text/", "message/")) or kind == "application/octet-stream"
    if not readable:
        return Part(kind, fields, "")
    encoding = first(fields, "content-transfer-encoding")
    charset = parameter(first(fields, "content-type"), "charset")
    content = as_text(unpacked(text[: _MOST_TEXT * 2], encoding), charset)[:_MOST_TEXT]
    return Part(kind, fields, plain(content) if kind == "text/html" else content)


def plain(page: str) -> str:
    """The words of an HTML page."""
    words = _TAG.sub(" ", _BREAK.sub("\n", _STYLE.sub(" ", page[:_MOST_TEXT])))
    return html.unescape(words).replace("\xa0", " ")


def _split(text: str) -> tuple[str, str]:
    """Head and body; a text that begins with no field is all body."""
    match = _HEAD.search(text)
    head, body = (text[: match.start()], text[match.end() :]) if match else (text, "")
    if not re.match(r"[!-9;-~]{1,80}[ \t]*:", head):
        return "", text
    return head, body


def _split_part(piece: str) -> tuple[str, str]:
    """Like _split, but a part may have no head at all: it begins with a blank line then."""
    piece = piece.removeprefix("\r").removeprefix("\n")
    if piece[:1] in ("\r", "\n"):
        return "", piece
    return _split(piece)


def _pieces(text: str, boundary: str) -> list[str]:
    if not boundary:
        return []
    pieces: list[str] = []
    lines = re.compile(rf"^--{re.escape(boundary)}(--)?[ \t]*\r?$", re.M)
    start: int | None = None
    for match in lines.finditer(text):
        if start is not None:
            pieces.append(text[start : match.start()])
        start = None if match.group(1) else match.end()
        if len(pieces) >= _MOST_PARTS:
            return pieces
    if start is not None:
        pieces.append(text[start:])
    return pieces


def _guessed_boundary(text: str) -> str:
    match = re.search(r"^--([^\s-][^\r\n]{3,70}?)[ \t]*\r?\n[Cc]ontent-", text[:20_000], re.M)
    return match.group(1) if match else ""


def _kind(content: str) -> str:
    kind = content.partition(";")[0].strip().lower()
    return kind if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", kind) else "text/plain"
