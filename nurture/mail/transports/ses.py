"""Amazon SES, version 2 of its interface: SendEmail with the raw message, one mail a call."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from nurture.mail.envelopes import Envelope
from nurture.mail.replies import Outcome, Refused
from nurture.mail.transports.api import Request, refused, said_by, taken, words_of
from nurture.mail.transports.sigv4 import Credentials, authorization, date_of
from nurture.net.outgoing import Reply

_PATH = "/v2/email/outbound-emails"
# About the mail, unless the words name what has to be set up. Everything else is about us: throttling, a
# pause of the account, a signature.
_MAIL = ("MessageRejected", "BadRequestException")
_SET_UP = re.compile(r"not verified|identit|configuration set|sandbox|sending (?:is )?paused", re.I)


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
        said = said_by(reply)
        named = reply.headers.get("x-amzn-errortype") or (
            said.get("__type") if isinstance(said, dict) else ""
        )
        kind = str(named or "").partition(":")[0].rpartition("#")[2]
        return refused(reply) if kind in _MAIL and not _SET_UP.search(words_of(reply)) else None
