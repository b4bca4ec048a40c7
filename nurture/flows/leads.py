"""One lead is saved: made or found again by id, e-mail address or phone, and led on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files import erasures
from nurture.files.erasures import Erasure
from nurture.flows.consent import GRANTED, grant
from nurture.flows.hold_calls import forget_person
from nurture.flows.keep_nos import hold_to, keep_all_of
from nurture.flows.leave import leave_all
from nurture.flows.leave_everything import come_back
from nurture.flows.take_in import take_in
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules import lead_answers, zones
from nurture.rules.lead_answers import LeadAnswers
from nurture.rules.messages import instant
from nurture.rules.words import _
from nurture.store import (
    approvals,
    companies,
    company_heat,
    consents,
    custom_fields,
    forms,
    guests,
    inbound,
    kept_nos,
    kept_pages,
    lead_aliases,
    leads,
    notices,
    sources,
    stages,
    suppressions,
    users,
    websites,
)
from nurture.store.leads import Identity, Lead
from nurture.store.stages import StageChange, StageMove
from nurture.store.webhooks import write_message

_NEW_STAGES = ("inquiry", "lead", "customer", "lost")
_TRIES = 3
# The channel of invented leads: they are marked, and stay among themselves.
DEMO = "demo"


@dataclass(frozen=True)
class SavedLead:
    """The lead that was saved, and whether it is new."""

    id: int
    created: bool


def save_lead(
    session: Session,
    answers: Mapping[str, Any],
    *,
    now: datetime,
    by: str,
    pepper: bytes,
    base_url: str,
    source_kind: str = "api",
) -> SavedLead:
    """Make or update a lead by what is said (the names of the API), in the caller's transaction.

    Raises Invalid with every fault, NotFound for an unknown id, Conflict where the answers belong to
    different leads.
    """
    read = lead_answers.read(answers)
    if read.id is not None:  # whoever was merged is whom it was merged into
        read = replace(read, id=lead_aliases.survivor_of(session, read.id) or read.id)
    for attempt in range(1, _TRIES + 1):
        try:
            with session.begin_nested():
                saved = _save(session, read, pepper, now=now, by=by, source_kind=source_kind)
            break
        except IntegrityError:
            # Somebody else took the same address or number between our look and our insert: look again.
            if attempt == _TRIES:
                raise
    take_in(session, [saved.id], since=now if saved.created else None, base_url=base_url, now=now)
    return saved


def _save(
    session: Session, read: LeadAnswers, pepper: bytes, *, now: datetime, by: str, source_kind: str
) -> SavedLead:
    known = _identify(session, read)
    read = read if known is None else _as_known(session, read, known)
    source_id = sources.ensure(session, read.source, kind=source_kind, now=now) if read.source else None
    if known is None:
        lead = _new(session, read, source_id, demo=source_kind == DEMO, now=now)
    else:
        lead = _known(session, known.id)
        lead.last_source_id = source_id or lead.last_source_id
    before = lead.email_norm
    _write(session, lead, read, now=now, source=source_kind)
    session.flush()
    if known is None:
        session.add(StageChange(lead_id=lead.id, at=now, old=None, new=lead.stage, reason=source_kind, by=by))
    elif read.stage is not None:
        stages.move(session, [StageMove(lead.id, read.stage, source_kind)], now=now, by=by)
    leads.refold(session, [lead.id])
    custom_fields.note(session, read.fields, now=now)
    if lead.email_norm is not None and lead.email_norm != before:
        hold_to(session, [(lead.id, lead.email_norm)], pepper, now=now)
    _keep_consents(session, lead.id, read, now=now, by=by, channel=source_kind)
    return SavedLead(lead.id, created=known is None)


def _identify(session: Session, read: LeadAnswers) -> Identity | None:
    """Whose answers these are. Never two leads': merging is a decision of its own."""
    norm, phone = read.plain.get("email_norm"), read.plain.get("phone")
    if read.id is None and norm is None and phone is None:
        sentence = _("A lead needs an e-mail address, a phone number or the id of a known one.")
        raise Invalid(sentence, {"email": [sentence]})
    found = leads.identities(session, lead_id=read.id, email_norm=norm, phone=phone)
    if read.id is not None and all(lead.id != read.id for lead in found):
        raise NotFound(_("There is no lead with this id."))
    if len(found) > 1:
        raise Conflict(
            _("These answers belong to different leads ({ids}): they have to be merged first.").format(
                ids=", ".join(str(lead.id) for lead in found)
            )
        )
    if not found:
        return None
    lead = found[0]
    another = norm and lead.email_norm not in (None, norm)
    if read.id is None and another and norm not in lead_aliases.other_addresses(session, lead.id):
        raise Conflict(
            _(
                "The phone number belongs to lead {id}, who has another e-mail address. Send the id to "
                "change that lead, or leave the number out to make another."
            ).format(id=lead.id)
        )
    return lead


