"""Settings: where bounces, complaints and replies come in, and what came in lately."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import vouch
from nurture.flows.doubt import set_policy
from nurture.flows.inbound import secret_of
from nurture.mail.inbound.providers import PROVIDERS
from nurture.mail.inbound.signed import CHECKS
from nurture.rules.words import _
from nurture.store import doubt, inbound
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("coming_back", __name__, url_prefix="/settings/inbound")


@pages.get("")
def index() -> ResponseReturnValue:
    return _page()


@pages.post("/doubt")
def choose_doubt() -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        set_policy(session, request.form.get("in_doubt", ""), by=signed_in().actor, now=now())
    flash(_("Saved. It holds for mails that come into doubt from now on."))
    return redirect(url_for("coming_back.index"))


@pages.post("/keys/<provider>")
def keep_key(provider: str) -> ResponseReturnValue:
    key, here = request.form.get("key", ""), runtime()
    try:
        with here.sessions.begin() as session:
            vouch.keep_key(session, here.vault, provider, key, by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _page(refusal.errors, provider), 422
    flash(_("Saved. Posts without this signature are refused.") if key.strip() else _("The key is gone."))
    return redirect(url_for("coming_back.index"))


def _page(errors: dict[str, list[str]] | None = None, wrong: str = "") -> str:
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
        policy=doubt.standing(page_session())[1],
        signers=list(CHECKS),
        with_keys=inbound.providers_with_keys(page_session()),
        errors=errors or {},
        wrong=wrong,
    )
