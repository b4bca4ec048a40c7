"""An address is kept out by a person's word, and let in again where nobody asked to be left alone."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.rules.addresses import check
from nurture.rules.words import _
from nurture.store import leads, suppressions, users
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
