"""Whole numbers as people and programs write them."""


def whole(text: str, digits: int = 9) -> int | None:
    """The number that at most so many digits say, of any script; None for everything else: a superscript is
    called a digit and is no number, and of endless digits Python makes none."""
    return int(text) if text.isdecimal() and len(text) <= digits else None
