"""Amazon SES, version 2 of its interface: SendEmail with the raw message, one mail a call."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from nurture.mail.envelopes import Envelope
from nurture.mail.replies import Outcome, Refused
from nurture.mail.transports.api import Request, refused, said_by, taken
from nurture.mail.transports.sigv4 import Credentials, authorization, date_of
from nurture.net.outgoing import Reply

_PATH = "/v2/email/outbound-emails"
# About the account and not about the mail.
_ACCOUNT = (
    "AccountSuspendedException",
    "SendingPausedException",
    "MailFromDomainNotVerifiedException",
    "LimitExceededException",
    "NotFoundException",
)


@dataclass(frozen=True)
class Ses:
    """`host` is that of the endpoint, which is signed; `real_now` tells the time that signatures carry."""

    credentials: Credentials
    host: str
    real_now: Callable[[], datetime]
    configuration_set: str = ""
    name: str = "Amazon SES"
    batch: int = 1

    def request(self, envelopes: Sequence[Envelope]) -> Request:
        [envelope] = envelopes
        call = {
            "FromEmailAddress": envelope.mail_from,
            "Destination": {"ToAddresses": [envelope.rcpt_to]},
            "Content": {"Raw": {"Data": base64.b64encode(envelope.data).decode()}},
        }
        if self.configuration_set:
            call["ConfigurationSetName"] = self.configuration_set
        body = json.dumps(call).encode()
        moment = self.real_now()
        signed = {
            "content-type": "application/json",
            "host": self.host,
            "x-amz-date": date_of(moment),
        }
        headers = {name: value for name, value in signed.items() if name != "host"}
        headers["authorization"] = authorization(self.credentials, "POST", _PATH, signed, body, moment)
        return Request(_PATH, headers, body)

    def outcomes(self, reply: Reply, envelopes: Sequence[Envelope]) -> list[Outcome]:
        said = said_by(reply)
        return [taken(reply, said.get("MessageId") if isinstance(said, dict) else None)]

    def refusal(self, reply: Reply) -> Refused | None:
        kind = reply.headers.get("x-amzn-errortype", "")
        return None if kind.partition(":")[0] in _ACCOUNT else refused(reply)
