"""The two switches over all sending: the go-live switch and the emergency stop."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid
from nurture.rules import addresses
from nurture.rules.words import _
from nurture.store import installation as installations
from nurture.store import test_addresses, users

MOST_TEST_ADDRESSES = 50


def stop_sending(session: Session, *, by: str, now: datetime) -> None:
    """Nothing more goes out until somebody resumes; everything that is due waits."""
    installation = installations.lock(session)
    if not installation.sending_stopped:
        installation.sending_stopped = True
        installation.sending_stopped_at = now
        users.audit(session, by, "sending.stopped", "installation", now=now)


def resume_sending(session: Session, *, by: str, now: datetime) -> None:
    """What waited goes out, within its windows."""
    installation = installations.lock(session)
    if installation.sending_stopped:
        installation.sending_stopped = False
        installation.sending_stopped_at = None
        users.audit(session, by, "sending.resumed", "installation", now=now)


def name_test_addresses(session: Session, written: Sequence[str], *, by: str, now: datetime) -> None:
    """Say who gets mail before the go-live switch is turned. Raises Invalid naming what is no address."""
    checked = {one: addresses.check(one) for one in dict.fromkeys(one.strip(",;") for one in written) if one}
    wrong = [one for one, found in checked.items() if found.norm is None]
    if wrong:
        sentence = _("This is not an e-mail address: {address}").format(address=", ".join(wrong))
        raise Invalid(sentence, {"addresses": [sentence]})
    if len(checked) > MOST_TEST_ADDRESSES:
        sentence = _("At most {most} addresses.").format(most=MOST_TEST_ADDRESSES)
        raise Invalid(sentence, {"addresses": [sentence]})
    test_addresses.keep(session, sorted({one.norm for one in checked.values() if one.norm}), now=now)
    detail = {"addresses": len(checked)}
    users.audit(session, by, "test_addresses.changed", "installation", now=now, detail=detail)


def go_live(session: Session, *, by: str, now: datetime) -> None:
    """Let mails out for the first time; the law wants a sender and a postal address in each."""
    installation = installations.lock(session)
    if not (installation.company_name and installation.postal_address and installation.sender_email):
        raise Conflict(_("Say first who sends: company name, postal address and sender address."))
    if not installation.live:
        installation.live = True
        users.audit(session, by, "sending.went_live", "installation", now=now)
