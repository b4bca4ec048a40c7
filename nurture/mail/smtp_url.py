"""The address of a mail server as one setting: `smtp://user:pass@host:port?starttls=required`."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

from nurture.errors import SettingsFault
from nurture.rules.words import _

IMPLICIT = "implicit"
REQUIRED = "required"
WHEN_OFFERED = "when_offered"
OFF = "off"
_STARTTLS = {"required": REQUIRED, "offered": WHEN_OFFERED, "off": OFF}


@dataclass(frozen=True)
class SmtpUrl:
    """Where and how to reach the server. `tls`: implicit (smtps), required, when_offered or off.
    `verify` is whether its certificate must be genuine."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: str = WHEN_OFFERED
    verify: bool = True

    @property
    def name(self) -> str:
        """The server as a person and a log may see it: without the login."""
        return f"{self.host}:{self.port}"


def parse_smtp_url(raw: str) -> SmtpUrl:
    """Raises SettingsFault. With a login the connection must be encrypted, except to this machine or
    with `?starttls=off`: a password does not travel in clear unless somebody says so."""
    parts = urlsplit(raw)
    try:
        port = parts.port
    except ValueError:
        port = -1
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    faults = _faults(parts.scheme, parts.hostname, port, options)
    if faults or parts.hostname is None:
        raise SettingsFault(faults)
    user = unquote(parts.username) if parts.username else None
    chosen = options.get("starttls")
    implicit = parts.scheme == "smtps"
    if implicit:
        tls = IMPLICIT
    elif chosen:
        tls = _STARTTLS[chosen]
    else:
        tls = REQUIRED if user and not _is_here(parts.hostname) else WHEN_OFFERED
    return SmtpUrl(
        host=parts.hostname,
        port=port or (465 if implicit else 587 if user else 25),
        user=user,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
        # Encryption that is merely offered is taken without a check: better than none (RFC 7435).
        verify=options.get("verify", "yes") == "yes" and tls in (IMPLICIT, REQUIRED),
    )


def _faults(scheme: str, host: str | None, port: int | None, options: dict[str, str]) -> list[str]:
    faults = []
    if scheme not in ("smtp", "smtps"):
        faults.append(_("NURTURE_SMTP_URL is wrong: it begins with smtp:// or smtps://."))
    if not host:
        faults.append(_("NURTURE_SMTP_URL is wrong: it names no host."))
    if port is not None and not 0 < port < 65536:
        faults.append(_("NURTURE_SMTP_URL is wrong: the port is a number below 65536."))
    if options.get("starttls", "off") not in _STARTTLS:
        faults.append(_("NURTURE_SMTP_URL is wrong: starttls is required, offered or off."))
    if options.get("verify", "yes") not in ("yes", "no"):
        faults.append(_("NURTURE_SMTP_URL is wrong: verify is yes or no."))
    unknown = sorted(set(options) - {"starttls", "verify"})
    if unknown:
        faults.append(_("NURTURE_SMTP_URL is wrong: it has unknown options."))
    return faults


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
