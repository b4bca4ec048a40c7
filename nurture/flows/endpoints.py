"""Webhook endpoints: made, changed, switched off, tried out. Each works in the caller's transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.vault import Vault
from nurture.flows import shape_messages
from nurture.flows.queue_mail import NOTICE, queue_service_mail
from nurture.net.target import parse
from nurture.rules import message_filter
from nurture.rules.messages import TYPES
from nurture.rules.words import _
from nurture.store import users, webhook_endpoints
from nurture.store.webhooks import WebhookEndpoint
from nurture.webhooks import catalogue, headers
from nurture.webhooks.signature import make_key_pair, make_secret

_SECRETS_KEPT = 2


@dataclass(frozen=True)
class Created:
    """A new endpoint; `secret` is shown once and never again."""

    id: int
    secret: str


@dataclass(frozen=True)
class Receiver:
    """What is said of a receiver; None leaves a thing as it is. No `types` means all; an empty `filter` or
    `mapping` takes it away; a header with None as its value is taken away."""

    url: str | None = None
    types: Sequence[str] | None = None
    filter: Mapping[str, Any] | None = None
    mapping: str | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)


def create_endpoint(
    session: Session, vault: Vault, wanted: Receiver, *, private: bool, by: str, now: datetime
) -> Created:
    """Post messages to this receiver from now on. `private` opens inner addresses
    (NURTURE_ALLOW_PRIVATE_WEBHOOKS). Raises Invalid with all faults."""
    _check(wanted, wanted.types or (), private=private, kept=())
    secret = make_secret()
    url = (wanted.url or "").strip()
    endpoint = webhook_endpoints.add(session, url, _ordered(wanted.types or ()), vault.seal(secret), now=now)
    _set(endpoint, vault, wanted)
    session.flush()
    _audit(session, by, "webhook_endpoint.created", endpoint.id, now)
    return Created(endpoint.id, secret)


def change_endpoint(
    session: Session,
    vault: Vault,
    endpoint_id: int,
    wanted: Receiver,
    *,
    private: bool,
    by: str,
    now: datetime,
    disabled: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given. Switched on again, an endpoint gets what has waited for it. Raises Invalid with
    all faults."""
    endpoint = _locked(session, endpoint_id)
    if endpoint.of_chains:
        # Address and messages are said by the steps of chains that post there.
        wanted = replace(wanted, url=None, types=None)
    whole = replace(wanted, url=endpoint.url if wanted.url is None else wanted.url)
    types = endpoint.types if wanted.types is None else wanted.types
    mapping = endpoint.mapping if wanted.mapping is None else wanted.mapping
    asked = [] if endpoint.of_chains else types
    _check(replace(whole, mapping=mapping), asked, private=private, kept=endpoint.headers)
    endpoint.url, endpoint.types = (whole.url or "").strip(), _ordered(types)
    _set(endpoint, vault, wanted)
    if disabled is not None:
        _switch(endpoint, disabled=disabled, now=now)
    _audit(session, by, "webhook_endpoint.changed", endpoint.id, now)
    return endpoint


def _set(endpoint: WebhookEndpoint, vault: Vault, wanted: Receiver) -> None:
    if wanted.filter is not None:
        endpoint.filter = dict(wanted.filter) or None
    if wanted.mapping is not None:
        endpoint.mapping = wanted.mapping.strip() or None
    named = {name.lower() for name in wanted.headers}
    kept = {name: sealed for name, sealed in (endpoint.headers or {}).items() if name.lower() not in named}
    given = {name: vault.seal(value) for name, value in wanted.headers.items() if value is not None}
    endpoint.headers = kept | given


def rotate_secret(session: Session, vault: Vault, endpoint_id: int, *, by: str, now: datetime) -> str:
    """A new secret, shown once. Messages carry signatures of both until the next rotation, so that the
    receiver can change over without missing one."""
    endpoint = _locked(session, endpoint_id)
    secret = make_secret()
    endpoint.secrets = [vault.seal(secret), *endpoint.secrets][:_SECRETS_KEPT]
    _audit(session, by, "webhook_endpoint.secret_rotated", endpoint.id, now)
    return secret


def make_signing_key(session: Session, vault: Vault, endpoint_id: int, *, by: str, now: datetime) -> str:
    """Sign by an Ed25519 key too from now on; the public part (`whpk_…`), by which the receiver checks. The
    pair before signs too until the next one is made."""
    endpoint = _locked(session, endpoint_id)
    pair = make_key_pair()
    endpoint.signing_key_before, endpoint.verify_key_before = endpoint.signing_key, endpoint.verify_key
    endpoint.signing_key, endpoint.verify_key = vault.seal(pair.signing), pair.verifying
    _audit(session, by, "webhook_endpoint.signing_key_made", endpoint.id, now)
    return pair.verifying


def forget_old_keys(session: Session, endpoint_id: int, *, by: str, now: datetime) -> None:
    """The receiver has changed over, or a key is known to others: only the newest ones sign from now on."""
    endpoint = _locked(session, endpoint_id)
    endpoint.secrets = endpoint.secrets[:1]
    endpoint.signing_key_before = endpoint.verify_key_before = None
    _audit(session, by, "webhook_endpoint.old_keys_forgotten", endpoint.id, now)


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
    return webhook_endpoints.post_test(session, endpoint.id, test_data(endpoint), now=now)


def test_data(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """What a test message carries. A mapping gets the example of what it is made for: of a person who does
    not exist, as it would come."""
    kind = endpoint.types[0] if endpoint.types else "lead.hot"
    example = catalogue.example(kind)["data"] if endpoint.mapping else {}
    return example | {"endpoint_id": endpoint.id, "text": "A test message: nothing has happened."}


def _check(wanted: Receiver, types: Sequence[str], *, private: bool, kept: Iterable[str]) -> None:
    unknown = sorted(set(types) - set(TYPES))
    looks: dict[str, Callable[[], object]] = {
        "url": lambda: _check_url((wanted.url or "").strip(), private=private),
        "filter": lambda: message_filter.check(wanted.filter) if wanted.filter else None,
        "mapping": lambda: shape_messages.check(wanted.mapping, types) if wanted.mapping else None,
    }
    faults = {name: found for name, look in looks.items() if (found := _faults_of(look, name))}
    if unknown:
        faults["types"] = [_("There is no message of the type ") + name + "." for name in unknown]
    if found := headers.faults(wanted.headers, kept=kept):
        faults["headers"] = found
    if faults:
        raise Invalid(" ".join(sentence for sentences in faults.values() for sentence in sentences), faults)


def _check_url(url: str, *, private: bool) -> None:
    if "YOUR-" in url:
        raise Invalid(_("Put your own value in the place of the part in capitals."))
    parse(url, private=private)


def _faults_of(look: Callable[[], object], name: str) -> list[str]:
    try:
        look()
    except Invalid as refusal:
        return refusal.errors.get(name) or [str(refusal)]
    return []


def _ordered(types: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(types))


def _switch(endpoint: WebhookEndpoint, *, disabled: bool, now: datetime) -> None:
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
