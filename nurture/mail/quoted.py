"""Quoted-printable (RFC 2045, section 6.7) in pieces that can be put one after the other.

Every piece begins in the first column and leaves the text in the first column, by a soft line break if
need be. So pieces made once for a template and pieces made for one recipient join without a look at the
column, and no line is longer than 76 characters. A dot in the first column is encoded: the bytes need no
dot-stuffing (RFC 5321, section 4.5.2). So is every space behind a space: the text is in the relaxed form
that a signature is made over (RFC 6376, section 3.4.4), and signing need not look for what it would change.
"""

import re
from collections.abc import Sequence

SOFT_BREAK = "=\r\n"
LONGEST = 75  # and one for the "=" of a soft break
_PLAIN = re.compile(r"[ !-\-/-<>-~][ !-<>-~]{0,74}")
# Matches a text of at most LONGEST characters that neither HTML nor quoted-printable change: names, figures,
# web addresses. With a soft break behind it, it is a piece.
untouched = re.compile(r"(?!\.)(?:[!#-%(-;?-~]++ ?)++").fullmatch
_AS_THEY_ARE = frozenset(range(33, 127)) - {ord("=")}
_BYTES = [chr(byte) if byte in _AS_THEY_ARE else f"={byte:02X}" for byte in range(256)]


def encode(text: str) -> str:
    """One piece. Line ends of any kind become CRLF; lone surrogates are replaced, NUL is dropped."""
    if _PLAIN.fullmatch(text) and "  " not in text:
        return text + SOFT_BREAK
    clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    lines = clean.split("\n")
    hard = "".join(_line(line, last=False) for line in lines[:-1])
    return hard + (_line(lines[-1], last=True) if lines[-1] else "")


def _line(text: str, *, last: bool) -> str:
    """A line of text as lines of at most 76, ended by CRLF (`last`: by a soft break)."""
    out: list[str] = []
    column = 0
    codes = _codes(text)
    if not last and codes and codes[-1] == " ":
        codes[-1] = "=20"  # a space before a line end would be taken away in transport
    for code in codes:
        if column + len(code) > LONGEST:
            out.append(SOFT_BREAK)
            column = 0
        if column == 0 and code == ".":
            code = "=2E"
        if code == " " and column and out[-1] == " ":
            code = "=20"
            if column + len(code) > LONGEST:
                out.append(SOFT_BREAK)
                column = 0
        out.append(code)
        column += len(code)
    return "".join(out) + (SOFT_BREAK if last else "\r\n")


def _codes(text: str) -> list[str]:
    return [" " if byte == 32 else _BYTES[byte] for byte in text.encode("utf-8", "replace")]


def fit(start: str, pieces: Sequence[str]) -> bool:
    """Whether web addresses of ours (no quotes, no `&`) that begin with `start` and end with a soft break are
    pieces as they are, for HTML and text alike."""
    longest = max(map(len, pieces), default=0)
    return longest <= LONGEST + len(SOFT_BREAK) and "=" not in start and start[:1] != "."
