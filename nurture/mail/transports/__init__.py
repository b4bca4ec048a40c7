"""The interfaces of mail services behind the same door as a mail server."""

from nurture.mail.transports.api import Api, HttpTransport
from nurture.mail.transports.mailgun import Mailgun
from nurture.mail.transports.postmark import Postmark
from nurture.mail.transports.sendgrid import SendGrid
from nurture.mail.transports.ses import Ses

__all__ = ["Api", "HttpTransport", "Mailgun", "Postmark", "SendGrid", "Ses"]
