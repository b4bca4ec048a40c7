"""Whole reports, head and MIME and all, as some hundred mail servers, gateways and portals give them, in
thirty languages and their charsets: our own words, invented people (manners/first.txt, second.txt,
third.txt and on).

A report begins with `#=== kind | name`; `#charset x` says how its bytes are made; {US}, {ANN}, {ORIGINAL},
{HEADERS}, {REDACTED} and {B64:…} stand for what they say. Each file was written after the reader had been
mended by the one before, so that it measured what nobody had looked at (docs/figures.md).
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from tests.mail.inbound.shapes import ANN, ORIGINAL, US, Shape, dsn, letter

MANNERS = Path(__file__).parent / "manners"
WHOLE = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")
SINGLE = ("refusals", "refusals2", "refusals3", "refusals4", "refusals5")
_CHARSET = re.compile(r"^#charset (\S+)\n", re.M)

# What many reports have in common: a head, the beginning of a status part, the mail that came back.
_FRAMES = {
    "{MIME}": 'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="e"',
    "{DSN}": "--e\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n",
    "{BACK}": "--e\nContent-Type: message/rfc822\n\n{ORIGINAL}\n--e--",
}


def whole_reports(name: str) -> list[Shape]:
    """The reports of a file."""
    return list(_read((MANNERS / f"{name}.txt").read_text("utf-8")))


def refusals(name: str = "refusals") -> list[Shape]:
    """Single refusals (manners/refusals.tsv and the like), each in a status report and in a letter."""
    lines = (MANNERS / f"{name}.tsv").read_text("utf-8").splitlines()
    return [shape for line in lines for shape in _both(*line.split("\t"))]


def _both(kind: str, status: str, words: str) -> tuple[Shape, Shape]:
    said = words if words.startswith("smtp;") else f"smtp; {words}"
    plain = letter("MAILER-DAEMON@x.example", "Undelivered mail", f"<{ANN}>:\n{words}\n")
    return Shape(f"{words}, as report", kind, dsn(said, status)), Shape(f"{words}, as text", kind, plain)


def _read(text: str) -> Iterator[Shape]:
    for block in re.split(r"^#=== ", text, flags=re.M)[1:]:
        title, _line, raw = block.partition("\n")
        kind, name, *more = [one.strip() for one in title.split(" | ")]
        charset = found.group(1) if (found := _CHARSET.search(raw)) else "utf-8"
        bytes_of_it = _filled(_CHARSET.sub("", raw)).encode(charset)
        yield Shape(name, kind, bytes_of_it, reason=more[0] if more else "", named=_named(more[1:]))


def _named(said: list[str]) -> dict[str, str]:
    """The recipients of a report and what became of each, where a title says it."""
    pairs = [one.strip().partition("=") for text in said for one in text.split(",")]
    return {address: kind for address, _equals, kind in pairs}


def _filled(raw: str) -> str:
    for name, value in _FRAMES.items():
        raw = raw.replace(name, value)
    values = {
        "{ORIGINAL}": ORIGINAL,
        "{HEADERS}": ORIGINAL.partition("\n\n")[0],
        "{REDACTED}": ORIGINAL.replace(ANN, "redacted@garden.example"),
        "{US}": US,
        "{ANN}": ANN,
    }
    for name, value in values.items():
        raw = raw.replace(name, value)
    return re.sub(r"\{B64:(.*?)\}", lambda at: base64.encodebytes(at[1].encode()).decode(), raw, flags=re.S)
