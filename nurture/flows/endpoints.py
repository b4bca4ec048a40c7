"""Webhook endpoints: made, changed, switched off, tried out. Each works in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.vault import Vault
from nurture.flows.queue_mail import NOTICE, queue_service_mail
from nurture.net.target import parse
from nurture.rules import message_filter
from nurture.rules.messages import TYPES
from nurture.rules.words import _
from nurture.store import users, webhook_endpoints
from nurture.store.webhooks import WebhookEndpoint
from nurture.webhooks.signature import make_key_pair, make_secret

_SECRETS_KEPT = 2


@dataclass(frozen=True)
class Created:
    """A new endpoint; `secret` is shown once and never again."""

    id: int
    secret: str


def create_endpoint(
    session: Session,
    vault: Vault,
    url: str,
    types: Sequence[str],
    *,
    private: bool,
    by: str,
    now: datetime,
    filter: Mapping[str, Any] | None = None,
) -> Created:
    """Post messages of `types` (none = all) to `url` from now on. `private` opens inner addresses
    (NURTURE_ALLOW_PRIVATE_WEBHOOKS). Raises Invalid with all faults."""
    _check(url, types, private, filter)
    secret = make_secret()
    endpoint = webhook_endpoints.add(session, url.strip(), _ordered(types), vault.seal(secret), now=now)
    endpoint.filter = dict(filter) if filter else None
    session.flush()
    _audit(session, by, "webhook_endpoint.created", endpoint.id, now)
    return Created(endpoint.id, secret)


def change_endpoint(
    session: Session,
    endpoint_id: int,
    *,
    private: bool,
    by: str,
    now: datetime,
    url: str | None = None,
    types: Sequence[str] | None = None,
    disabled: bool | None = None,
    filter: Mapping[str, Any] | None = None,
) -> WebhookEndpoint:
    """Change what is given. Switched on again, an endpoint gets what has waited for it."""
    endpoint = _locked(session, endpoint_id)
    new_url = endpoint.url if url is None else url.strip()
    new_types = endpoint.types if types is None else _ordered(types)
    _check(new_url, new_types, private, filter)
    endpoint.url = new_url
    endpoint.types = new_types
    if filter is not None:
        endpoint.filter = dict(filter) or None
    if disabled is not None:
        _switch(endpoint, disabled, now)
    _audit(session, by, "webhook_endpoint.changed", endpoint.id, now)
    return endpoint


def rotate_secret(session: Session, vault: Vault, endpoint_id: int, *, by: str, now: datetime) -> str:
    """A new secret, shown once. Messages carry signatures of both until the next rotation, so that the
    receiver can change over without missing one."""
    endpoint = _locked(session, endpoint_id)
    secret = make_secret()
    endpoint.secrets = [vault.seal(secret), *endpoint.secrets][:_SECRETS_KEPT]
    _audit(session, by, "webhook_endpoint.secret_rotated", endpoint.id, now)
    return secret


def make_signing_key(session: Session, vault: Vault, endpoint_id: int, *, by: str, now: datetime) -> str:
    """Sign by an Ed25519 key too from now on; the public part (`whpk_…`), by which the receiver checks. A new
    one takes the place of the old at once."""
    endpoint = _locked(session, endpoint_id)
    pair = make_key_pair()
    endpoint.signing_key, endpoint.verify_key = vault.seal(pair.signing), pair.verifying
    _audit(session, by, "webhook_endpoint.signing_key_made", endpoint.id, now)
    return pair.verifying


def switch_off(session: Session, endpoint_id: int, reason: str, *, now: datetime) -> None:
    """Switch an endpoint off that cannot be reached any more, and tell the administrators by mail, once."""
    if not webhook_endpoints.disable(session, endpoint_id, reason, now=now):
        return
    endpoint = _locked(session, endpoint_id)
    for admin in users.living_admins(session):
        queue_service_mail(
            session,
            "webhook_disabled",
            purpose=NOTICE,
            dedup_key=f"webhook_disabled:{endpoint_id}:{now.isoformat()}:{admin.id}",
            address=admin.email,
            params={"colleague": admin.name, "url": endpoint.url, "reason": reason},
            retell=("reason",),
            now=now,
        )


def try_endpoint(session: Session, endpoint_id: int, *, now: datetime, by: str = "system") -> str:
    """Write a `webhook.test` message for this endpoint alone; its id, under which the attempt is seen."""
    endpoint = _locked(session, endpoint_id)
    if endpoint.disabled_at is not None:
        raise Conflict(_("This endpoint is switched off: switch it on before testing it."))
    _audit(session, by, "webhook_endpoint.tested", endpoint.id, now)
    data = {"endpoint_id": endpoint.id, "text": "A test message: nothing has happened."}
    return webhook_endpoints.post_test(session, endpoint.id, data, now=now)


def _check(url: str, types: Sequence[str], private: bool, filter: Mapping[str, Any] | None) -> None:
    faults: dict[str, list[str]] = {}
    try:
        parse(url.strip(), private=private)
    except Invalid as refusal:
        faults["url"] = [str(refusal)]
    unknown = sorted(set(types) - set(TYPES))
    if unknown:
        faults["types"] = [_("There is no message of the type ") + name + "." for name in unknown]
    try:
        if filter:
            message_filter.check(filter)
    except Invalid as refusal:
        faults["filter"] = [str(refusal)]
    if faults:
        raise Invalid(" ".join(sentence for sentences in faults.values() for sentence in sentences), faults)


def _ordered(types: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(types))


def _switch(endpoint: WebhookEndpoint, disabled: bool, now: datetime) -> None:
    if disabled and endpoint.disabled_at is None:
        endpoint.disabled_at = now
        endpoint.disabled_reason = _("Switched off by hand.")
    elif not disabled:
        endpoint.disabled_at = None
        endpoint.disabled_reason = ""
        endpoint.failing_since = None


def _locked(session: Session, endpoint_id: int) -> WebhookEndpoint:
    endpoint = webhook_endpoints.get(session, endpoint_id, lock=True)
    if endpoint is None:
        raise NotFound(_("There is no such webhook endpoint."))
    return endpoint


def _audit(session: Session, by: str, action: str, endpoint_id: int, now: datetime) -> None:
    users.audit(session, by, action, f"webhook_endpoint:{endpoint_id}", now=now)
