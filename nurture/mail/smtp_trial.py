"""Trying a mail server out, step by step, each with a sentence for whoever has to mend it.

The last step asks whether a mail from the sender to a recipient would be taken, and takes it back (RSET,
RFC 5321 section 4.1.1.5): nothing is sent.
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ssl import SSLCertVerificationError

from nurture.mail.smtp_url import IMPLICIT, OFF, REQUIRED, SmtpUrl
from nurture.rules.words import _

NAME, CONNECTION, TLS, LOGIN, MAIL = "name", "connection", "tls", "login", "mail"
STEPS = (NAME, CONNECTION, TLS, LOGIN, MAIL)
_SECONDS = 10.0

Resolve = Callable[[str, int, float], list[str]]


@dataclass(frozen=True)
class Step:
    """How one step went: `ok` is None for one that was not needed."""

    name: str
    ok: bool | None
    sentence: str


class _Stopped(Exception):
    """A step failed; the sentence says why and what to do."""


def trial(url: SmtpUrl, helo: str, mail_from: str, rcpt_to: str, resolve: Resolve) -> list[Step]:
    """The steps in order, up to the one that fails."""
    trial = _Trial(url, helo, mail_from, rcpt_to, resolve)
    done: list[Step] = []
    try:
        for step in trial.steps():
            done.append(step)
    except _Stopped as fault:
        done.append(Step(STEPS[len(done)], False, str(fault)))
    finally:
        trial.close()
    return done


class _Trial:
    def __init__(self, url: SmtpUrl, helo: str, mail_from: str, rcpt_to: str, resolve: Resolve) -> None:
        self._url = url
        self._helo = helo
        self._mail_from = mail_from
        self._rcpt_to = rcpt_to
        self._resolve = resolve
        self._smtp: smtplib.SMTP | None = None

    def steps(self) -> Iterator[Step]:
        yield self._named()
        smtp = self._smtp = self._connected()
        yield Step(CONNECTION, True, _("It greets at {server}.").format(server=self._url.name))
        yield self._encrypted(smtp)
        yield self._signed_in(smtp)
        yield self._asked(smtp)

    def close(self) -> None:
        if self._smtp is not None:
            self._smtp.close()

    def _named(self) -> Step:
        try:
            found = self._resolve(self._url.host, self._url.port, _SECONDS)
        except OSError:
            sentence = _("No machine has the name {host}: is it spelled right, does DNS work here?")
            raise _Stopped(sentence.format(host=self._url.host)) from None
        sentence = _("{host} is {addresses}.")
        return Step(NAME, True, sentence.format(host=self._url.host, addresses=", ".join(found[:3])))

    def _connected(self) -> smtplib.SMTP:
        place, url = (self._url.host, self._url.port), self._url
        try:
            if url.tls == IMPLICIT:
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    *place, local_hostname=self._helo, timeout=_SECONDS, context=_context(url)
                )
            else:
                smtp = smtplib.SMTP(*place, local_hostname=self._helo, timeout=_SECONDS)
            smtp.ehlo_or_helo_if_needed()
        except smtplib.SMTPResponseException as fault:
            raise _Stopped(_("It turns us away: {reply}").format(reply=_reply(fault))) from fault
        except ssl.SSLError as fault:
            raise _Stopped(_tls_sentence(fault)) from fault
        except OSError as fault:
            raise _Stopped(self._unreachable(fault)) from fault
        return smtp

    def _unreachable(self, fault: OSError) -> str:
        if isinstance(fault, ConnectionRefusedError):
            return _("Nothing listens at {server}: is the port right? Usual are 587 and 465.").format(
                server=self._url.name
            )
        silent = isinstance(fault, (TimeoutError, smtplib.SMTPServerDisconnected))
        if silent and self._url.port == 465 and self._url.tls != IMPLICIT:
            return _("Port 465 speaks TLS from the first byte: write smtps:// instead of smtp://.")
        if isinstance(fault, TimeoutError):
            return _("No answer from {server}: does a firewall or the provider block this port?").format(
                server=self._url.name
            )
        return _("The connection to {server} broke off: {why}.").format(
            server=self._url.name, why=(fault.strerror or str(fault)).rstrip(".")
        )

    def _encrypted(self, smtp: smtplib.SMTP) -> Step:
        if self._url.tls == OFF:
            return Step(TLS, None, _("Not encrypted, as NURTURE_SMTP_URL says."))
        if self._url.tls != IMPLICIT:
            if not smtp.has_extn("starttls"):
                if self._url.tls == REQUIRED:
                    raise _Stopped(_("It offers no STARTTLS: use smtps:// and port 465, or another server."))
                return Step(TLS, None, _("Not encrypted: the server offers no STARTTLS."))
            try:
                smtp.starttls(context=_context(self._url))
                smtp.ehlo()
            except ssl.SSLError as fault:
                raise _Stopped(_tls_sentence(fault)) from fault
            except (smtplib.SMTPException, OSError) as fault:
                raise _Stopped(_("It breaks off when encryption begins.")) from fault
        version = getattr(smtp.sock, "version", lambda: None)() or "TLS"
        if self._url.verify:
            return Step(TLS, True, _("{version}, and the certificate is genuine.").format(version=version))
        return Step(TLS, True, _("{version}; the certificate was not checked.").format(version=version))

    def _signed_in(self, smtp: smtplib.SMTP) -> Step:
        if self._url.user is None:
            return Step(LOGIN, None, _("No login is set, so none was tried."))
        try:
            smtp.login(self._url.user, self._url.password or "")
        except smtplib.SMTPAuthenticationError as fault:
            sentence = _(
                "It refuses name or password ({reply}). Many providers want a password for programs, made in "
                "their settings, instead of one's own."
            )
            raise _Stopped(sentence.format(reply=_reply(fault))) from fault
        except smtplib.SMTPNotSupportedError as fault:
            sentence = _("It takes no login on this port: try 587, or leave name and password away.")
            raise _Stopped(sentence) from fault
        except (smtplib.SMTPException, OSError) as fault:
            raise _Stopped(_("It breaks off at the login.")) from fault
        return Step(LOGIN, True, _("Name and password are right."))

    def _asked(self, smtp: smtplib.SMTP) -> Step:
        if not self._mail_from:
            raise _Stopped(_("Nobody is set as the sender: fill in the sender address under Company."))
        try:
            self._expect(smtp.mail(self._mail_from), self._sender_sentence)
            self._expect(smtp.rcpt(self._rcpt_to), self._recipient_sentence)
            smtp.rset()
        except (smtplib.SMTPException, OSError) as fault:
            raise _Stopped(_("It breaks off when a mail is offered.")) from fault
        sentence = _("It would take a mail from {sender} to you.")
        return Step(MAIL, True, sentence.format(sender=self._mail_from))

    def _expect(self, answer: tuple[int, bytes], sentence: Callable[[int, str], str]) -> None:
        code, words = answer
        if code not in (250, 251):
            raise _Stopped(sentence(code, f"{code} {words.decode('utf-8', 'replace')}".strip()))

    def _sender_sentence(self, code: int, reply: str) -> str:
        if code == 530:
            return _("It wants a login first: put name and password into NURTURE_SMTP_URL.")
        return _(
            "It does not let us send as {sender} ({reply}): have the provider verify this address or domain."
        ).format(sender=self._mail_from, reply=reply)

    def _recipient_sentence(self, code: int, reply: str) -> str:
        if code == 530 or (self._url.user is None and code in (550, 554)):
            return _("It passes no mail on for strangers ({reply}): does it want a login?").format(
                reply=reply
            )
        if 400 <= code < 500:
            return _("It puts mails off for now ({reply}): try again in some minutes.").format(reply=reply)
        return _("It refuses a mail to you ({reply}).").format(reply=reply)


def _context(url: SmtpUrl) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not url.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _tls_sentence(fault: ssl.SSLError) -> str:
    if isinstance(fault, SSLCertVerificationError):
        return _(
            "Its certificate is not genuine for this name ({why}): use the name that stands in it, or have "
            "the provider renew it."
        ).format(why=fault.verify_message)
    if "WRONG_VERSION_NUMBER" in str(fault):
        return _("This port does not speak TLS from the first byte: write smtp:// instead of smtps://.")
    return _("No encrypted connection comes about ({why}).").format(why=fault.reason or fault)


def _reply(fault: smtplib.SMTPResponseException) -> str:
    words = fault.smtp_error
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return f"{fault.smtp_code} {text}".strip()
