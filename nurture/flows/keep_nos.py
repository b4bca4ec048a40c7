"""A no outlives the lead that said it: it is kept by the hash of the address, and whoever bears the address
later is held to it, until its owner says yes anew."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.consent import WITHDRAWN
from nurture.flows.unsubscribe import REASON, stop
from nurture.store import consents, kept_nos
from nurture.store.consents import NewConsent
from nurture.store.kept_nos import EVERYTHING, NewNo, WaitingNo
from nurture.store.suppressions import address_hash

CHANNEL = "kept"
_PORTION = 2_000


def keep_nos(sessions: sessionmaker[Session], pepper: bytes, *, limit: int = 20_000) -> int:
    """Hash what waits, at most `limit`; how many."""
    done = 0
    while done < limit:
        with sessions.begin() as session:
            waiting = kept_nos.next_waiting(session, limit=_PORTION)
            kept_nos.keep(session, _hashed(waiting, pepper))
        done += len(waiting)
        if len(waiting) < _PORTION:
            break
    return done


def _hashed(waiting: Sequence[WaitingNo], pepper: bytes) -> list[NewNo]:
    return [
        NewNo(address_hash(pepper, one.email_norm), one.purpose, one.lead_id, one.consent_id, one.at)
        for one in waiting
    ]


def keep_all_of(
    session: Session,
    lead_id: int,
    family: Sequence[int],
    addresses: Collection[str],
    pepper: bytes,
    now: datetime,
) -> None:
    """The lead goes: whatever it, or one that was merged into it (`family`), has said no to is kept for each
    of its addresses, and beyond that nothing is sent that needs a consent."""
    purposes = [*sorted(consents.refused_by(session, family)), EVERYTHING]
    rows = _hashed(kept_nos.waiting_of(session, family), pepper)
    for address in addresses:
        digest = address_hash(pepper, address)
        rows += [NewNo(digest, purpose, lead_id, None, now) for purpose in purposes]
    kept_nos.keep(session, rows)


def keep_out_of_everything(
    session: Session, lead_id: int, address: str, pepper: bytes, *, now: datetime
) -> None:
    """The owner of this address (in normal form) wants nothing that needs a consent."""
    kept_nos.keep(session, [NewNo(address_hash(pepper, address), EVERYTHING, lead_id, None, now)])


def hold_to(session: Session, bearers: Iterable[tuple[int, str]], pepper: bytes, *, now: datetime) -> None:
    """Leads bear these addresses (in normal form) from now on: what was said no to under them is entered into
    their ledgers, in the caller's transaction."""
    by_digest: dict[bytes, str] = {}
    leads: dict[bytes, int] = {}
    for lead_id, address in bearers:
        digest = address_hash(pepper, address)
        by_digest[digest], leads[digest] = address, lead_id
    found = kept_nos.standing(session, by_digest)
    rows = [(leads[digest], one.purpose, one.number) for digest, noes in found.items() for one in noes]
    hold_rows_to(session, rows, now=now)


def hold_rows_to(session: Session, found: Sequence[tuple[int, str, int | None]], *, now: datetime) -> None:
    """Write into the ledgers of leads what the owners of their addresses have said no to before: of (lead,
    purpose, number of the kept no). What they have said no to themselves stands there already."""
    if not found:
        return
    kept_nos.borne(session, [(number, lead) for lead, _purpose, number in found if number is not None])
    told = {(lead, purpose) for lead, purpose, _number in found if purpose != EVERYTHING}
    new = sorted(told - consents.refused(session, [lead for lead, _purpose in told]))
    granted = consents.granted(session, [lead for lead, _purpose in new])
    rows = [NewConsent(lead, purpose, WITHDRAWN, CHANNEL) for lead, purpose in new]
    consents.write(session, rows, now=now)
    # Only a lead that takes over somebody's address can have agreed to what its owner refuses.
    for lead, purpose in new:
        if (lead, purpose) in granted:
            stop(session, lead, [purpose], REASON, now=now)
