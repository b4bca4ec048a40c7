"""Others that send: each is a script in a process of its own, over a database of its own."""

import json
import subprocess
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

from nurture.errors import Unavailable

_SCRIPTS = Path(__file__).parent / "peers"
_PATIENCE_SECONDS = 900


def told(python: str, script: str, asked: dict[str, Any], name: str) -> Any:
    """What a script of `peers/` prints for what it is asked, both JSON. Raises Unavailable when it fails."""
    done = subprocess.run(
        [python, str(_SCRIPTS / script)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )
    if done.returncode != 0:
        raise Unavailable(f"{name} failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return json.loads(done.stdout)


def own_database(database_url: str, name: str) -> URL:
    """A new, empty database beside the given one."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return make_url(database_url).set(database=name)
