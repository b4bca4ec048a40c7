"""Signing in to a mail server: TLS, STARTTLS and AUTH as smtplib does them, each failure as a sentence."""

import smtplib
import ssl
from dataclasses import dataclass

from nurture.mail.envelopes import TransportDown
from nurture.mail.smtp_url import IMPLICIT, OFF, REQUIRED, SmtpUrl
from nurture.rules.words import _


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds (RFC 5321, section 4.5.3.2)."""

    connect: float = 30.0
    command: float = 300.0
    after_dot: float = 600.0


def sign_in(url: SmtpUrl, helo: str, patience: Patience) -> smtplib.SMTP:
    """A connection that is ready for its first mail. Raises TransportDown."""
    try:
        return _signed_in(url, _encrypted(url, _dialled(url, helo, patience)))
    except smtplib.SMTPAuthenticationError as fault:
        raise TransportDown(
            _("The mail server {server} refuses the login: {reply}").format(
                server=url.name, reply=_reply_text(fault.smtp_code, fault.smtp_error)
            )
        ) from fault
    except smtplib.SMTPResponseException as fault:
        raise TransportDown(
            _("The mail server {server} turns us away: {reply}").format(
                server=url.name, reply=_reply_text(fault.smtp_code, fault.smtp_error)
            )
        ) from fault
    except ssl.SSLError as fault:
        raise TransportDown(
            _("No encrypted connection to the mail server {server}: {why}.").format(
                server=url.name, why=fault.reason or fault
            )
        ) from fault
    except OSError as fault:  # smtplib has its exceptions below it
        raise TransportDown(unreachable(url, why(fault))) from fault


def unreachable(url: SmtpUrl, reason: str) -> str:
    """The sentence about a server that is away."""
    return _("The mail server {server} cannot be reached: {why}.").format(
        server=url.name, why=reason.rstrip(".") or _("it closed the connection")
    )


def why(fault: OSError) -> str:
    """A few words about a broken connection."""
    if isinstance(fault, TimeoutError):
        return _("it did not answer in time")
    return fault.strerror or str(fault)


def _dialled(url: SmtpUrl, helo: str, patience: Patience) -> smtplib.SMTP:
    place = (url.host, url.port)
    if url.tls == IMPLICIT:
        return smtplib.SMTP_SSL(*place, local_hostname=helo, timeout=patience.connect, context=_context(url))
    return smtplib.SMTP(*place, local_hostname=helo, timeout=patience.connect)


def _encrypted(url: SmtpUrl, smtp: smtplib.SMTP) -> smtplib.SMTP:
    smtp.ehlo_or_helo_if_needed()
    if url.tls in (IMPLICIT, OFF):
        return smtp
    if smtp.has_extn("starttls"):
        smtp.starttls(context=_context(url))
        smtp.ehlo()
    elif url.tls == REQUIRED:
        smtp.close()
        raise TransportDown(
            _("The mail server {server} offers no STARTTLS, which NURTURE_SMTP_URL requires.").format(
                server=url.name
            )
        )
    return smtp


def _signed_in(url: SmtpUrl, smtp: smtplib.SMTP) -> smtplib.SMTP:
    if url.user is None:
        return smtp
    try:
        smtp.login(url.user, url.password or "")
    except smtplib.SMTPNotSupportedError as fault:
        raise TransportDown(_("The mail server {server} takes no login.").format(server=url.name)) from fault
    return smtp


def _context(url: SmtpUrl) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not url.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _reply_text(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}".strip()
