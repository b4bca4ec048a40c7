"""The button in the mail was pressed: it was they. In the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.flows import consent, forms
from nurture.flows.leads import save_lead
from nurture.flows.leave_everything import come_back
from nurture.flows.sign_up import SOURCE, SUBSCRIBED, lead_on, without_others_number
from nurture.rules.addresses import normalise
from nurture.rules.consent import COMES_BACK
from nurture.rules.forms.values import MESSAGE
from nurture.rules.words import _
from nurture.store import consents, signals, suppressions
from nurture.store import forms as store
from nurture.store.audit import audit
from nurture.store.forms import FormSubmission, OpenForm
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal

CONFIRMED, BEFORE, TOO_LATE = "confirmed", "before", "too_late"


def confirm_sign_up(
    session: Session,
    submission_id: int,
    *,
    proof: Mapping[str, Any],
    pepper: bytes,
    base_url: str,
    now: datetime,
) -> str:
    """What became of it: confirmed now, before, or too late, because they left since. Whoever was kept out is
    let in again; what they typed replaces what was known; what the form opens, they enter. Raises
    NotFound."""
    kept = store.locked_submission(session, submission_id)
    lead = session.get(Lead, kept.lead_id) if kept is not None else None
    if kept is None or lead is None or lead.erased_at is not None or not kept.asked:
        raise NotFound(_("There is nothing to confirm here."))
    if kept.confirmed_at is not None:
        return BEFORE
    given = [
        asked for asked in kept.asked if consent.confirm(session, kept.lead_id, asked, proof=proof, now=now)
    ]
    if not given:
        return BEFORE if _holds(session, kept) else TOO_LATE
    kept.confirmed_at = now
    form = forms.known(session, kept.form_id)
    come_back(session, lead.id, consents.purposes_of(session, given), by=f"form:{kept.form_id}", now=now)
    _let_in(session, lead, form, pepper, now)
    _replace(session, kept, form, pepper, base_url, now)
    row = NewSignal(kept.lead_id, SUBSCRIBED, now, SOURCE, key=f"{SUBSCRIBED}:{kept.id}", data=_about(form))
    signals.add(session, [row], now=now)
    spec = forms.spec_kept(session, kept)
    lead_on(session, spec, kept, now=now)
    session.flush()
    store.count(session, kept.form_id, confirmed=1, now=now)
    return CONFIRMED


def _holds(session: Session, kept: FormSubmission) -> bool:
    """Whether they have agreed to the same since, by a later form or otherwise."""
    entries = (consents.entry(session, asked) for asked in kept.asked)
    standing = consents.standing(session, kept.lead_id)
    return all(one is not None and standing.get(one.purpose) == consent.GRANTED for one in entries)


def _about(form: OpenForm) -> dict[str, str]:
    return {"form": form.row.key, "name": form.row.name}


def _let_in(session: Session, lead: Lead, form: OpenForm, pepper: bytes, now: datetime) -> None:
    """A mailbox that answers is none that bounces, and its owner asks for mails: what kept it out is over.
    What the company itself has shut stays shut."""
    digest = suppressions.address_hash(pepper, normalise(lead.email or ""))
    shut = suppressions.active(session, digest)
    if shut is not None and shut.reason in COMES_BACK:
        by = f"form:{form.row.id}"
        shut.lifted_at, shut.lifted_by = now, by
        audit(session, "visitor", "address.let_in", f"suppression:{shut.id}", now=now)


def _replace(
    session: Session, kept: FormSubmission, form: OpenForm, pepper: bytes, base_url: str, now: datetime
) -> None:
    told = {name: value for name, value in kept.answers.items() if name not in ("email", MESSAGE, "consent")}
    answers = without_others_number(session, told, kept.lead_id) | {"id": kept.lead_id}
    by = f"form:{form.row.id}"
    save_lead(session, answers, now=now, by=by, pepper=pepper, base_url=base_url, source_kind=SOURCE)
