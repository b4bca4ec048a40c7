"""The peer for sending: django-post_office, in a virtual environment that is made for the run and thrown away
after it. None of its packages is a requirement of the program."""

import subprocess
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from bench._peer_process import own_database, told
from nurture.errors import Unavailable

PACKAGES = ("Django==5.2.19", "django-post_office==3.12.0", "psycopg[binary]==3.3.9")
NAME = "django-post_office 3.12"


@dataclass(frozen=True)
class Letter:
    """What is sent, in Django's template language."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Rates:
    """Mails a second, queued, rendered and sent, in its usual way (rendered when queued) and in the other."""

    usual: float
    rendered_when_sent: float


def rates(database_url: str, port: int, count: int, letter: Letter) -> Rates:
    """By two processes of five threads each, over a database of its own beside the given one. Raises
    Unavailable when its packages cannot be installed or it fails."""
    with tempfile.TemporaryDirectory(prefix="nurture-bench-peer-") as folder:
        python = _installed(Path(folder))
        asked = {"database": _database(database_url), "port": port, "count": count, **vars(letter)}
        done = told(python, "django_post_office.py", asked, NAME)
    if missing := [way for way, one in done.items() if one["sent"] != count]:
        raise Unavailable(f"{NAME} did not send all {count} mails ({', '.join(missing)}).")
    return Rates(*(count / done[way]["seconds"] for way in ("when_queued", "when_sent")))


def _installed(folder: Path) -> str:
    """The Python of a fresh environment with the packages in it."""
    venv.create(folder, with_pip=True, symlinks=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run([*pip, *PACKAGES], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"{NAME} cannot be installed for comparison: {reason}")
    return python


def _database(database_url: str) -> dict[str, str]:
    url = own_database(database_url, "post_office")
    return {
        "NAME": "post_office",
        "USER": url.username or "",
        "PASSWORD": url.password or "",
        "HOST": url.host or str(url.query.get("host", "")),
        "PORT": str(url.port or url.query.get("port", "")),
    }
