"""What other programs tell of somebody whom nobody knows yet is held, and is the lead's once it is known who
it was: by `identify` or `alias`, or by the address that the message said itself. It is dated as it happened,
and the same messageId stays the same activity.

A user id says who acts. So what has one waits for that name alone, whoever's browser it was; what only has an
anonymousId is a visit of that browser (flows/take_visits), but for the company that it belongs to.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import NotFound
from nurture.flows.put_in_company import put_in_company
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.words import _
from nurture.store import companies, held_calls, identities, installation, signals, suppressions
from nurture.store.held_calls import GROUP, SIGNAL, Claimed, Held
from nurture.store.identities import ANONYMOUS, USER
from nurture.store.signals import NewSignal

SOURCE = "segment"
_ERASED = "erased"


def hold_signal(
    session: Session,
    said: Mapping[str, Any],
    kind: str,
    data: Mapping[str, Any],
    at: datetime,
    *,
    address: str | None,
    pepper: bytes,
    now: datetime,
) -> None:
    """Hold an activity of {userId, messageId?}; `address` is what it says itself of who it was, in normal
    form. Raises NotFound for somebody who was erased."""
    _hold(session, said, SIGNAL, kind, data, at, address, pepper, now)


def hold_group(
    session: Session,
    said: Mapping[str, Any],
    company_id: int,
    *,
    address: str | None,
    pepper: bytes,
    now: datetime,
) -> None:
    """Hold to which company {userId | anonymousId} belongs. Raises NotFound as hold_signal does."""
    at = said.get("timestamp") or now
    _hold(session, said, GROUP, GROUP, {"company_id": company_id}, at, address, pepper, now)


def hand_over_held(session: Session, names: Collection[tuple[str, str]], *, now: datetime) -> None:
    """It is known by now whose these names (kind, value) are: what was held under them is theirs."""
    users = [value for kind, value in names if kind == USER]
    browsers = [value for kind, value in names if kind == ANONYMOUS]
    _give(session, held_calls.claim_named(session, users, browsers), now)


def hand_over_known(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Give what is held to people who came in by other doors since (a form, a file): how many messages."""
    with sessions.begin() as session:
        claimed = held_calls.claim_known(session)
        _give(session, claimed, now)
    return len(claimed)


def forget_held(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Drop a portion of what has been held for too long; how many messages."""
    with sessions.begin() as session:
        kept = timedelta(days=installation.get(session).strangers_kept_days)
        return held_calls.forget_before(session, now - kept)


def forget_person(
    session: Session, lead_id: int, norms: Sequence[str], *, pepper: bytes, now: datetime
) -> None:
    """Nothing that is held of a person stays, and nothing more is held under the names they had."""
    names = [value for kind, value, _at in identities.of_lead(session, lead_id) if kind == USER]
    held_calls.forget_lead(session, lead_id, norms)
    held_calls.forget_names(session, [_digest(pepper, name) for name in names], now=now)


def _hold(
    session: Session,
    said: Mapping[str, Any],
    call: str,
    kind: str,
    data: Mapping[str, Any],
    at: datetime,
    address: str | None,
    pepper: bytes,
    now: datetime,
) -> None:
    user = said.get("userId") or None
    if _was_erased(session, user, address, pepper):
        raise NotFound(_("Nobody of this name is known: the person was erased."))
    message = said.get("messageId")
    one = Held(
        _number(message, at), user, said.get("anonymousId") or None, address, call, kind, message, at, data
    )
    held_calls.hold(session, one, now=now)


def _was_erased(session: Session, user: str | None, address: str | None, pepper: bytes) -> bool:
    if user is not None and held_calls.is_forgotten(session, [_digest(pepper, user)]):
        return True
    if address is None:
        return False
    digest = suppressions.address_hash(pepper, address)
    return suppressions.suppressed(session, [digest]).get(digest) == _ERASED


def _give(session: Session, claimed: Sequence[Claimed], now: datetime) -> None:
    rows = [
        NewSignal(one.lead_id, one.kind, min(one.at, now), SOURCE, key=one.key, data=one.data)
        for one in claimed
        if one.call == SIGNAL
    ]
    signals.add(session, rows, now=now)
    groups = sorted((one for one in claimed if one.call == GROUP), key=lambda one: (one.at, one.number))
    belongs = {one.lead_id: companies.meant(session, int(one.data["company_id"])) for one in groups}
    for company_id in sorted({one for one in belongs.values() if one is not None}):
        leads = [lead for lead, company in belongs.items() if company == company_id]
        put_in_company(session, leads, company_id, now=now)


def _digest(pepper: bytes, user: str) -> bytes:
    return suppressions.address_hash(pepper, f"user:{user}")


def _number(message: str | None, at: datetime) -> UUID:
    if message:
        return uuid5(NAMESPACE_URL, f"{SOURCE}:{message}")
    return uuid7(millis_of(at), os.urandom(NOISE_BYTES))
