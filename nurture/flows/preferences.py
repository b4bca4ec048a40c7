"""A lead chooses what to be written about, or confirms what was asked. In the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.flows import consent
from nurture.flows.enroll import enter_programs
from nurture.flows.leave_everything import come_back
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules.words import _
from nurture.store import consents, lead_aliases, newsletters, restraint

CHANNEL = "preferences"
# Months for which a lead may ask to be left alone; 0 ends the pause.
PAUSES = (0, 1, 3)
_MONTH = timedelta(days=30)


def choose(
    session: Session,
    lead_id: int,
    wanted: Mapping[str, str],
    *,
    delivery_id: int | None,
    proof: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Agree to the purposes of `wanted` (purpose -> the words that stood beside the box) and to no other;
    whether anything changed. Purposes that nobody could be mailed for are left out."""
    consents.take_turn(session, lead_id)
    known, held = consents.purposes_for(session, lead_id), consents.standing(session, lead_id)
    agreed = [purpose for purpose in known if purpose in wanted and held.get(purpose) != consent.GRANTED]
    left = [purpose for purpose in known if purpose not in wanted and held.get(purpose) == consent.GRANTED]
    for purpose in agreed:
        consent.grant(
            session, lead_id, purpose, wording=wanted[purpose], channel=CHANNEL, proof=proof, now=now
        )
    for purpose in left:
        unsubscribe(session, lead_id, purpose, how=CHANNEL, proof=proof, now=now, delivery_id=delivery_id)
    if agreed:
        come_back(session, lead_id, agreed, by=f"lead:{lead_id}", now=now)
        enter_programs(session, [lead_id], now=now)
    return bool(agreed or left)


def pause(session: Session, lead_id: int, months: int, *, now: datetime) -> datetime | None:
    """The lead wants no mails for so many months (0: it takes them again); until when. What was asked for
    otherwise (a confirmation, an answer) still goes out."""
    if months not in PAUSES:
        raise Invalid(_("A pause lasts one month or three."), {"pause": [_("Choose one of the offered.")]})
    if not months:
        restraint.go_on(session, lead_id, now=now)
        return None
    until = now + months * _MONTH
    lapsed = restraint.pause(session, lead_id, until, now=now)
    newsletters.settled(session, [(one, "skipped", "own_pause") for one in lapsed], now=now)
    return until


def confirm(
    session: Session, lead_id: int, consent_id: int, *, proof: Mapping[str, Any], now: datetime
) -> bool:
    """The lead confirms a consent that was asked for (double opt-in) and enters what it opens; whether
    that was news. Raises NotFound when there is nothing to confirm."""
    lead_id = lead_aliases.survivor_of(session, lead_id) or lead_id
    news = consent.confirm(session, lead_id, consent_id, proof=proof, now=now)
    if news:
        come_back(
            session, lead_id, consents.purposes_of(session, [consent_id]), by=f"lead:{lead_id}", now=now
        )
        enter_programs(session, [lead_id], now=now)
    return news
