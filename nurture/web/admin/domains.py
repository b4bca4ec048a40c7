"""Settings: the domains that mails come from, what the DNS says of them, and the keys that sign."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import domains as flow
from nurture.rules.domains import Finding
from nurture.rules.words import _
from nurture.store import domains, senders
from nurture.store.domains import SendingDomain
from nurture.web import query
from nurture.web.look_up import look_up
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("domains", __name__, url_prefix="/settings/domains")


@pages.get("")
def index() -> ResponseReturnValue:
    return _index({}, {})


@pages.post("")
def add() -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            domain = flow.add_domain(session, request.form.get("name", ""), by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _index(dict(request.form), refusal.errors), 422
    except Conflict as refusal:
        return _index(dict(request.form), {"name": [str(refusal)]}), 409
    look_up(domain.id)
    return redirect(url_for("domains.one", domain_id=domain.id))


@pages.get("/<int:domain_id>")
def one(domain_id: int) -> ResponseReturnValue:
    return _one(domain_id, {}, {})


@pages.post("/<int:domain_id>/check")
def check(domain_id: int) -> ResponseReturnValue:
    look_up(domain_id)
    flash(_("Looked up just now."))
    return redirect(url_for("domains.one", domain_id=domain_id))


@pages.post("/<int:domain_id>")
def change(domain_id: int) -> ResponseReturnValue:
    servers = request.form.get("servers", "").replace(",", " ").split()
    try:
        with runtime().sessions.begin() as session:
            flow.change_domain(
                session,
                domain_id,
                servers=servers,
                link_host=request.form.get("link_host", ""),
                by=signed_in().actor,
                now=now(),
            )
    except Invalid as refusal:
        return _one(domain_id, dict(request.form), refusal.errors), 422
    look_up(domain_id)
    flash(_("Saved and looked up."))
    return redirect(url_for("domains.one", domain_id=domain_id))


@pages.post("/<int:domain_id>/remove")
def remove(domain_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.remove_domain(session, domain_id, by=signed_in().actor, now=now())
    flash(_("Removed. Mails from there go out unsigned."))
    return redirect(url_for("domains.index"))


@pages.post("/<int:domain_id>/keys")
def new_key(domain_id: int) -> ResponseReturnValue:
    form = request.form
    chosen = form.get("algorithm", "both")
    try:
        with runtime().sessions.begin() as session:
            for algorithm in ("rsa", "ed25519") if chosen == "both" else (chosen,):
                flow.make_key(session, runtime().vault, domain_id, algorithm, by=signed_in().actor, now=now())
    except (Invalid, Conflict) as refusal:
        return _one(domain_id, dict(form), {"algorithm": [str(refusal)]}), 422
    look_up(domain_id)
    flash(_("Put the record into the DNS: mails are signed as soon as it is found there."))
    return redirect(url_for("domains.one", domain_id=domain_id))


@pages.post("/<int:domain_id>/keys/import")
def import_key(domain_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with runtime().sessions.begin() as session:
            flow.import_key(
                session,
                runtime().vault,
                domain_id,
                form.get("key", ""),
                selector=form.get("selector", ""),
                by=signed_in().actor,
                now=now(),
            )
    except Invalid as refusal:
        # The key itself is not shown again.
        return _one(domain_id, {"selector": form.get("selector", "")}, refusal.errors), 422
    except Conflict as refusal:
        return _one(domain_id, {}, {"selector": [str(refusal)]}), 409
    look_up(domain_id)
    return redirect(url_for("domains.one", domain_id=domain_id))


@pages.post("/<int:domain_id>/keys/<int:key_id>/sign")
def sign_now(domain_id: int, key_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.sign_now(session, key_id, domain_id, by=signed_in().actor, now=now())
    flash(_("The next mail is signed with it."))
    return redirect(url_for("domains.one", domain_id=domain_id))


@pages.post("/<int:domain_id>/keys/<int:key_id>/retire")
def retire_key(domain_id: int, key_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.retire_key(session, key_id, domain_id, by=signed_in().actor, now=now())
    return redirect(url_for("domains.one", domain_id=domain_id))


def _index(answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    session = page_session()
    rows = [(row, _found(row)) for row in domains.page(session)]
    used = senders.domains(session)
    unknown = sorted(used - {row.name for row, _all in rows})
    wanted = query.text("name")
    suggested = wanted if wanted in unknown else next(iter(unknown), "")
    return render_template(
        "admin/domains/index.html",
        rows=rows,
        used=used,
        answers=answers or {"name": suggested},
        errors=errors,
    )


def _one(domain_id: int, answers: dict[str, str], errors: dict[str, list[str]]) -> str:
    session = page_session()
    domain = domains.get(session, domain_id)
    if domain is None:
        raise NotFound(_("There is no such domain."))
    shown: dict[str, Any] = {
        "servers": "\n".join(domain.servers),
        "link_host": domain.link_host or "",
        "selector": "",
        **answers,
    }
    return render_template(
        "admin/domains/one.html",
        domain=domain,
        found=_found(domain),
        keys=domains.keys_of(session, [domain.id])[domain.id],
        answers=shown,
        errors=errors,
        moment_now=now(),
    )


def _found(domain: SendingDomain) -> list[Finding]:
    return [Finding.from_json(one) for one in domain.findings]
