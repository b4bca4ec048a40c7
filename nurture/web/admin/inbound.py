"""Settings: where bounces, complaints and replies come in, and what came in lately."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from nurture.flows.inbound import secret_of
from nurture.mail.inbound.providers import PROVIDERS
from nurture.store import inbound
from nurture.web.request import page_session, runtime

pages = Blueprint("coming_back", __name__, url_prefix="/settings/inbound")


@pages.get("")
def index() -> ResponseReturnValue:
    here = runtime()
    base, secret = here.settings.base_url, secret_of(here.ring)
    doors = [(name, f"{base}/in/{name}/{secret}") for name in ("mail", *PROVIDERS)]
    reports = inbound.latest(page_session())
    return render_template(
        "admin/settings/inbound.html",
        doors=doors,
        reports=reports,
        domain=here.settings.bounce_domain,
        mailbox=here.settings.bounce_imap_url is not None,
        softs=here.settings.soft_bounces,
    )
