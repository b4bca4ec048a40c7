"""Mails of chains in the name of the lead's owner or of an address that a step names, where the domain proves
what comes from it.

From and Reply-To are theirs; the envelope stays the house's, so bounces come back here. DMARC (RFC 7489
section 3.1) then rests on DKIM: the mail is signed by that domain, or it goes out in the house's name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from nurture.flows.outbox import Outbox
from nurture.flows.signing import Seal
from nurture.mail.headers import address
from nurture.mail.message import Sender
from nurture.store import domains
from nurture.store.deliveries.owners import Owner, owners

Speaker = tuple[Sender, Seal]


def speakers(
    session: Session, outbox: Outbox, delivery_ids: Sequence[int], house: Sender
) -> dict[int, Speaker]:
    """Who speaks in each mail that does not go out in the house's name, and what signs it."""
    found = owners(session, delivery_ids)
    known = {owner: _speaker(session, outbox, owner, house) for owner in set(found.values())}
    return {one: speaker for one, owner in found.items() if (speaker := known[owner]) is not None}


def _speaker(session: Session, outbox: Outbox, owner: Owner, house: Sender) -> Speaker | None:
    domain = address(owner.email).rpartition("@")[2].lower()
    if not domains.verified(session, domain):
        return None
    seal = outbox.signing.of(session, domain)
    return (as_owner(house, owner), seal) if seal.keys else None


def as_owner(house: Sender, owner: Owner) -> Sender:
    """The house's sender, as this person."""
    return replace(house, name=owner.name or house.name, email=owner.email, reply_to=owner.email)


def values_of(session: Session, house: Sender, delivery_id: int) -> Mapping[str, str]:
    """What the templates of a delivery know of its sender, for looking at it again."""
    owner = owners(session, [delivery_id]).get(delivery_id)
    if owner is None or not domains.verified(session, owner.email.rpartition("@")[2].lower()):
        return house.as_values()
    return as_owner(house, owner).as_values()
