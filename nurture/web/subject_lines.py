"""Subjects as lists show them: of many readers at once, so without what each gets alone."""

import re

from flask import Flask

_VALUES, _CHOICES = re.compile(r"\{\{.*?\}\}"), re.compile(r"\{%.*?%\}(?:.*?\{% *endif *%\})?")


def install(app: Flask) -> None:
    app.jinja_env.filters["subject_line"] = subject_line


def subject_line(written: str) -> str:
    """The subject as its author wrote it, with dots where each reader gets words of their own."""
    return _VALUES.sub("…", _CHOICES.sub("", written))
