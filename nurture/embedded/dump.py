"""A whole database as a stream of bytes, by PostgreSQL's own pg_dump and pg_restore (custom format).

The password travels in a file that only we can read: other users of the machine see command lines.
"""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from nurture.embedded import parts
from nurture.errors import Unavailable

_CHUNK = 1 << 18
_ANYTHING = """
    SELECT EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    )
"""
_PLAIN = ("--no-owner", "--no-privileges", "--no-password")


def dump(database_url: str, snapshot: str) -> Iterator[bytes]:
    """The database as an exported snapshot sees it; raises Unavailable when it cannot be read whole."""
    words = [str(parts.postgres_tool("pg_dump")), "--format=custom", "--compress=gzip:4", *_PLAIN]
    with _target(database_url) as target, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*words, f"--snapshot={snapshot}", f"--dbname={target}"], stdout=subprocess.PIPE, stderr=said
        )
        assert process.stdout is not None
        try:
            while chunk := process.stdout.read(_CHUNK):
                yield chunk
        finally:
            process.stdout.close()
            ended = process.wait()
        if ended != 0:
            raise Unavailable(f"The database could not be copied: {_last_word(said)}")


def load(database_url: str, chunks: Iterable[bytes]) -> None:
    """Fill an empty database from such a stream, whole or not at all; raises Unavailable."""
    words = [str(parts.postgres_tool("pg_restore")), "--single-transaction", "--exit-on-error", *_PLAIN]
    with _target(database_url) as target, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*words, f"--dbname={target}"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said
        )
        assert process.stdin is not None
        # A program that gives up closes its ear; what it said tells why.
        with suppress(BrokenPipeError):
            for chunk in chunks:
                process.stdin.write(chunk)
        with suppress(BrokenPipeError):
            process.stdin.close()
        if process.wait() != 0:
            raise Unavailable(f"The database could not be filled: {_last_word(said)}")


def in_use(database_url: str) -> bool:
    """Whether the database holds anything of anybody's, extensions left aside; raises Unavailable."""
    try:
        with _target(database_url) as target, psycopg.connect(target, connect_timeout=5) as connection:
            return connection.execute(_ANYTHING).fetchone() != (False,)
    except psycopg.OperationalError as error:
        raise Unavailable(
            "The database does not answer: is it running, is NURTURE_DATABASE_URL right?"
        ) from error


@contextmanager
def _target(database_url: str) -> Iterator[str]:
    """What to connect to, with the password in a file (libpq, "The Password File")."""
    words = conninfo_to_dict(database_url.replace("postgres://", "postgresql://", 1))
    password = words.pop("password", None)
    if password is None:
        yield make_conninfo("", **words)
        return
    with tempfile.TemporaryDirectory(prefix="nurture-") as folder:
        file = Path(folder) / "password"
        file.touch(mode=0o600)
        escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
        file.write_text(f"*:*:*:*:{escaped}\n")
        yield make_conninfo("", **words, passfile=str(file))


def _last_word(said: IO[bytes]) -> str:
    said.seek(0)
    lines = [line for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "error:" in line]
    return (telling or lines or ["it gave no reason"])[0].strip()
