"""Where reports come in: raw mails from a mail server of ours, events from a provider.

The secret in the address is the permission; a wrong one finds nothing here. Whatever a body holds, the
answer is never a fault of ours: what cannot be read is refused, what can is kept.
"""

import structlog
from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from nurture.errors import Forbidden, Invalid, NotFound
from nurture.flows.inbound import LARGEST, Desk, Taken, knows_secret, take_in_events, take_in_mail
from nurture.flows.vouch import Certificates, vouch
from nurture.mail.inbound.providers import PROVIDERS, NotReadable, read_events
from nurture.rules.words import _
from nurture.store.views.reading import reading
from nurture.web.request import now, real_now, runtime
from nurture.web.security import without_csrf

pages = Blueprint("inbound", __name__)
log = structlog.get_logger()
CERTIFICATES = "sns_certificates"


@pages.post("/in/mail/<secret>")
@without_csrf
def mail(secret: str) -> ResponseReturnValue:
    """One raw message (RFC 5322) as the body."""
    _check(secret)
    request.max_content_length = LARGEST
    raw = request.get_data(cache=False)
    if not raw.strip():
        raise Invalid(_("There is no message in this request."))
    taken = take_in_mail(runtime().sessions, _desk(), raw, source="mail", now=now())
    return _answer([taken])


@pages.post("/in/<provider>/<secret>")
@without_csrf
def events(provider: str, secret: str) -> ResponseReturnValue:
    """What a provider posts about mails that it carried for us."""
    _check(secret)
    if provider not in PROVIDERS:
        raise NotFound(_("No such provider is known here."))
    body = request.get_data(cache=False)
    _vouch(provider, body)
    try:
        found = read_events(provider, body)
    except NotReadable:
        raise Invalid(_("This is not what this provider posts.")) from None
    taken = take_in_events(runtime().sessions, _desk(), found, source=provider, now=now())
    return _answer(taken)


def _vouch(provider: str, body: bytes) -> None:
    here = runtime()
    known = current_app.extensions.setdefault(CERTIFICATES, Certificates(here.certificate))
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        with reading(here.sessions) as session:
            vouch(session, here.vault, known, provider, body, headers, now=real_now())
    except Forbidden as refusal:
        log.warning("inbound.not_vouched", provider=provider, why=str(refusal))
        raise


def _check(secret: str) -> None:
    if not knows_secret(runtime().ring, secret):
        raise NotFound(_("There is nothing at this address."))


def _desk() -> Desk:
    here = runtime()
    return Desk(here.ring, here.pepper, here.settings.soft_bounces)


def _answer(taken: list[Taken]) -> ResponseReturnValue:
    new = [one for one in taken if one.new]
    for one in new:
        log.info("inbound.taken", kind=one.kind, delivery_id=one.delivery_id)
    if any(one.delivery_id for one in new):
        runtime().wake("rate")
    return {"taken": len(taken), "new": len(new)}, 200
