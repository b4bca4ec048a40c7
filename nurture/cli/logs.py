"""How the processes log: JSON lines, or coloured text when a person watches. Never to standard output,
which belongs to the data that a command prints.

Whatever is logged, by us or by a library, goes out without addresses: the text of a fault may quote a row of
the database or the answer of a mail server, and both name people.
"""

import logging
import re
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog

from nurture.config import load_settings
from nurture.errors import SettingsFault

_ADDRESS = re.compile(r"[\w.+%'=-]+@[\w-]+(?:\.[\w-]+)+")
# How PostgreSQL quotes the values of a row that it refuses.
_KEY = re.compile(r"(Key \([^)]*\)=)\(.*?\)(?= |\.|,)")
_ROW = re.compile(r"(Failing row contains )\(.*?\)(?=\.)")
_COLUMN = re.compile(r"(COPY \w+, line \d+, column \w+: ).*?(?=\\n|\n|$)")


def masked(line: str) -> str:
    """The line without addresses and without the values of refused rows.

    >>> masked("550 no such user <katrin@kessler.example>")
    '550 no such user <...>'
    """
    for quoted in (_KEY, _ROW):
        line = quoted.sub(r"\1(...)", line)
    return _ADDRESS.sub("...", _COLUMN.sub(r"\1...", line))


class _Masking(logging.Formatter):
    """For libraries that log by themselves."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class _StandardError:
    """Standard error as it is at each line: whoever runs a command inside another process may swap it. A
    full disk loses the line, and not what the line is about: a reader gets his redirect all the same."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


_STANDARD_ERROR = _StandardError()


def configure() -> None:
    """Set logging up once, at the beginning of a process."""
    level = _level()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Masking("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=max(level, logging.INFO))
    for chatty in ("alembic", "mail.log", "rq.worker", "rq.job"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(sys.stderr.isatty()),
            lambda _logger, _method, line: masked(str(line)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: structlog.PrintLogger(cast(TextIO, _STANDARD_ERROR)),
        cache_logger_on_first_use=False,
    )


def _rendering(person: bool) -> list[structlog.typing.Processor]:
    # Without local variables: they hold passwords and addresses.
    if person:
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(frames), structlog.processors.JSONRenderer()]


def _level() -> int:
    try:
        return logging.getLevelNamesMapping()[load_settings().log_level]
    except SettingsFault:
        return logging.INFO  # the command itself will say what is wrong
