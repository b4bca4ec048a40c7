"""Servers for tests: fresh, fast, not durable, and gone when the caller is."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from nurture.embedded.addresses import Addresses
from nurture.embedded.postgres import Postgres, throwaway_postgres
from nurture.embedded.redis_server import RedisServer, throwaway_redis
from nurture.embedded.sockets import socket_folder


@dataclass(frozen=True)
class Throwaway:
    """A running pair; `stop()` ends both, and so does leaving a `with` block."""

    addresses: Addresses
    postgres: Postgres
    redis: RedisServer

    @property
    def database_url(self) -> str:
        return self.addresses.database_url

    @property
    def redis_url(self) -> str:
        return self.addresses.redis_url

    def stop(self) -> None:
        self.redis.stop(patience=3)
        self.postgres.stop(patience=5)

    def __enter__(self) -> "Throwaway":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def throwaway(folder: Path) -> Throwaway:
    """Start PostgreSQL and Redis with everything of theirs under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    sockets = socket_folder(folder.resolve() / "run")
    postgres = throwaway_postgres(folder.resolve() / "postgres", sockets, folder / "postgres.log")
    redis = throwaway_redis(folder.resolve() / "redis", sockets, folder / "redis.log")
    postgres.ensure()
    redis.ensure()
    return Throwaway(Addresses(postgres.url, redis.url), postgres, redis)
