"""The servers of one home, shared by every command that needs them.

Each user of the servers holds a shared lock while it works. Whoever comes first starts them (or
adopts what a killed command left running); whoever leaves last stops them.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from nurture.config import Settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.home import Home
from nurture.embedded.locks import Lock, alone
from nurture.errors import Unavailable


@contextmanager
def servers(settings: Settings) -> Iterator[Addresses]:
    """Both servers, running for as long as the block lasts.

    A server given by URL is used as it is. Raises Unavailable, in one sentence, when one cannot run.
    """
    if settings.database_url and settings.redis_url:
        yield Addresses(settings.database_url, settings.redis_url)
        return
    home = Home(settings.home)
    home.make()
    with _used(home, settings):
        yield _addresses(home, settings)


def running(settings: Settings) -> Addresses:
    """Where the servers answer that somebody else keeps running; raises Unavailable when nobody does."""
    home = Home(settings.home)
    missing = (settings.database_url is None and home.postgres().running() is None) or (
        settings.redis_url is None and home.redis().running() is None
    )
    if missing:
        raise Unavailable(
            f"Nothing runs for {settings.home}: start `nurture up` there, "
            "or set NURTURE_DATABASE_URL and NURTURE_REDIS_URL."
        )
    return _addresses(home, settings)


def heal(settings: Settings) -> list[str]:
    """Start again what has died since; names of what had to be started."""
    home = Home(settings.home)
    lost = []
    if settings.database_url is None and home.postgres().running() is None:
        lost.append("PostgreSQL")
    if settings.redis_url is None and home.redis().running() is None:
        lost.append("Redis")
    if lost:
        with alone(home.run / "servers.door"):
            _ensure(home, settings)
    return lost


@contextmanager
def _used(home: Home, settings: Settings) -> Iterator[None]:
    door = home.run / "servers.door"
    with ExitStack() as held:
        with alone(door):
            users = Lock(home.run / "servers.users")
            held.callback(users.close)
            users.share()
            # From here on leaving also means stopping what came up, if nobody else uses it.
            held.callback(_leave, home, settings, users)
            _ensure(home, settings)
        yield


def _ensure(home: Home, settings: Settings) -> None:
    if settings.database_url is None:
        home.postgres().ensure()
    if settings.redis_url is None:
        home.redis().ensure()


def _leave(home: Home, settings: Settings, users: Lock) -> None:
    with alone(home.run / "servers.door"):
        if not users.take_now():
            return
        if settings.redis_url is None:
            home.redis().stop()
        if settings.database_url is None:
            home.postgres().stop()
        home.forget_sockets()


def _addresses(home: Home, settings: Settings) -> Addresses:
    return Addresses(settings.database_url or home.postgres().url, settings.redis_url or home.redis().url)
