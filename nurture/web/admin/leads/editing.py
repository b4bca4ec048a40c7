"""What a person changes on the card: facts, BANT, tags, owner; and what the lead may ask of us."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.flows.edit_lead import edit_lead
from nurture.flows.leads import erase_lead
from nurture.flows.personal_data import gather
from nurture.rules.columns import BANT
from nurture.rules.words import _
from nurture.store import custom_fields
from nurture.store.audit import audit
from nurture.store.custom_fields import CustomField
from nurture.web.admin.leads import card
from nurture.web.admin.leads.part import pages
from nurture.web.api.plain import plain
from nurture.web.request import close_session, now, page_session, runtime, signed_in

TEXTS = (
    "first_name", "last_name", "email", "phone", "company", "role", "buying_role", "language", "timezone",
    "country", "city", "address", "owner",
)  # fmt: skip
_ANSWERS = {"yes": True, "no": False}


@pages.post("/leads/<int:lead_id>")
def edit(lead_id: int) -> ResponseReturnValue:
    """Save what was typed; with a fault nothing is saved and everything typed stays."""
    own = custom_fields.every(page_session())
    faults: dict[str, list[str]] = {}
    said = _said(own, faults)
    return _save(lead_id, said, faults, typed=request.form)


@pages.post("/leads/<int:lead_id>/bant")
def edit_bant(lead_id: int) -> ResponseReturnValue:
    """The answers to Budget, Authority, Need and Timing; each keeps when and by whom it was given."""
    said = {part: value for part in BANT if (value := request.form.get(part))}
    return _save(lead_id, {"bant": said}, {}, typed={})


@pages.post("/leads/<int:lead_id>/data.json")
def take_out(lead_id: int) -> ResponseReturnValue:
    """Everything that is kept about the person, as a file for the person."""
    base_url = runtime().settings.base_url
    with runtime().sessions.begin() as session:
        found = gather(session, lead_id, by=signed_in().actor, now=now(), base_url=base_url)
    body = json.dumps(plain(found), ensure_ascii=False, indent=2)
    headers = {"Content-Disposition": f'attachment; filename="lead-{lead_id}.json"'}
    return Response(body, mimetype="application/json", headers=headers)


@pages.post("/leads/<int:lead_id>/erase")
def erase(lead_id: int) -> ResponseReturnValue:
    """Erase the person; typed once more, because nothing brings them back."""
    if request.form.get("sure", "").strip() != str(lead_id):
        flash(_("Nothing is erased: the number typed is not that of this lead."), "bad")
        return redirect(url_for("leads.card", lead_id=lead_id))
    with runtime().sessions.begin() as session:
        erase_lead(
            session,
            lead_id,
            pepper=runtime().pepper,
            home=runtime().settings.home,
            now=now(),
            by=signed_in().actor,
        )
    flash(_("The person is erased. Counts stay right; no import brings the address back."))
    return redirect(url_for("leads.index"))


def _save(
    lead_id: int, said: Mapping[str, Any], faults: dict[str, list[str]], *, typed: Mapping[str, str]
) -> ResponseReturnValue:
    by, base_url = signed_in().actor, runtime().settings.base_url
    close_session()
    try:
        if faults:
            raise Invalid(_("Some answers cannot be taken."), faults)
        with runtime().sessions.begin() as session:
            changes = edit_lead(
                session, lead_id, said, by=by, now=now(), pepper=runtime().pepper, base_url=base_url
            )
            audit(
                session, by, "lead.changed", f"lead:{lead_id}", now=now(), detail={"names": sorted(changes)}
            )
    except (Invalid, Conflict) as refusal:
        errors = getattr(refusal, "errors", None) or {"email": [str(refusal)]}
        return card.page(lead_id, typed=typed, errors=errors), 422
    runtime().wake("leads")
    flash(_("Saved."))
    return redirect(url_for("leads.card", lead_id=lead_id))


def _said(own: Sequence[CustomField], faults: dict[str, list[str]]) -> dict[str, Any]:
    """The answers of the form by the names of the API; an empty one clears."""
    form = request.form
    said: dict[str, Any] = {name: form.get(name, "").strip() or None for name in TEXTS if name in form}
    if "tags" in form:
        said["tags"] = [tag.strip() for tag in form["tags"].split(",") if tag.strip()]
    asked = [field for field in own if f"fields.{field.key}" in form]
    said["fields"] = {field.key: _own(field, form[f"fields.{field.key}"].strip(), faults) for field in asked}
    said["dates"] = {
        name.removeprefix("dates."): value.strip() or None
        for name, value in form.items()
        if name.startswith("dates.")
    }
    return said


def _own(field: CustomField, written: str, faults: dict[str, list[str]]) -> Any:
    """A value of a field of one's own, held to its kind; a fault names the field."""
    if not written:
        return None
    match field.kind:
        case "number":
            return _number(field, written, faults)
        case "yes_no":
            return _ANSWERS.get(written)
        case "choice" if written not in field.choices and written != request.form.get(f"was.{field.key}"):
            faults[f"fields.{field.key}"] = [_("This is none of the choices.")]
    return written


def _number(field: CustomField, written: str, faults: dict[str, list[str]]) -> float | int | None:
    try:
        value = float(written.replace(",", "."))
        if abs(value) < 1e15:
            return int(value) if value == int(value) else value
    except (ValueError, OverflowError):
        pass
    faults[f"fields.{field.key}"] = [_("This is no number.")]
    return None
