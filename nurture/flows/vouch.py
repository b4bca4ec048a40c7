"""Whether what a provider posts is really from it, before anything of it is believed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Forbidden, Invalid, NotFound, Unavailable
from nurture.files.vault import Vault
from nurture.mail.inbound import signed
from nurture.net.outgoing import Unreached
from nurture.rules.words import _
from nurture.store import inbound
from nurture.store.audit import audit

_MOST_CERTIFICATES = 20


@dataclass
class Certificates:
    """Certificates of SNS, fetched once and kept; one for a process. `fetch` gets an address over https."""

    fetch: Callable[[str], bytes]
    _known: dict[str, bytes] = field(default_factory=dict)

    def at(self, url: str) -> bytes:
        found = self._known.get(url)
        if found is None:
            if len(self._known) >= _MOST_CERTIFICATES:
                self._known.clear()
            found = self._known[url] = self.fetch(url)
        return found


def vouch(
    session: Session,
    vault: Vault,
    certificates: Certificates,
    provider: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: datetime,
) -> None:
    """Return when the post is the provider's, or when nothing tells (its secret address admits it).
    `headers` by lower-case name. Raises Forbidden, or Unavailable: the provider may try again later."""
    if provider == "ses":
        _vouch_sns(certificates, body)
    sealed = inbound.provider_key(session, provider)
    check = signed.CHECKS.get(provider)
    if sealed is None or check is None:
        return
    if not check(vault.open(sealed), body, headers) or signed.is_stale(provider, body, now):
        raise Forbidden(_("The signature of this post is not the provider's."))


def _vouch_sns(certificates: Certificates, body: bytes) -> None:
    said = signed.sns_message(body)
    if said is None:
        return
    url = signed.sns_certificate_url(said)
    if url is None:
        raise Forbidden(_("The certificate of this post is not at Amazon's."))
    try:
        certificate = certificates.at(url)
    except Unreached as fault:
        raise Unavailable(_("The certificate of SNS could not be fetched: {why}").format(why=fault)) from None
    if not signed.is_signed_by_sns(said, certificate):
        raise Forbidden(_("The signature of this post is not the provider's."))


def keep_key(session: Session, vault: Vault, provider: str, key: str, *, by: str, now: datetime) -> None:
    """From now on unsigned posts of this provider are refused; "" lets its secret address suffice again.
    Raises Invalid."""
    if provider not in signed.CHECKS:
        raise NotFound(_("Posts of this provider are checked without a key, or not known."))
    key = key.strip()
    if key and not signed.usable(provider, key):
        sentence = _("This is not what the provider shows: the signing key, or name:password.")
        raise Invalid(sentence, {"key": [sentence]})
    inbound.keep_provider_key(session, provider, vault.seal(key) if key else None, now=now)
    audit(session, by, "provider_key.changed", f"provider:{provider}", now=now, detail={"set": bool(key)})
