"""How the processes log: JSON lines, or coloured text when a person watches. Never to standard output,
which belongs to the data that a command prints."""

import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog

from nurture.config import load_settings
from nurture.errors import SettingsFault


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
    logging.basicConfig(
        stream=sys.stderr, level=max(level, logging.INFO), format="%(levelname)s %(name)s %(message)s"
    )
    for chatty in ("alembic", "mail.log", "rq.worker", "rq.job"):
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(sys.stderr.isatty()),
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