def _as_known(session: Session, read: LeadAnswers, known: Identity) -> LeadAnswers:
    """Whoever is found by an address or number from before they were merged keeps the one they have."""
    if read.id is not None:
        return read
    names = lead_aliases.other_names(session, known.id)
    kept = {name: value for name, value in read.plain.items() if (name, value) not in names}
    if "email_norm" in read.plain and "email_norm" not in kept:
        kept.pop("email", None)
    return replace(read, plain=kept)


def _known(session: Session, lead_id: int) -> Lead:
    lead = leads.locked(session, lead_id)
    if lead is None:
        raise NotFound(_("There is no such lead."))
    return lead


def _new(session: Session, read: LeadAnswers, source_id: int | None, *, demo: bool, now: datetime) -> Lead:
    stage = read.stage or "lead"
    if stage not in _NEW_STAGES:
        sentence = _("A new lead begins as inquiry or lead, or as customer or lost when its deal has ended.")
        raise Invalid(sentence, {"stage": [sentence]})
    return leads.add(session, stage, source_id=source_id, now=now, demo=demo)


def _write(session: Session, lead: Lead, read: LeadAnswers, *, now: datetime, source: str) -> None:
    for name, value in read.plain.items():
        setattr(lead, name, value)
    if lead.email_norm is None and lead.phone is None:
        sentence = _("Without an e-mail address or a phone number nobody would be left to speak to.")
        raise Invalid(sentence, {"email": [sentence]})
    before = lead.company_id
    if read.company is not None:
        lead.company_id = companies.take(
            session, read.company["name"], read.company["folded"], read.company, now=now
        )
    elif read.drop_company:
        lead.company_id = None
    if before is not None and lead.company_id != before:
        company_heat.note_companies(session, [before])
    if read.owner is not None:
        lead.owner_id = _owner(session, read.owner)
    elif read.drop_owner:
        lead.owner_id = None
    if read.tags is not None:
        lead.tags = read.tags
    lead.fields = _merged(lead.fields, read.fields)
    lead.dates = _merged(lead.dates, read.dates)
    lead.bant = _merged(lead.bant, _answered(lead.bant, read.bant, source, now))
    if lead.timezone is None and (guessed := zones.guess(lead.phone, lead.country)):
        lead.timezone, lead.timezone_source = guessed.zone, guessed.source
    lead.updated_at = now


def _keep_consents(
    session: Session, lead_id: int, read: LeadAnswers, *, now: datetime, by: str, channel: str
) -> None:
    """Note what is newly granted; whoever withdraws is left alone at once. A no, to a purpose or to all of
    them, is taken back by a yes that comes with its proof alone: a program that tells every night what it
    once heard has none."""
    if not read.consent:
        return
    unproven = read.proof is None
    proof = {"by": by} if unproven else {"by": by, "proof": read.proof}
    standing, refused = consents.standing(session, lead_id), consents.refused_by(session, [lead_id])
    wants_nothing = unproven and (
        bool(suppressions.left_by(session, lead_id)) or kept_nos.to_everything(session, lead_id)
    )
    for purpose, granted in read.consent.items():
        if granted and standing.get(purpose) != GRANTED:
            if wants_nothing or (unproven and purpose in refused):
                continue
            grant(session, lead_id, purpose, wording="", channel=channel, proof=proof, now=now)
            come_back(session, lead_id, [purpose], by=by, now=now)
        elif not granted:
            unsubscribe(session, lead_id, purpose, how=channel, proof=proof, now=now)


