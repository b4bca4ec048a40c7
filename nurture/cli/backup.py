"""`nurture backup` and `nurture restore`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from nurture import migrations
from nurture.cli.frame import as_json, json_option, ready
from nurture.config import Settings, load_settings
from nurture.embedded.dump import dump, in_use, load
from nurture.embedded.home import Home
from nurture.embedded.locks import Lock
from nurture.embedded.servers import servers
from nurture.errors import Conflict
from nurture.files import backup as files
from nurture.files import erasures, journal
from nurture.files.backup import Backup
from nurture.files.secrets import has_ring, load_ring, put_back
from nurture.flows.agree_on_keys import marks_of
from nurture.flows.back_up import back_up
from nurture.flows.bring_back import Gap, bring_back
from nurture.rules.tokens import KeyRing
from nurture.runtime import opened

_MEGA = 1_000_000


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-keys", is_flag=True, help="Leave the secret keys out: you keep them elsewhere.")
@json_option
def backup(file: Path, without_keys: bool, json_: bool) -> None:
    """Write everything that cannot be made anew to one file, while the engine goes on.

    The file holds all leads, the pepper and, unless left out, the secret keys: keep it as you keep those.
    """
    if not file.resolve().parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.resolve().parent}", param_hint="FILE")
    with ready() as runtime, _counter("Backup", quiet=json_) as counted:
        contents, size = back_up(
            runtime.sessions,
            lambda snapshot: dump(runtime.addresses.database_url, snapshot),
            file,
            pepper=runtime.pepper,
            ring=runtime.ring,
            with_keys=not without_keys,
            by="terminal",
            now=runtime.now(),
            progress=counted,
        )
    if json_:
        as_json({"file": file, "bytes": size, "keys": not without_keys, **asdict(contents)})
        return
    click.echo(f"{contents.leads:,} leads and everything about them are in {file} ({size / _MEGA:,.1f} MB).")
    also = "the pepper" if without_keys else "the pepper and the secret keys"
    click.echo(f"It holds {also} too: whoever has the file has them. Keep it away from this machine.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--ran-until",
    metavar="INSTANT",
    help="When the lost installation sent its last mail, such as 2026-03-03T10:00:00Z; now unless said. "
    "Mails that were due until then count as sent.",
)
@click.option(
    "--nothing-sent-since",
    is_flag=True,
    help="You know that no mail has left since the backup (sending was stopped before it): go on as it was.",
)
@click.option(
    "--erasures",
    "ledgers",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file erasures/ledger of a home folder; may be given several times.",
)
@json_option
def restore(
    file: Path, ran_until: str | None, nothing_sent_since: bool, ledgers: tuple[Path, ...], json_: bool
) -> None:
    """Bring a backup back into an empty home, or an empty database; nothing is ever overwritten."""
    settings = load_settings()
    until = _instant(ran_until)
    home = Home(settings.home)
    home.make()
    lock = Lock(home.run / "up.lock")
    try:
        if not lock.take_now():
            raise Conflict(f"Nurture is running for {home.folder}: end it first, or set NURTURE_HOME.")
        found = files.whole(file)
        if not migrations.knows(found.contents.schema):
            raise Conflict(f"{file} was made by a newer version of the program: install that one first.")
        if nothing_sent_since:
            until = found.contents.made_at
        gap = _bring_back(settings, found, until, ledgers, quiet=json_)
    finally:
        lock.close()
    if json_:
        as_json({"file": file, **asdict(found.contents), **asdict(gap)})
    else:
        _report(found, gap, nothing_sent_since)


def _bring_back(
    settings: Settings, found: Backup, ran_until: datetime | None, ledgers: tuple[Path, ...], *, quiet: bool
) -> Gap:
    own = erasures.ledger_of(settings.home)
    erased = erasures.read([*ledgers, *([own] if own.is_file() else [])])
    with servers(settings) as addresses:
        if in_use(addresses.database_url):
            raise Conflict(
                "There are tables in this database already: restore into an empty home (NURTURE_HOME) "
                "or an empty database (NURTURE_DATABASE_URL)."
            )
        put_back(settings.home, found.pepper, found.keys)
        _check_keys(settings, found)
        with _counter("Restore", quiet=quiet) as counted:
            load(addresses.database_url, _told(found.dump(), counted))
        (settings.home / "links.jsonl").unlink(missing_ok=True)  # links of what was lost
        with opened(settings) as runtime:
            migrations.upgrade(runtime.engine)
            return bring_back(
                runtime.sessions,
                erased,
                made_at=found.contents.made_at,
                ran_until=min(ran_until or runtime.now(), runtime.now()),
                pepper=runtime.pepper,
                home=settings.home,
                host=journal.host_id(journal.folder_of(settings.home)),
                now=runtime.now(),
            )


def _instant(said: str | None) -> datetime | None:
    if said is None:
        return None
    wanted = "an instant with its zone, such as 2026-03-03T10:00:00Z"
    fault = click.BadParameter(wanted, param_hint="--ran-until")
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        raise fault from None
    if moment.tzinfo is None:
        raise fault
    return moment


def _check_keys(settings: Settings, found: Backup) -> None:
    """Before anything is filled: a database whose keys nobody has would not start."""
    here = has_ring(settings.home) or settings.secret_key is not None
    ring = load_ring(settings.home, settings.secret_key) if here else KeyRing(())
    if not set(marks_of(ring)) & set(found.contents.key_marks):
        raise Conflict(
            "The secret keys are not in this backup and not here: set NURTURE_SECRET_KEY to them, or put "
            f"them into {settings.home}/secrets/keys."
        )


def _told(chunks: Iterable[bytes], counted: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        counted(done)


@contextmanager
def _counter(what: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """How much has been moved, on one line of the terminal."""
    err = click.get_text_stream("stderr")
    if quiet or not err.isatty():
        yield lambda done: None
        return
    yield lambda done: click.echo(f"\r{what}: {done / _MEGA:,.0f} MB", nl=False, err=True)
    click.echo(err=True)


def _report(found: Backup, gap: Gap, nothing_sent: bool) -> None:
    contents = found.contents
    click.echo(f"{contents.leads:,} leads are back as of {contents.made_at:%Y-%m-%d %H:%M} UTC.")
    if gap.erased:
        click.echo(f"{gap.erased} people who were erased since then are erased again.")
    if gap.uncertain:
        click.echo(f"{gap.uncertain} mails may have left since the backup: they count as sent.")
    if gap.paused:
        click.echo(f"{gap.paused} newsletters are paused: resumed, they may reach some readers twice.")
    if not nothing_sent:
        click.echo("Not known since the backup: unsubscribes, answers of sales, keys and users ended since.")
    click.echo("Start it again:  nurture up")
