"""Fields of one's own are made, named for people, given a kind, and taken away."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.naming import refuse_while_used
from nurture.rules.words import _
from nurture.store import custom_fields, users
from nurture.store.custom_fields import KINDS, CustomField

_LONGEST = 100
_MOST_CHOICES = 100


def create(
    session: Session, label: str, *, kind: str, choices: Sequence[str] = (), by: str, now: datetime
) -> CustomField:
    """A field that no lead has yet; its key is made from the label. Raises Invalid, Conflict."""
    label = _label(label)
    key = re.sub(r"\W+", "_", label.casefold()).strip("_")[:60]
    if not key:
        sentence = _("The name needs a letter or a digit.")
        raise Invalid(sentence, {"label": [sentence]})
    if session.get(CustomField, key) is not None:
        raise Conflict(_("There is a field called {name} already.").format(name=key))
    made = CustomField(key=key, label=label, kind="text", choices=[], created_at=now)
    _describe(made, kind, choices)
    session.add(made)
    users.audit(session, by, "field.created", f"field:{key}", now=now)
    return made


def change(
    session: Session,
    key: str,
    *,
    label: str | None = None,
    kind: str | None = None,
    choices: Sequence[str] | None = None,
    by: str,
    now: datetime,
) -> CustomField:
    """Other words for people, another kind of value. What leads have already stays as it is."""
    field = existing(session, key)
    if label is not None:
        field.label = _label(label)
    if kind is not None or choices is not None:
        _describe(field, kind or field.kind, field.choices if choices is None else choices)
    users.audit(session, by, "field.changed", f"field:{key}", now=now)
    return field


def remove(session: Session, key: str, *, by: str, now: datetime) -> int:
    """Take the field and its values away; how many leads had one. Raises Conflict while a rule or a mail
    asks for it."""
    field = existing(session, key)
    refuse_while_used(session, "field", key)
    cleared = custom_fields.clear(session, key, now=now)
    session.delete(field)
    users.audit(session, by, "field.removed", f"field:{key}", now=now, detail={"leads": cleared})
    return cleared


def existing(session: Session, key: str) -> CustomField:
    """The field, locked. Raises NotFound."""
    field = session.get(CustomField, key, with_for_update=True)
    if field is None:
        raise NotFound(_("There is no such field."))
    return field


def _label(said: str) -> str:
    label = " ".join(said.split())
    if not label or len(label) > _LONGEST or not label.isprintable():
        sentence = _("Name the field, in at most 100 letters.")
        raise Invalid(sentence, {"label": [sentence]})
    return label


def _describe(field: CustomField, kind: str, choices: Sequence[str]) -> None:
    if kind not in KINDS:
        sentence = _("A field holds a text, a number, yes or no, a day, or one of some choices.")
        raise Invalid(sentence, {"kind": [sentence]})
    clean = list(dict.fromkeys(" ".join(one.split()) for one in choices if one.strip()))
    if kind == "choice" and not 0 < len(clean) <= _MOST_CHOICES:
        sentence = _("Write the choices, one a line, at most 100.")
        raise Invalid(sentence, {"choices": [sentence]})
    field.kind, field.choices = kind, clean if kind == "choice" else []
