"""/domains: where mails come from, what the DNS says of that, and the keys that sign."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.flows import domains as flow
from nurture.rules.domains import Finding, sentence
from nurture.rules.words import _
from nurture.store import domains
from nurture.store.domains import DkimKey, SendingDomain
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.domains import DkimKeyIn, DkimKeyOut, DomainChange, DomainIn, DomainOut
from nurture.web.look_up import look_up
from nurture.web.request import now, page_session, runtime

part = door.Part("domains", "Sending domains: DNS, and the keys that sign.")


@part.route("/domains", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(DomainOut))
def list_domains(asked: dict[str, Any]) -> dict[str, Any]:
    """Domains, in the order in which they were added, with what the last look-up found."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = domains.page(page_session(), after=place[0] if place else 0, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    keys = domains.keys_of(page_session(), [row.id for row in page["data"]])
    return {**page, "data": [_shown(row, keys[row.id]) for row in page["data"]]}


@part.route("/domains", methods=["POST"])
@part.arguments(DomainIn)
@part.response(201, DomainOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Add a domain and look it up."""
    with runtime().sessions.begin() as session:
        domain_id = flow.add_domain(session, said["name"], by=door.actor(), now=now()).id
    look_up(domain_id)
    return _one(domain_id), 201


@part.route("/domains/<int:domain_id>", methods=["GET"])
@part.response(200, DomainOut)
def one(domain_id: int) -> dict[str, Any]:
    """One domain."""
    return _one(domain_id)


@part.route("/domains/<int:domain_id>", methods=["PATCH"])
@part.arguments(DomainChange)
@part.response(200, DomainOut)
def change(said: dict[str, Any], domain_id: int) -> dict[str, Any]:
    """Say who sends for it and by which name its links go; look it up again."""
    with runtime().sessions.begin() as session:
        present = domains.get(session, domain_id)
        if present is None:
            raise NotFound(_("There is no such domain."))
        flow.change_domain(
            session,
            domain_id,
            servers=said.get("servers", present.servers),
            link_host=said.get("link_host", present.link_host) or "",
            by=door.actor(),
            now=now(),
        )
    look_up(domain_id)
    return _one(domain_id)


@part.route("/domains/<int:domain_id>", methods=["DELETE"])
@part.response(204)
def remove(domain_id: int) -> None:
    """Forget it with its keys."""
    with runtime().sessions.begin() as session:
        flow.remove_domain(session, domain_id, by=door.actor(), now=now())


@part.route("/domains/<int:domain_id>/check", methods=["POST"])
@part.response(200, DomainOut)
def check(domain_id: int) -> dict[str, Any]:
    """Look it up now. Keys whose records are found sign from here on."""
    look_up(domain_id)
    return _one(domain_id)


@part.route("/domains/<int:domain_id>/keys", methods=["POST"])
@part.arguments(DkimKeyIn)
@part.response(201, DkimKeyOut)
def new_key(said: dict[str, Any], domain_id: int) -> ResponseReturnValue:
    """Make or import a key. It signs once its record is found."""
    by, vault = door.actor(), runtime().vault
    with runtime().sessions.begin() as session:
        if said["private_key"]:
            if not said["selector"]:
                fault = _("Say the selector under which this key is published.")
                raise Invalid(fault, {"selector": [fault]})
            key = flow.import_key(
                session, vault, domain_id, said["private_key"], selector=said["selector"], by=by, now=now()
            )
        else:
            key = flow.make_key(
                session, vault, domain_id, said["algorithm"], selector=said["selector"], by=by, now=now()
            )
        domain = domains.get(session, domain_id)
        assert domain is not None, "held by the flow"
        shown = _key(domain.name, key)
    return shown, 201


@part.route("/domains/<int:domain_id>/keys/<int:key_id>/sign", methods=["POST"])
@part.response(204)
def sign(domain_id: int, key_id: int) -> None:
    """Let a waiting key sign although its record was not found."""
    with runtime().sessions.begin() as session:
        flow.sign_now(session, key_id, domain_id, by=door.actor(), now=now())


@part.route("/domains/<int:domain_id>/keys/<int:key_id>", methods=["DELETE"])
@part.response(204)
def retire(domain_id: int, key_id: int) -> None:
    """Sign with it no more."""
    with runtime().sessions.begin() as session:
        flow.retire_key(session, key_id, domain_id, by=door.actor(), now=now())


def _one(domain_id: int) -> dict[str, Any]:
    domain = domains.get(page_session(), domain_id)
    if domain is None:
        raise NotFound(_("There is no such domain."))
    return _shown(domain, domains.keys_of(page_session(), [domain_id])[domain_id])


def _shown(domain: SendingDomain, keys: list[DkimKey]) -> dict[str, Any]:
    return {
        "id": domain.id,
        "name": domain.name,
        "verified": domain.verified_at is not None,
        "servers": domain.servers,
        "link_host": domain.link_host,
        "links_lead_here": domain.links_lead_here,
        "keys": [_key(domain.name, key) for key in keys],
        "findings": [_finding(Finding.from_json(one)) for one in domain.findings],
        "checked_at": moment(domain.checked_at),
        "created_at": moment(domain.created_at),
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "what": one.what,
        "state": one.state,
        "sentence": sentence(one),
        "name": one.name,
        "type": one.kind,
        "want": one.want,
        "found": list(one.found),
    }


def _key(name: str, key: DkimKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "selector": key.selector,
        "algorithm": key.algorithm,
        "state": key.state,
        "record_name": f"{key.selector}._domainkey.{name}",
        "record": key.public,
        "created_at": moment(key.created_at),
        "signing_since": moment(key.signing_since),
        "published_until": moment(key.published_until),
    }
