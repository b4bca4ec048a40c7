"""An address or a whole domain is kept out by a person's word, and let in again where nobody asked to be left
alone."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.rules.addresses import check, is_provider, normalise
from nurture.rules.words import _
from nurture.store import blocked_domains, leads, suppressions, users
from nurture.store.blocked_domains import BlockedDomain
from nurture.store.suppressions import NewSuppression, Suppression

# What a person, or the law, has said: only that person takes it back, by signing up again.
_FINAL = ("unsubscribed_all", "complaint", "erased")


def suppress(
    session: Session, address: str, *, pepper: bytes, detail: str, by: str, now: datetime
) -> Suppression:
    """Write to this address no more; one that is kept out already stays as it is. Raises Invalid."""
    checked = check(address)
    normal = checked.norm
    if normal is None:
        sentence = checked.fault or ""
        raise Invalid(sentence, {"email": [sentence]})
    digest = suppressions.address_hash(pepper, normal)
    lead_id = leads.by_emails(session, [normal]).get(normal)
    kept = suppressions.active(session, digest)
    if kept is None:
        suppressions.suppress(session, [NewSuppression(digest, "manual", detail, lead_id)], now=now)
        kept = suppressions.active(session, digest)
        assert kept is not None, "written in this transaction"
        users.audit(session, by, "address.suppressed", f"suppression:{kept.id}", now=now)
    return kept


def lift(session: Session, suppression_id: int, *, by: str, now: datetime) -> Suppression:
    """Write to the address again. Raises NotFound, and Conflict for who asked to be left alone."""
    row = session.get(Suppression, suppression_id, with_for_update=True)
    if row is None:
        raise NotFound(_("There is no such entry."))
    if row.reason in _FINAL:
        raise Conflict(_("This person asked to be left alone: only they can come back, by signing up."))
    if row.lifted_at is None:
        row.lifted_at, row.lifted_by = now, by
        users.audit(session, by, "address.let_in", f"suppression:{row.id}", now=now)
    return row


def block_domain(session: Session, written: str, *, detail: str, by: str, now: datetime) -> BlockedDomain:
    """Write to nobody at this domain and below it any more; one that is blocked already stays as it is. An
    address stands for its domain. Raises Invalid."""
    domain = normalise(f"anybody@{written.strip().rpartition('@')[2]}").rpartition("@")[2]
    fault = _domain_fault(domain)
    if fault:
        raise Invalid(fault, {"domain": [fault]})
    kept = blocked_domains.active(session, domain)
    if kept is None:
        blocked_domains.block(session, domain, detail=detail, by=by, now=now)
        kept = blocked_domains.active(session, domain)
        assert kept is not None, "written in this transaction"
        users.audit(session, by, "domain.blocked", f"blocked_domain:{kept.id}", now=now)
    return kept


def unblock_domain(session: Session, blocked_id: int, *, by: str, now: datetime) -> BlockedDomain:
    """Write to people there again, as far as their own consents and suppressions allow. Raises NotFound."""
    row = session.get(BlockedDomain, blocked_id, with_for_update=True)
    if row is None:
        raise NotFound(_("There is no such entry."))
    if row.lifted_at is None:
        row.lifted_at, row.lifted_by = now, by
        users.audit(session, by, "domain.unblocked", f"blocked_domain:{row.id}", now=now)
    return row


def _domain_fault(domain: str) -> str | None:
    if is_provider(domain):
        words = {"domain": domain}
        return _("%(domain)s gives mailboxes to anybody: end the mails to the person instead.") % words
    if "." not in domain or check(f"anybody@{domain}").norm is None:
        return _("This is not a domain, such as example.com.")
    return None
