"""What comes out of a foreign program."""

import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

_LONGEST = 48


@dataclass(frozen=True, slots=True)
class MailWords:
    """The words of one mail; `format` is md or html. `of` is the key of the mail that it says in another
    language, empty for a mail of its own."""

    key: str
    format: str
    name: str
    subject: str
    preheader: str
    language: str
    body: str
    of: str = ""


@dataclass(frozen=True)
class Brought:
    """`program` as plain values (the form of program.yaml), its mails, and a sentence for each thing that was
    left out or says something else here."""

    program: Mapping[str, Any]
    mails: tuple[MailWords, ...]
    left_out: tuple[str, ...]


def key_of(name: str, taken: Container[str], fallback: str) -> str:
    """A key for a program, a mail or a step that nobody has yet: small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST].strip("-")
    base = base if base[:1].isalpha() else f"{fallback}-{base}".strip("-")
    key, no = base, 2
    while key in taken:
        key, no = f"{base}-{no}", no + 1
    return key
