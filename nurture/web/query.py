"""What the address of a page asks for, read so that a wrong value means "all" and never a fault."""

from collections.abc import Sequence

from flask import request

_LONGEST = 200


def text(name: str) -> str:
    """A text without control characters, cut to a sane length."""
    value = request.args.get(name, "")[:_LONGEST].strip()
    return "".join(character for character in value if character.isprintable())


def chosen(name: str, options: Sequence[str]) -> str:
    """One of the options, or nothing."""
    value = request.args.get(name, "")
    return value if value in options else ""


def number(name: str) -> int | None:
    """A positive id, or nothing."""
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
