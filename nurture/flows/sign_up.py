"""Somebody sends a form: a lead, with proof of what it agreed to, and the mail that asks if it was they.

Whatever is typed, the answer is the same: nobody learns by a form whether an address is known. What a
stranger types about somebody known fills only what is empty; once the owner of the address has pressed the
button in the mail, it replaces what was there (flows/confirm_sign_up).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.flows import consent, forms
from nurture.flows.enroll import enter_programs
from nurture.flows.leads import save_lead
from nurture.flows.queue_mail import CONFIRMATION, queue_service_mail
from nurture.flows.start_leads import read_place, start_leads
from nurture.flows.take_visits import join_visitor
from nurture.rules.addresses import normalise
from nurture.rules.forms import FormConsent, FormSpec, Typed, read_typed
from nurture.rules.phones import to_e164
from nurture.rules.words import _
from nurture.store import consents, lead_json, leads, signals, suppressions
from nurture.store import forms as store
from nurture.store.forms import FormSubmission, OpenForm
from nurture.store.signals import NewSignal
from nurture.store.webhooks import write_message

SOURCE, BY_FORM, MAIL = "form", "by_form", "confirm"
SUBMITTED, SUBSCRIBED, ASKED_FOR_CONTACT = "form_submitted", "subscribed", "meeting_requested"
# The same answers of the same person so soon after are the same: a button pressed twice, a page reloaded.
_REPEATED = timedelta(minutes=10)
# So often a day an address is asked to confirm, whoever types it into forms.
_MOST_ASKED, _DAY = 3, timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How a form was sent: `proof` shows later that it was, `came_by` tells page, referrer and campaign."""

    proof: Mapping[str, Any] = field(default_factory=dict)
    came_by: Mapping[str, str] = field(default_factory=dict)


def sign_up(
    session: Session,
    form: OpenForm,
    typed: Mapping[str, str],
    how: Circumstances,
    *,
    pepper: bytes,
    base_url: str,
    now: datetime,
) -> int:
    """Take in what was typed, in the caller's transaction; the number under which it is kept. Taking the same
    in again changes nothing. Raises Invalid with every fault by the name of its field."""
    spec = forms.as_it_is(form)
    said = read_typed(spec, forms.questions(session, spec), typed)
    if said.faults:
        raise Invalid(_("Please look at the marked fields once more."), said.faults)
    norm = normalise(said.lead.get("email", "")) or None
    known = _owner(session, norm, said)
    if known is not None and (again := _repeated(session, form, known, said, now)):
        return again
    lead_id = _keep_lead(session, form, spec, said, norm, known, pepper, base_url, now)
    kept = FormSubmission(
        form_id=form.row.id,
        version_no=form.row.version_no,
        lead_id=lead_id,
        at=now,
        answers=said.as_json(),
        came_by=dict(how.came_by),
        asked=[],
    )
    session.add(kept)
    session.flush()
    proof = {**how.proof, "form": form.row.key, "version": form.row.version_no, "submission": kept.id}
    kept.asked = _agree(session, spec, said.agreed, lead_id, norm, proof, pepper, now)
    _note(session, form, spec, kept, said, now)
    if kept.asked:
        _ask(session, kept, now)
    else:
        lead_on(session, spec, kept, now=now)
    session.flush()
    store.count(session, form.row.id, sent=1, now=now)
    return kept.id


def lead_on(session: Session, spec: FormSpec, kept: FormSubmission, *, now: datetime) -> None:
    """Nothing has to be confirmed any more: past visits are the lead's, and it enters what the form opens."""
    if kept.visitor_id:
        join_visitor(session, kept.visitor_id, kept.lead_id, now=now)
    if spec.chain:
        _start(session, spec.chain, kept.lead_id, now)
    enter_programs(session, [kept.lead_id], now=now)


def without_others_number(session: Session, said: Mapping[str, Any], lead_id: int | None) -> dict[str, Any]:
    """The answers without a phone number that is another lead's: two people are never made into one by what
    somebody types. The number stays among what was sent."""
    number = to_e164(said["phone"]) if said.get("phone") else None
    found = leads.identities(session, lead_id=None, email_norm=None, phone=number) if number else []
    theirs = any(one.id != lead_id for one in found)
    return {name: value for name, value in said.items() if name != "phone" or not theirs}


def _owner(session: Session, norm: str | None, said: Typed) -> int | None:
    """The lead with this address; of a form without one, the lead with this number. Held until the end."""
    number = to_e164(said.lead["phone"]) if norm is None and said.lead.get("phone") else None
    found = leads.identities(session, lead_id=None, email_norm=norm, phone=number)
    return found[0].id if found else None


