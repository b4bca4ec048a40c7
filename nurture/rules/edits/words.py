"""Two texts word by word: what stayed, what went, what came."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
# Beyond this many words lines are compared, not words: it would take seconds and say less.
_MOST_WORDS = 6_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words; `sign` is "=" (in both), "-" (was) or "+" (is)."""

    sign: str
    text: str


def compared(before: str, after: str) -> tuple[Piece, ...]:
    """Both texts as one row of pieces: those with = and - are the first text, those with = and + the
    second."""
    old, new = _parts(before), _parts(after)
    if len(old) > _MOST_WORDS or len(new) > _MOST_WORDS:
        old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return tuple(_joined(_pieces(old, new)))


def _parts(text: str) -> list[str]:
    return _WORD.findall(text)


def _pieces(old: list[str], new: list[str]) -> Iterator[Piece]:
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("=", "".join(old[a:b]))
            continue
        if a != b:
            yield Piece("-", "".join(old[a:b]))
        if c != d:
            yield Piece("+", "".join(new[c:d]))


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """A single space between two changes belongs to them: whole phrases are read more easily."""
    found: list[Piece] = []
    for piece in pieces:
        if piece.sign == "=" and piece.text == " " and len(found) > 1 and found[-1].sign != "=":
            found += [Piece("-", " "), Piece("+", " ")]
        else:
            found.append(piece)
    return _gathered(found)


def _gathered(pieces: list[Piece]) -> list[Piece]:
    """Between two stretches that are the same: all that went, then all that came."""
    done: list[Piece] = []
    went = came = ""
    for piece in [*pieces, Piece("=", "")]:
        if piece.sign == "-":
            went += piece.text
        elif piece.sign == "+":
            came += piece.text
        else:
            done += [Piece("-", went)] * bool(went) + [Piece("+", came)] * bool(came)
            done += [piece] * bool(piece.text)
            went = came = ""
    return done
