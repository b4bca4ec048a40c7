"""Where the two servers answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs that SQLAlchemy, psycopg and redis-py take as they are."""

    database_url: str
    redis_url: str
