"""Everything a door needs to work, built once a process and after any fork; tests build their own."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, configure_mappers, sessionmaker

from nurture.buffers import wake
from nurture.buffers.limiter import Limiter
from nurture.config import Settings, load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.catcher.receive import recorded_port
from nurture.embedded.home import Home
from nurture.embedded.servers import servers
from nurture.errors import Unavailable
from nurture.files import clock_file
from nurture.files.catalogues import catalogues
from nurture.files.secrets import load_pepper, load_ring, pepper_file
from nurture.files.vault import Vault
from nurture.flows.agree_on_keys import agree_on_keys
from nurture.flows.courier import Makers
from nurture.flows.open_transport import open_transport
from nurture.flows.pepper import agree_on_pepper
from nurture.flows.turnstile import Turnstile
from nurture.mail.envelopes import Transport
from nurture.mail.smtp import Mailer
from nurture.mail.smtp_url import parse_smtp_url
from nurture.net.mailbox import parse_imap_url
from nurture.net.outgoing import Unreached, Way, get
from nurture.net.resolver import Dns
from nurture.rules import words
from nurture.rules.tokens import KeyRing
from nurture.rules.words import _
from nurture.store import batch, schema
from nurture.store.transports import Transport as Row
from nurture.webhooks.post import Poster

# Redis carries speed, not truth: a door waits for it no longer than this. (redis-py's own retries
# would block every request for seconds when Redis is away.)
REDIS_PATIENCE = 0.2
# So many connections a process opens to the mail server of the settings, while it keeps them waiting.
_CONNECTIONS = 4
# A batch is many thousands of small values that live for a moment and make no circles. By Python's own
# threshold of 700 looking for circles among them takes a quarter of the time.
_VALUES_BETWEEN_COLLECTIONS = 50_000


@dataclass(frozen=True)
class Runtime:
    """The parts of a running process."""

    settings: Settings
    addresses: Addresses
    engine: Engine
    sessions: sessionmaker[Session]
    redis: Redis
    ring: KeyRing
    pepper: bytes
    vault: Vault
    clock: Callable[[], datetime]
    real_clock: Callable[[], datetime]

    def now(self) -> datetime:
        """The moment, virtual or real."""
        return self.clock()

    def real_now(self) -> datetime:
        """The real moment, for what a virtual clock must not touch: the ages of links, codes of phones."""
        return self.real_clock()

    def wake(self, topic: str) -> None:
        """Tell a waiting pump that there is work; called after the commit."""
        wake.wake(self.redis, topic)

    @property
    def smtp_url(self) -> str:
        """The mail server of the settings, or the catcher of this home."""
        if self.settings.smtp_url:
            return self.settings.smtp_url
        port = recorded_port(Home(self.settings.home).run)
        if port is None:
            raise Unavailable(
                _("No mail server: set NURTURE_SMTP_URL, or start `nurture up` for the catcher.")
            )
        return f"smtp://127.0.0.1:{port}"

    def make_mailer(self) -> Mailer:
        """A connection of its own to the mail server, for one thread; the caller closes it."""
        return Mailer(
            parse_smtp_url(self.smtp_url),
            helo=urlsplit(self.settings.base_url).hostname or "localhost",
            connections=_CONNECTIONS,
        )

    def makers(self) -> Makers:
        """How the transports of the settings and of the table come about."""
        return Makers(
            of_settings=self.make_mailer,
            of_row=self.open_transport,
        )

    def open_transport(self, row: Row) -> Transport:
        """A transport of the table. Raises Refusal."""
        return open_transport(
            row,
            self.vault,
            helo=urlsplit(self.settings.base_url).hostname or "localhost",
            private=self.settings.allow_private_webhooks,
            real_now=real_now,
        )

    def make_turnstile(self) -> Turnstile:
        """Lets mails out at the rates that all hosts share; one for each thread that sends."""
        return Turnstile(Limiter(self.redis))

    def make_poster(self) -> Poster:
        """Posts webhooks; the caller closes it. Timestamps of attempts are real: receivers compare them."""
        way = Way(private=self.settings.allow_private_webhooks)
        return Poster(way, real_seconds=lambda: datetime.now(UTC).timestamp())

    def certificate(self, url: str) -> bytes:
        """What lies at an address of a provider; Unreached unless it says 200. Never inside our own nets."""
        answer = get(Way(), url)
        if answer.status != 200:
            raise Unreached(f"HTTP {answer.status}")
        return answer.body

    @property
    def dns(self) -> Dns:
        """Asks the name servers of the settings, or those of the machine."""
        return Dns(self.settings.dns_servers)

    def agree_on_secrets(self) -> None:
        """Raises Unavailable when this home hashes addresses otherwise than the database does, or signs with
        keys that no other host knows."""
        agree_on_pepper(self.sessions, self.pepper, pepper_file(self.settings.home))
        agree_on_keys(self.sessions, self.ring, now=self.now())

    def close(self) -> None:
        self.engine.dispose()
        self.redis.close()


def build(
    settings: Settings, addresses: Addresses, *, clock: Callable[[], datetime] | None = None, pool: int = 8
) -> Runtime:
    """A runtime over servers that answer at these addresses; `pool` bounds its connections. Raises
    SettingsFault for what only those who use a setting can tell."""
    if settings.smtp_url:
        parse_smtp_url(settings.smtp_url)
    if settings.bounce_imap_url:
        parse_imap_url(settings.bounce_imap_url)
    words.learn(catalogues())
    schema.metadata()  # all tables are known from here on: a flush looks its references up
    ring = load_ring(settings.home, settings.secret_key)
    engine = make_engine(addresses.database_url, pool=pool)
    return Runtime(
        settings=settings,
        addresses=addresses,
        engine=engine,
        sessions=sessionmaker(engine, expire_on_commit=False),
        redis=make_redis(addresses.redis_url),
        ring=ring,
        pepper=load_pepper(settings.home),
        vault=Vault(ring),
        clock=clock or make_clock(settings),
        real_clock=real_now,
    )


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Runtime]:
    """A runtime for as long as the block lasts, over the servers of the settings or the environment."""
    settings = settings or load_settings()
    work_in_batches()
    with servers(settings) as addresses:
        runtime = build(settings, addresses)
        try:
            runtime.agree_on_secrets()
            yield runtime
        finally:
            runtime.close()


def work_in_batches() -> None:
    """Let this process look for circles among its values as befits one that works in batches: seldom, and
    never among the modules and templates that were there before the work and stay until its end. What the
    tables look like is worked out now, and not in the midst of the first turn."""
    configure_mappers()
    gc.set_threshold(_VALUES_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    if not gc.get_freeze_count():  # once a process: what is put aside is not looked at again
        gc.freeze()


def make_engine(database_url: str, *, pool: int) -> Engine:
    """An engine whose sessions think in UTC, whatever the server was set to."""
    url = make_url(database_url)
    return create_engine(
        # The short name is as usual as the long one, and unknown to SQLAlchemy.
        url.set(drivername="postgresql") if url.drivername == "postgres" else url,
        pool_size=pool,
        max_overflow=4,
        pool_pre_ping=True,
        json_deserializer=batch.loads,
        hide_parameters=True,  # the text of a fault must not carry addresses into a log
        connect_args={"options": "-c timezone=UTC", "connect_timeout": 5},
    )


def make_redis(redis_url: str) -> Redis:
    """A client that fails fast instead of retrying."""
    return Redis.from_url(
        redis_url,
        socket_timeout=REDIS_PATIENCE,
        socket_connect_timeout=REDIS_PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )


def real_now() -> datetime:
    """The machine's own clock, whatever the virtual one says; for `doctor`."""
    return datetime.now(UTC)


def make_clock(settings: Settings) -> Callable[[], datetime]:
    """The clock of this home: real, or virtual as NURTURE_CLOCK_START and _SPEED say."""
    course = clock_file.course(
        settings.home, settings.clock_start, settings.clock_speed, real=datetime.now(UTC)
    )
    return lambda: course.at(datetime.now(UTC))
