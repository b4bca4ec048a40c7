"""From a row of the table to a transport that sends."""

from nurture.files.vault import Vault
from nurture.mail.envelopes import Transport
from nurture.mail.smtp import Mailer
from nurture.mail.smtp_url import SmtpUrl
from nurture.store.transports import Transport as Row


def open_transport(row: Row, vault: Vault, *, helo: str) -> Transport:
    """The transport, not yet connected. Raises Unavailable when its secret does not open."""
    secret = vault.open(row.sealed) if row.sealed else ""
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
