"""What a person decides about a lead on its card: the grade by hand, the date to come back."""

from datetime import UTC, date, datetime, time

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import judge_by_hand as flow
from nurture.rules.words import _
from nurture.web.admin.leads.part import pages
from nurture.web.rendering import zone
from nurture.web.request import now, runtime, signed_in

_MORNING = time(8)


@pages.post("/leads/<int:lead_id>/grade")
def grade(lead_id: int) -> ResponseReturnValue:
    """Set the grade by hand with the reason, or give it back to the scorecard."""
    form = request.form
    chosen = form.get("grade") or None
    try:
        with runtime().sessions.begin() as session:
            flow.set_grade(session, lead_id, chosen, form.get("reason", ""), now=now(), by=signed_in().actor)
    except Invalid as refusal:
        flash(str(refusal), "bad")
    else:
        said = _("The grade is %(grade)s now, whatever the scorecard says.") % {"grade": chosen}
        flash(said if chosen else _("The scorecard gives the grade again."))
    return redirect(url_for("leads.card", lead_id=lead_id))


@pages.post("/leads/<int:lead_id>/later")
def put_off(lead_id: int) -> ResponseReturnValue:
    """Let the lead come back on a day, in the morning; without a day its time is now."""
    written = request.form.get("day", "").strip()
    try:
        at = _morning(written) if written else None
        with runtime().sessions.begin() as session:
            flow.set_future(session, lead_id, at, now=now(), by=signed_in().actor)
    except Invalid as refusal:
        flash(str(refusal), "bad")
    else:
        flash(_("Noted. The lead comes back on that day.") if written else _("Noted. Its time is now."))
    return redirect(url_for("leads.card", lead_id=lead_id))


def _morning(written: str) -> datetime:
    try:
        day = date.fromisoformat(written)
        return datetime.combine(day, _MORNING, zone()).astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        sentence = _("Choose a day.")
        raise Invalid(sentence, {"at": [sentence]}) from wrong