def _merged(known: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**known, **said}.items() if value is not None}


def _answered(
    known: Mapping[str, Any], said: Mapping[str, str | None], source: str, now: datetime
) -> dict[str, Any]:
    """BANT answers with their source and date; one that says the same again keeps the old date, one that says
    otherwise keeps what it contradicts as `before`."""
    answered: dict[str, Any] = {}
    for part, answer in said.items():
        before = known.get(part)
        if answer is None or (isinstance(before, dict) and before.get("answer") == answer):
            answered[part] = before if answer else None
        else:
            answered[part] = {"answer": answer, "source": source, "at": instant(now), **_contradicted(before)}
    return answered


def _contradicted(before: Any) -> dict[str, Any]:
    if not isinstance(before, dict) or before.get("answer") in (None, "unknown"):
        return {}
    return {"before": {name: before[name] for name in ("answer", "source", "at") if name in before}}


def _owner(session: Session, email: str) -> int:
    user = users.by_email(session, email)
    if user is None or user.disabled_at is not None:
        sentence = _("There is no user with this e-mail address.")
        raise Invalid(sentence, {"owner": [sentence]})
    return user.id


def erase_lead(session: Session, lead_id: int, *, pepper: bytes, home: Path, now: datetime, by: str) -> None:
    """Erase a person in the caller's transaction: a tombstone keeps the id, so that counts stay right; the
    address is kept as a hash alone, so that no import brings it back. The ledger in `home` keeps that it
    happened, so that no older backup does either."""
    lead = _known(session, lead_id)
    _keep_out(session, lead, pepper=pepper, home=home, now=now)
    if lead.email:
        inbound.forget_address(session, lead.email)
    leave_all(session, [lead_id], "erased", now=now)
    if lead.company_id is not None:
        company_heat.note_companies(session, [lead.company_id])
    norms = [one for one in (lead.email_norm, *lead_aliases.other_addresses(session, lead_id)) if one]
    lead_aliases.forget(session, lead_id, now=now)
    # Whoever was merged into the lead is the same person: what its own id was still said by goes too.
    family = (*lead_aliases.aliases_of(session, lead_id), lead_id)
    kept_pages.forget_leads(session, family)
    for one in family:
        forget_person(session, one, norms, pepper=pepper, now=now)
        leads.forget(session, one, now=now)
        inbound.forget(session, [one])
        notices.forget(session, [one])
        websites.forget_lead(session, one)
        guests.forget_lead(session, one)
        forms.forget(session, [one])
    approvals.settle(session, [lead_id], now=now)
    write_message(
        session,
        "lead.erased",
        {"lead": {"id": lead_id}},
        lead_id=lead_id,
        dedup_key=f"lead.erased:{lead_id}",
        now=now,
    )
    users.audit(session, by, "lead.erased", f"lead:{lead_id}", now=now)


def _keep_out(session: Session, lead: Lead, *, pepper: bytes, home: Path, now: datetime) -> None:
    """Every address that the person ever had here stays out, in the tables and in the ledger of `home`."""
    norms = [lead.email_norm, *lead_aliases.other_addresses(session, lead.id)]
    digests = [suppressions.address_hash(pepper, norm) for norm in norms if norm is not None]
    noted: list[bytes | None] = [*digests] or [None]
    for one in noted:
        erasures.note(home, Erasure(now, lead.id, one))
    for alias in lead_aliases.aliases_of(session, lead.id):
        erasures.note(home, Erasure(now, alias, None))
    family = [lead.id, *lead_aliases.aliases_of(session, lead.id)]
    keep_all_of(session, lead.id, family, [norm for norm in norms if norm is not None], pepper, now)
    gone = [suppressions.NewSuppression(digest, "erased", lead_id=lead.id) for digest in digests]
    suppressions.suppress(session, gone, now=now)
