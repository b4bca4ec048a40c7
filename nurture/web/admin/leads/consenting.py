"""What a lead said outside about being written to, noted on the card with its proof."""

from datetime import UTC, datetime, time

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows import note_consent as flow
from nurture.flows.note_consent import Said
from nurture.rules.answers import day
from nurture.rules.words import _
from nurture.store import programs
from nurture.web.admin.leads import card
from nurture.web.admin.leads.part import pages
from nurture.web.lead_words import PURPOSES
from nurture.web.rendering import zone
from nurture.web.request import close_session, now, page_session, runtime, signed_in

_LONGEST = 2_000
BY_HAND = ("by_hand", "phone", "paper", "fair", "in_person")


@pages.post("/leads/<int:lead_id>/consent")
def note_consent(lead_id: int) -> ResponseReturnValue:
    """A yes with the words and how it is known, or a no, which holds at once."""
    form, by = request.form, signed_in().actor
    try:
        said = _said()
        close_session()
        with runtime().sessions.begin() as session:
            flow.note_consent(session, lead_id, said, by=by, now=now())
    except (Invalid, Conflict) as refusal:
        errors = getattr(refusal, "errors", None) or {"words": [str(refusal)]}
        return card.page(lead_id, typed=form, errors=errors), 422
    runtime().wake("leads")
    flash(_("Saved."))
    return redirect(url_for("leads.card", lead_id=lead_id))


def _said() -> Said:
    form = request.form
    purpose, words = form.get("purpose", ""), form.get("words", "").strip()
    wording, channel = form.get("wording", "").strip(), form.get("channel", "by_hand")
    faults: dict[str, list[str]] = {}
    if purpose not in PURPOSES and purpose not in programs.purposes(page_session()):
        faults["purpose"] = [_("Say what they agreed to.")]
    if not words or len(words) > _LONGEST:
        faults["words"] = [_("Write down how you know, in at most 2,000 letters: it is kept as the proof.")]
    if len(wording) > _LONGEST:
        faults["wording"] = [_("This is too long.")]
    if channel not in BY_HAND:
        faults["channel"] = [_("Say where they said it.")]
    written = form.get("said_on", "").strip()
    at = _noon(written) if written else None
    if written and at is None:
        faults["said_on"] = [_("Please give a day, such as 2026-03-31.")]
    elif at is not None and at.date() > now().date():
        faults["said_on"] = [_("This lies in the future.")]
    if faults:
        raise Invalid(_("Some answers cannot be taken."), faults)
    return Said(purpose, form.get("agreed") == "yes", wording, channel, words, at)


def _noon(written: str) -> datetime | None:
    """Noon of a day of the company; of today no later than now."""
    found = day(written)
    if found is None:
        return None
    at = datetime.combine(datetime.fromisoformat(found).date(), time(12), zone()).astimezone(UTC)
    today = now().astimezone(zone()).date().isoformat() == found
    return min(at, now()) if today else at
