"""Settings, frozen, from the environment. The only place that reads it (CONTRACT.md, Environment)."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from nurture.errors import SettingsFault


@dataclass(frozen=True)
class Settings:
    """What the operator has set. URLs left unset mean the embedded part."""

    home: Path
    database_url: str | None
    redis_url: str | None
    smtp_url: str | None
    base_url: str
    bind: tuple[str, int]
    secret_key: str | None
    workers: int
    live: bool
    allow_private_webhooks: bool
    clock_start: datetime | None
    clock_speed: float
    click_stall: timedelta
    bounce_domain: str | None
    bounce_imap_url: str | None
    soft_bounces: int
    dns_servers: tuple[tuple[str, int], ...]
    catcher_bind: tuple[str, int]
    tracking_bind: tuple[str, int] | None
    log_level: str

    @property
    def secure(self) -> bool:
        """Whether the public address is https, so that cookies may insist on it."""
        return self.base_url.startswith("https://")


def load_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Read every setting; raises SettingsFault with all faults at once."""
    reader = _Reader(os.environ if env is None else env)
    bind = reader.address("NURTURE_BIND", "127.0.0.1:8000")
    settings = Settings(
        home=Path(reader.text("NURTURE_HOME", "./var")).resolve(),
        database_url=reader.url("NURTURE_DATABASE_URL", ("postgresql", "postgres")),
        redis_url=reader.url("NURTURE_REDIS_URL", ("redis", "rediss", "unix")),
        smtp_url=reader.url("NURTURE_SMTP_URL", ("smtp", "smtps")),
        base_url=(reader.url("NURTURE_BASE_URL", ("http", "https")) or f"http://localhost:{bind[1]}").rstrip(
            "/"
        ),
        bind=bind,
        secret_key=reader.secret("NURTURE_SECRET_KEY"),
        workers=reader.number("NURTURE_WORKERS", os.cpu_count() or 1, least=1),
        live=reader.flag("NURTURE_LIVE"),
        allow_private_webhooks=reader.flag("NURTURE_ALLOW_PRIVATE_WEBHOOKS"),
        clock_start=reader.instant("NURTURE_CLOCK_START"),
        clock_speed=reader.speed("NURTURE_CLOCK_SPEED"),
        click_stall=timedelta(seconds=reader.number("NURTURE_CLICK_STALL", 60, least=0)),
        bounce_domain=reader.domain("NURTURE_BOUNCE_DOMAIN"),
        bounce_imap_url=reader.url("NURTURE_BOUNCE_IMAP_URL", ("imaps", "imap")),
        soft_bounces=reader.number("NURTURE_SOFT_BOUNCES", 5, least=1),
        dns_servers=reader.name_servers("NURTURE_DNS"),
        catcher_bind=reader.address("NURTURE_CATCHER_BIND", "127.0.0.1:8025"),
        tracking_bind=reader.optional_address("NURTURE_TRACKING_BIND"),
        log_level=reader.choice("NURTURE_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    )
    if reader.faults:
        raise SettingsFault(reader.faults)
    return settings


class _Reader:
    """Reads one environment and gathers the faults instead of stopping at the first."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.faults: list[str] = []

    def text(self, name: str, default: str) -> str:
        return self.env.get(name, "").strip() or default

    def fault(self, name: str, expected: str) -> None:
        # The value itself is not repeated: it may hold a password.
        self.faults.append(f"{name} is wrong: expected {expected}.")

    def url(self, name: str, schemes: tuple[str, ...]) -> str | None:
        value = self.text(name, "")
        if not value:
            return None
        try:
            parts = urlsplit(value)
            usable = parts.scheme in schemes and bool(parts.netloc or parts.path) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            self.fault(name, "an address beginning with " + " or ".join(f"{scheme}://" for scheme in schemes))
            return None
        return value

    def address(self, name: str, default: str) -> tuple[str, int]:
        return self._address(name, self.text(name, default)) or ("127.0.0.1", 0)

    def optional_address(self, name: str) -> tuple[str, int] | None:
        value = self.text(name, "")
        return self._address(name, value) if value else None

    def _address(self, name: str, value: str) -> tuple[str, int] | None:
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            self.fault(name, "host:port, such as 127.0.0.1:8000")
            return None
        return host.strip("[]"), int(port)

    def name_servers(self, name: str) -> tuple[tuple[str, int], ...]:
        """`192.0.2.1, 192.0.2.2:5353`: addresses, because names would need a name server."""
        found = []
        for word in self.text(name, "").replace(",", " ").split():
            host, colon, port = word.rpartition(":") if word.count(":") == 1 else (word, "", "")
            try:
                address = ip_address((host if colon else word).strip("[]"))
            except ValueError:
                address = None
            if address is None or (colon and not (port.isdecimal() and 0 < int(port) < 65536)):
                self.fault(name, "addresses of name servers, such as 192.0.2.1 or 192.0.2.1:5353")
                return ()
            found.append((str(address), int(port) if colon else 53))
        return tuple(found)

    def domain(self, name: str) -> str | None:
        value = self.text(name, "").lower().rstrip(".")
        if value and not re.fullmatch(
            r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,61}", value
        ):
            self.fault(name, "a domain name, such as bounce.example.com")
            return None
        return value or None

    def secret(self, name: str) -> str | None:
        value = self.text(name, "")
        if value and any(len(key) < 32 for key in value.split(",")):
            self.fault(name, "keys of at least 32 characters, newest first, separated by commas")
            return None
        return value or None

    def number(self, name: str, default: int, *, least: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal() or int(value) < least:
            self.fault(name, f"a whole number of at least {least}")
            return default
        return int(value)

    def flag(self, name: str) -> bool:
        value = self.text(name, "0")
        if value not in ("0", "1"):
            self.fault(name, "0 or 1")
        return value == "1"

    def choice(self, name: str, default: str, options: tuple[str, ...]) -> str:
        value = self.text(name, default).upper()
        if value not in options:
            self.fault(name, "one of " + ", ".join(options))
            return default
        return value

    def instant(self, name: str) -> datetime | None:
        value = self.text(name, "")
        if not value:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fault(name, "an ISO instant with its zone, such as 2026-03-03T10:00:00Z")
            return None
        return moment

    def speed(self, name: str) -> float:
        value = self.text(name, "1")
        try:
            speed = float(value)
        except ValueError:
            speed = 0.0
        if not 0 < speed <= 1_000_000:
            self.fault(name, "a number above 0, virtual seconds per real second")
            return 1.0
        return speed