def _repeated(session: Session, form: OpenForm, lead_id: int, said: Typed, now: datetime) -> int | None:
    last = store.last_of(session, form.row.id, lead_id)
    if last is None or last.answers != said.as_json() or now - last.at > _REPEATED:
        return None
    return last.id


def _keep_lead(
    session: Session,
    form: OpenForm,
    spec: FormSpec,
    said: Typed,
    norm: str | None,
    known: int | None,
    pepper: bytes,
    base_url: str,
    now: datetime,
) -> int:
    answers = dict(said.lead)
    if norm is not None:
        answers = without_others_number(session, answers, known)
    there: dict[str, Any] = {}
    if known is not None:
        there = lead_json.read(session, [known], base_url=base_url, now=now)[known]
        answers = _only_what_is_empty(answers, there) | {"id": known}
    else:
        answers["stage"] = "lead" if spec.asks_for_contact else "inquiry"
    if not there.get("language"):
        answers["language"] = spec.language
    if new := [tag for tag in spec.tags if tag not in there.get("tags", ())]:
        answers["tags"] = [*there.get("tags", ()), *new]
    answers["source"] = spec.source or form.row.name
    by = f"form:{form.row.id}"
    return save_lead(
        session, answers, now=now, by=by, pepper=pepper, base_url=base_url, source_kind=SOURCE
    ).id


def _only_what_is_empty(said: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in said.items():
        held = there.get(name)
        if isinstance(value, dict):
            inner = held if isinstance(held, dict) else {}
            if new := {key: one for key, one in value.items() if inner.get(key) in (None, "", "unknown")}:
                found[name] = new
        elif not held:
            found[name] = value
    return found


def _agree(
    session: Session,
    spec: FormSpec,
    agreed: list[FormConsent],
    lead_id: int,
    norm: str | None,
    proof: Mapping[str, Any],
    pepper: bytes,
    now: datetime,
) -> list[int]:
    """Write what was agreed to into the ledger; the entries that have to be confirmed. Whoever left, or is
    kept out, comes back only by the button in the mail, whatever the form says."""
    if not agreed:
        return []
    left = consents.has_left(session, lead_id)
    shut = norm is not None and bool(
        suppressions.suppressed(session, [suppressions.address_hash(pepper, norm)])
    )
    must = spec.double_opt_in or left or shut
    write = consent.ask if must else consent.grant
    ids = [
        write(session, lead_id, one.purpose, wording=one.wording, channel=SOURCE, proof=proof, now=now)
        for one in agreed
    ]
    return ids if must else []


def _note(
    session: Session, form: OpenForm, spec: FormSpec, kept: FormSubmission, said: Typed, now: datetime
) -> None:
    """The signals and the webhook message, named after what was kept."""
    waiting = bool(kept.asked)
    about = {"form": form.row.key, "name": form.row.name, **kept.came_by}
    if said.message:
        about["message"] = said.message
    kinds = {SUBMITTED: about | ({"waiting": True} if waiting else {})}
    if said.agreed and not waiting:
        kinds[SUBSCRIBED] = {"purposes": [one.purpose for one in said.agreed]}
    if spec.asks_for_contact:
        kinds[ASKED_FOR_CONTACT] = about
    rows = [
        NewSignal(kept.lead_id, kind, now, SOURCE, key=f"{kind}:{kept.id}", data=data)
        for kind, data in kinds.items()
    ]
    signals.add(session, rows, now=now)
    write_message(
        session,
        "form.submitted",
        {
            "lead": {"id": kept.lead_id},
            "form": form.row.key,
            "answers": kept.answers,
            "submission_id": kept.id,
            "waiting": waiting,
        },
        lead_id=kept.lead_id,
        dedup_key=f"form.submitted:{kept.id}",
        now=now,
    )


def _ask(session: Session, kept: FormSubmission, now: datetime) -> None:
    """Send the mail with the button, unless the address was asked often enough today. It rests on the first
    of the entries that it asks to confirm; the others have the same submission for their proof."""
    session.flush()
    if store.asked_since(session, kept.lead_id, now - _DAY) > _MOST_ASKED:
        return
    queue_service_mail(
        session,
        MAIL,
        purpose=CONFIRMATION,
        dedup_key=f"confirm:{kept.id}",
        lead_id=kept.lead_id,
        params={"submission": kept.id},
        now=now,
        consent_id=kept.asked[0],
    )


def _start(session: Session, chain: str, lead_id: int, now: datetime) -> None:
    """Begin the chain that the form names. While it is not live, nobody begins it: the page of the form says
    so, and the person has done their part."""
    try:
        place = read_place(session, chain)
    except Invalid:
        return
    start_leads(session, [lead_id], place, now=now, reason=BY_FORM)
