"""What all commands share: loading, refusals as one line, JSON, and a runtime over a ready database."""

import errno
import json
import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from redis.exceptions import RedisError

from nurture import migrations
from nurture.cli.logs import configure
from nurture.config import Settings, load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.servers import servers
from nurture.errors import Refusal, Unavailable
from nurture.runtime import Runtime, opened
from nurture.store.views.reading import AWAY, reading


class Door(click.Group):
    """A group whose commands are loaded when called, and whose faults are sentences, never tracebacks."""

    def __init__(self, *, places: dict[str, str], **options: Any) -> None:
        super().__init__(**options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        configure()
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as fault:
            raise click.ClickException(sentence(fault)) from fault


def sentence(fault: Exception) -> str:
    """What to tell the person at the terminal; what it does not say goes to the log."""
    if isinstance(fault, Refusal):
        return str(fault)
    if isinstance(fault, OSError) and fault.errno == errno.ENOSPC:
        return f"The disk is full ({fault.filename or 'while writing'}): make room and try again."
    place = _write_down(fault)
    if isinstance(fault, AWAY):
        return f"The database does not answer: is it running, is NURTURE_DATABASE_URL right? {place}"
    if isinstance(fault, RedisError):
        return f"Redis does not answer: is it running, is NURTURE_REDIS_URL right? {place}"
    return f"That went wrong ({type(fault).__name__}), and it should not have. {place}"


def _write_down(fault: Exception) -> str:
    """Put the whole story into the log of the home; says where it is."""
    try:
        log = load_settings().home / "log" / "nurture.log"
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("a") as out:
            out.write("".join(traceback.format_exception(fault)))
    except (OSError, Refusal):
        logging.getLogger(__name__).error("the log cannot be written", exc_info=fault)
        return "The details are above."
    return f"The details are in {log}."


@contextmanager
def attended(settings: Settings) -> Iterator[Addresses]:
    """The servers, for a command whose children do the work. What would stop every child is said here, to
    the one who starts it."""
    with servers(settings) as addresses:
        with opened(settings):
            pass
        yield addresses


@contextmanager
def ready(settings: Settings | None = None) -> Iterator[Runtime]:
    """A runtime whose database has the schema of this version.

    The embedded database belongs to the program and is migrated as needed; one given by URL may be in
    use by others and is only migrated by `nurture migrate` or `nurture up`.
    """
    with opened(settings) as runtime:
        if runtime.settings.database_url is None:
            migrations.upgrade(runtime.engine)
        elif not _at_head(runtime):
            raise Unavailable(
                "The database is not at the schema of this version: run  nurture migrate  first."
            )
        yield runtime


def _at_head(runtime: Runtime) -> bool:
    with reading(runtime.sessions) as session:
        return migrations.at_head(session.connection())


def as_json(value: object) -> None:
    """Print data for scripts."""
    click.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


json_option = click.option("--json", "json_", is_flag=True, help="Print JSON, for scripts.")
