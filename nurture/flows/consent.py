"""Consent: who may be written to for what, as a ledger with proof and as what holds now.

Every function works in the caller's transaction. Nothing is ever changed in the ledger, only added.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.rules.words import _
from nurture.store import consents, lead_aliases
from nurture.store.consents import NewConsent

GRANTED, PENDING, WITHDRAWN = "granted", "pending", "withdrawn"


def grant(
    session: Session,
    lead_id: int,
    purpose: str,
    *,
    wording: str,
    channel: str,
    proof: Mapping[str, Any],
    now: datetime,
) -> int:
    """The lead agrees to `wording`; the id of the entry in the ledger."""
    return _write(session, lead_id, purpose, GRANTED, channel, wording, proof, now)


def ask(
    session: Session,
    lead_id: int,
    purpose: str,
    *,
    wording: str,
    channel: str,
    proof: Mapping[str, Any],
    now: datetime,
) -> int:
    """The lead agreed on a form, and must confirm by mail that it was they (double opt-in); the id that
    the confirmation link carries."""
    return _write(session, lead_id, purpose, PENDING, channel, wording, proof, now)


def confirm(
    session: Session, lead_id: int, consent_id: int, *, proof: Mapping[str, Any], now: datetime
) -> bool:
    """The confirmation link was followed; whether that was news. The words agreed to are those of the
    entry that was asked. A link of before a withdrawal confirms nothing any more.

    Raises NotFound when there is no such question."""
    consents.take_turn(session, lead_id)
    asked = consents.entry(session, consent_id)
    family = [lead_id, *lead_aliases.aliases_of(session, lead_id)]
    if asked is None or asked.lead_id not in family or asked.state != PENDING:
        raise NotFound(_("There is nothing to confirm here."))
    later = [
        entry
        for one in family
        for entry in consents.ledger(session, one)
        if entry.purpose == asked.purpose and entry.id > asked.id and entry.state != PENDING
    ]
    if later:
        return False
    given = {**proof, "asked": consent_id}
    _write(session, lead_id, asked.purpose, GRANTED, asked.channel, asked.wording, given, now)
    return True


def withdraw(
    session: Session,
    lead_id: int,
    purposes: Sequence[str],
    *,
    channel: str,
    proof: Mapping[str, Any],
    now: datetime,
) -> list[int]:
    """The lead takes their yes back; the ids of the entries. What follows for mails and chains is
    flows/unsubscribe, which calls this."""
    rows = [NewConsent(lead_id, purpose, WITHDRAWN, channel, proof=proof) for purpose in purposes]
    return consents.write(session, rows, now=now)


def _write(
    session: Session,
    lead_id: int,
    purpose: str,
    state: str,
    channel: str,
    wording: str,
    proof: Mapping[str, Any],
    now: datetime,
) -> int:
    row = NewConsent(lead_id, purpose, state, channel, wording, proof)
    return consents.write(session, [row], now=now)[0]
