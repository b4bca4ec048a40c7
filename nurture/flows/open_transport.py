"""From a row of the table to a transport that sends."""

from collections.abc import Callable
from datetime import datetime

from nurture.errors import Invalid
from nurture.files.vault import Vault
from nurture.mail.envelopes import Transport
from nurture.mail.smtp import Mailer
from nurture.mail.smtp_url import SmtpUrl
from nurture.mail.transports import Api, HttpTransport, Mailgun, Postmark, SendGrid, Ses
from nurture.mail.transports.sigv4 import Credentials
from nurture.net.calls import Caller
from nurture.net.outgoing import Way
from nurture.rules.transports import endpoint_of
from nurture.rules.words import _
from nurture.store.transports import Transport as Row

# A service that has a mail gets as long over its answer as a patient person would give it.
_CONNECT_SECONDS, _TOTAL_SECONDS = 10.0, 60.0


def open_transport(
    row: Row, vault: Vault, *, helo: str, private: bool, real_now: Callable[[], datetime]
) -> Transport:
    """The transport, not yet connected. `private` lets it reach inner addresses. Raises Unavailable when its
    secret does not open, Invalid when its settings are not whole."""
    secret = vault.open(row.sealed) if row.sealed else ""
    try:
        if row.kind == "smtp":
            return _mail_server(row, secret, helo)
        way = Way(private=private, connect_seconds=_CONNECT_SECONDS, total_seconds=_TOTAL_SECONDS)
        caller = Caller(way, endpoint_of(row.kind, row.settings))
        return HttpTransport(_api(row, secret, caller.host, real_now), caller, connections=row.connections)
    except KeyError as fault:
        raise Invalid(_("The transport {name} is not set up whole.").format(name=row.name)) from fault


def _mail_server(row: Row, secret: str, helo: str) -> Mailer:
    settings = row.settings
    url = SmtpUrl(
        host=settings["host"],
        port=int(settings["port"]),
        user=settings.get("user") or None,
        password=secret or None,
        tls=settings["tls"],
        verify=bool(settings.get("verify", True)),
    )
    return Mailer(url, helo=helo, connections=row.connections)


def _api(row: Row, secret: str, host: str, real_now: Callable[[], datetime]) -> Api:
    settings = row.settings
    if row.kind == "ses":
        credentials = Credentials(settings["access_key"], secret, settings["region"], "ses")
        return Ses(credentials, host, real_now, settings.get("configuration_set", ""))
    if row.kind == "mailgun":
        return Mailgun(settings["domain"], secret)
    if row.kind == "postmark":
        return Postmark(secret, settings.get("stream") or "outbound")
    return SendGrid(secret)
