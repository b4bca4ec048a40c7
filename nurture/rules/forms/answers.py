"""What a person typed into a form, read by what the form asks for; a fault stands at its field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nurture.rules import addresses, answers, phones
from nurture.rules.forms.values import CONSENT, MESSAGE, OWN, FormConsent, FormField, FormSpec
from nurture.rules.words import _

LONGEST = 1_000
LONGEST_MESSAGE = 5_000
BANT_CHOICES = ("yes", "partly", "no")
_MOST = 1e15


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is drawn. `kind`: text, email, phone, lines, number, day, yes_no, choice or bant."""

    field: FormField
    kind: str
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Typed:
    """What was said: `lead` by the names of the API, the message, the consents that were ticked, and
    faults by the name of the field."""

    lead: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    agreed: list[FormConsent] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What is kept of it, and told to receivers of webhooks."""
        consents = {"consent": [one.purpose for one in self.agreed]} if self.agreed else {}
        return self.lead | ({MESSAGE: self.message} if self.message else {}) | consents


_KINDS = {"email": "email", "phone": "phone", "address": "lines", MESSAGE: "lines", "dates.birthday": "day"}


def asked(spec: FormSpec, own: Mapping[str, tuple[str, Sequence[str]]]) -> list[Asked]:
    """The questions of a form. `own` has (kind, choices) of each field of one's own, by key; a field that is
    gone is not asked for any more."""
    found = []
    for one in spec.fields:
        if one.field.startswith(OWN):
            described = own.get(one.field.removeprefix(OWN))
            if described is not None:
                found.append(Asked(one, described[0], tuple(described[1])))
        elif one.field.startswith("bant."):
            found.append(Asked(one, "bant", BANT_CHOICES))
        else:
            found.append(Asked(one, _KINDS.get(one.field, "text")))
    return found


def read_typed(spec: FormSpec, questions: Sequence[Asked], typed: Mapping[str, str]) -> Typed:
    """What was typed, with every fault. Names that the form does not ask for are passed over."""
    found = Typed()
    for one in questions:
        written = typed.get(one.field.field, "").strip()
        if not written:
            if one.field.required:
                found.faults[one.field.field] = [_missing(one.kind)]
            continue
        fault = _take(found, one, written)
        if fault:
            found.faults[one.field.field] = [fault]
    for consent in spec.consents:
        if typed.get(CONSENT + consent.purpose):
            found.agreed.append(consent)
        elif consent.required:
            found.faults[CONSENT + consent.purpose] = [
                _("Please tick this box: we may not write without it.")
            ]
    return found


def _missing(kind: str) -> str:
    if kind == "email":
        return _("Please give your e-mail address.")
    if kind == "phone":
        return _("Please give your phone number.")
    return _("Please choose.") if kind in ("choice", "bant") else _("Please fill this in.")


def _take(found: Typed, one: Asked, written: str) -> str | None:
    """Keep one answer; the sentence that says what is wrong with it, if anything is."""
    name = one.field.field
    longest = LONGEST_MESSAGE if name == MESSAGE else LONGEST
    if len(written) > longest:
        return _("Please say it in at most %(n)s letters.") % {"n": longest}
    value, fault = _value(one, written)
    if fault or value is None:
        return fault or _("Please fill this in.")
    if name == MESSAGE:
        found.message = str(value)
        return None
    group, _dot, key = name.partition(".")
    if key:
        found.lead.setdefault(group, {})[key] = value
    else:
        found.lead[name] = value
    return None


def _value(one: Asked, written: str) -> tuple[Any, str | None]:
    match one.kind:
        case "email":
            checked = addresses.check(written)
            return written, None if checked.norm else _(
                "This is no e-mail address, such as name@example.com."
            )
        case "phone":
            wrong = _("This is no phone number; write it with its country code, +49 30 …")
            return written, None if phones.to_e164(written, None) else wrong
        case "number":
            return _number(written)
        case "day":
            day = answers.day(written)
            return day, None if day else _("Please give a day, such as 2026-03-31.")
        case "yes_no":
            return written in ("yes", "true", "1", "on"), None
        case "choice" | "bant":
            return written, None if written in one.choices else _("Please choose one of these.")
        case "lines":
            return _lines(written), None
    return answers.text(written), None


def _lines(written: str) -> str | None:
    lines = [answers.text(line, longest=LONGEST_MESSAGE) or "" for line in written.splitlines()]
    return "\n".join(lines).strip() or None


def _number(written: str) -> tuple[float | int | None, str | None]:
    wrong = _("Please give a number.")
    try:
        value = float(written.replace(",", "."))
    except ValueError:
        return None, wrong
    if not abs(value) < _MOST:
        return None, wrong
    return (int(value) if value == int(value) else value), None
