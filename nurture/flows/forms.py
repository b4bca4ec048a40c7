"""Forms are made, changed version by version, laid by and taken out again. In the caller's transaction."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import naming
from nurture.flows.start_leads import read_place
from nurture.rules.forms import Asked, FormSpec, asked, read_spec
from nurture.rules.forms.values import spec_of
from nurture.rules.words import _
from nurture.store import custom_fields, forms
from nurture.store.audit import audit
from nurture.store.forms import Form, FormSubmission, FormVersion, OpenForm

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_KEY, _LONGEST_NAME = 60, 200


def create(
    session: Session, key: str, name: str, said: Mapping[str, Any], *, by: str, now: datetime
) -> OpenForm:
    """A form under a key that stays, by what rules/forms/reading describes. Raises Invalid with every
    fault."""
    faults: dict[str, list[str]] = {}
    if not _KEY.fullmatch(key) or len(key) > _LONGEST_KEY:
        faults["key"] = [_("Small letters, digits and hyphens: it stands in the address of the form.")]
    elif forms.by_key(session, key) is not None:
        faults["key"] = [_("There is a form at this address already.")]
    name = _name(name, faults)
    spec = _spec(session, said, faults)
    made = Form(key=key, name=name, version_no=1, created_by=by, created_at=now, updated_at=now)
    session.add(made)
    session.flush()
    session.add(FormVersion(form_id=made.id, no=1, spec=spec.as_json(), created_by=by, created_at=now))
    audit(session, by, "form.created", f"form:{made.id}", now=now, detail={"key": key})
    session.flush()
    return forms.opened(made, spec.as_json())


def change(
    session: Session, form_id: int, name: str | None, said: Mapping[str, Any], *, by: str, now: datetime
) -> OpenForm:
    """Change what is said; the rest stays. What differs is a new version: earlier consents keep theirs.
    Raises NotFound, Invalid with every fault."""
    form = existing(session, form_id)
    before = forms.spec_at(session, form.id, form.version_no)
    faults: dict[str, list[str]] = {}
    form.name = _name(name, faults) if name is not None else form.name
    spec = _spec(session, {**before, **said}, faults).as_json()
    if spec != before:
        form.version_no += 1
        session.add(
            FormVersion(form_id=form.id, no=form.version_no, spec=spec, created_by=by, created_at=now)
        )
    form.updated_at = now
    detail = {"version": form.version_no}
    audit(session, by, "form.changed", f"form:{form.id}", now=now, detail=detail)
    session.flush()
    return forms.opened(form, spec)


def archive(session: Session, form_id: int, *, by: str, now: datetime) -> Form:
    """The form takes nothing any more; what came by it stays. Raises NotFound, Conflict while a chain lets
    people in by it."""
    form = existing(session, form_id)
    if form.archived_at is None:
        naming.refuse_while_used(session, "form", form.key)
        form.archived_at = now
        audit(session, by, "form.archived", f"form:{form.id}", now=now)
    return form


def restore(session: Session, form_id: int, *, by: str, now: datetime) -> Form:
    """An archived form takes answers again. Raises NotFound."""
    form = existing(session, form_id)
    if form.archived_at is not None:
        form.archived_at = None
        audit(session, by, "form.restored", f"form:{form.id}", now=now)
    return form


def existing(session: Session, form_id: int) -> Form:
    """The form, held. Raises NotFound."""
    form = forms.locked(session, form_id)
    if form is None:
        raise NotFound(_("There is no such form."))
    return form


def questions(session: Session, spec: FormSpec) -> list[Asked]:
    """The questions of a form as they are drawn."""
    own = {field.key: (field.kind, field.choices) for field in custom_fields.every(session)}
    return asked(spec, own)


def spec_from(session: Session, said: Mapping[str, Any]) -> FormSpec:
    """What is described, not kept: for a look beforehand. Raises Invalid with every fault."""
    return _spec(session, said, {})


def as_it_is(form: OpenForm) -> FormSpec:
    """The present version as a value."""
    return spec_of(form.spec)


def spec_kept(session: Session, kept: FormSubmission) -> FormSpec:
    """The version by which something was sent."""
    return spec_of(forms.spec_at(session, kept.form_id, kept.version_no))


def _spec(session: Session, said: Mapping[str, Any], faults: dict[str, list[str]]) -> FormSpec:
    try:
        spec = read_spec(said, [field.key for field in custom_fields.every(session)])
        if spec.chain:
            read_place(session, spec.chain)
    except Invalid as fault:
        for name, sentences in fault.errors.items():
            faults["chain" if name == "start" else name] = sentences
    if faults:
        raise Invalid(_("The form cannot be kept."), faults)
    return spec


def _name(said: str, faults: dict[str, list[str]]) -> str:
    name = " ".join(said.split())
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        faults["name"] = [_("Name the form, in at most 200 letters.")]
    return name


def known(session: Session, form_id: int) -> OpenForm:
    """The form with its present version. Raises NotFound."""
    found = forms.by_id(session, form_id)
    if found is None:
        raise NotFound(_("There is no such form."))
    return found


def open_at(session: Session, key: str) -> OpenForm:
    """The form of a public address. Raises NotFound for one that is not there, or takes nothing any more."""
    found = forms.by_key(session, key)
    if found is None:
        raise NotFound(_("There is no form at this address."))
    if found.row.archived_at is not None:
        raise Conflict(_("This form is closed: it takes no answers any more."))
    return found
