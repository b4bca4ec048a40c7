"""Mails between the final dot and its answer when something died: taken for sent, or sent once more, until
a bounce, an opening, a click or a reply tells."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.flows.settle import settle
from nurture.rules.words import _
from nurture.store import doubt
from nurture.store.audit import audit
from nurture.store.doubt import POLICIES


def arrived(session: Session, delivery_ids: Sequence[int], *, now: datetime) -> None:
    """Something was heard of these mails, so they were sent; a second try is called off."""
    found = doubt.arrived(session, delivery_ids, now=now)
    settle(session, [(one.delivery_id, "sent", "") for one in found if one.settles], now=now)


def set_policy(session: Session, policy: str, *, by: str, now: datetime) -> None:
    """What is done about mails in doubt from now on, where a program does not say otherwise."""
    if policy not in POLICIES:
        sentence = _("Taken for sent (assume_sent) or sent once more (resend_once).")
        raise Invalid(sentence, {"in_doubt": [sentence]})
    before = doubt.standing(session)[1]
    doubt.set_policy(session, policy)
    audit(session, by, "in_doubt.changed", "installation", now=now, detail={"in_doubt": [before, policy]})
