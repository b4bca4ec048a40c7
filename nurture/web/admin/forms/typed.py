"""The editor of a form: what is typed there as the plain object that the flow takes, and the other way
round."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from nurture.rules.forms.values import EMAIL, OWN, PLAIN
from nurture.rules.words import _
from nurture.store.custom_fields import CustomField

# gettext reads these marks.
_N = str
NAMES: Mapping[str, str] = {
    "email": _N("E-mail address"),
    "phone": _N("Phone"),
    "first_name": _N("First name"),
    "last_name": _N("Last name"),
    "company": _N("Company"),
    "role": _N("Role"),
    "country": _N("Country"),
    "city": _N("City"),
    "address": _N("Postal address"),
    "message": _N("A message"),
    "dates.birthday": _N("Birthday"),
    "bant.budget": _N("Budget: yes, partly, no"),
    "bant.authority": _N("Authority: yes, partly, no"),
    "bant.need": _N("Need: yes, partly, no"),
    "bant.timing": _N("Timing: yes, partly, no"),
}
_TEXTS = ("title", "intro", "button", "language", "thanks", "redirect", "source", "chain")


def blank(language: str) -> dict[str, Any]:
    """What a new form begins with: somebody who wants news."""
    return {
        "title": _("Hear from us"),
        "intro": "",
        "button": "",
        "language": language,
        "fields": [
            {"field": EMAIL, "label": _("E-mail address"), "required": True, "hint": ""},
            {"field": "first_name", "label": _("First name"), "required": False, "hint": ""},
        ],
        "consents": [
            {
                "purpose": "marketing",
                "wording": _("Yes, send me articles, invitations and offers. I can leave with one click."),
                "required": True,
            }
        ],
        "double_opt_in": True,
        "thanks": "",
        "redirect": "",
        "source": "",
        "tags": [],
        "chain": "",
        "asks_for_contact": False,
    }


def said(form: MultiDict[str, str]) -> dict[str, Any]:
    """The form that is described."""
    labels, hints = form.getlist("label"), form.getlist("hint")
    wordings = form.getlist("wording")
    asked, must = set(form.getlist("required")), set(form.getlist("must"))
    told: dict[str, Any] = {name: form.get(name, "").strip().replace("\r\n", "\n") for name in _TEXTS}
    if form.get("then") != "redirect":
        told["redirect"] = ""
    return told | {
        "fields": [
            {
                "field": name,
                "label": _at(labels, number),
                "hint": _at(hints, number),
                "required": str(number) in asked,
            }
            for number, name in enumerate(form.getlist("field"))
        ],
        "consents": [
            {
                "purpose": purpose,
                "wording": _at(wordings, number).replace("\r\n", "\n"),
                "required": str(number) in must,
            }
            for number, purpose in enumerate(form.getlist("purpose"))
        ],
        "tags": [tag.strip() for tag in form.get("tags", "").split(",") if tag.strip()],
        "double_opt_in": form.get("double_opt_in") == "yes",
        "asks_for_contact": form.get("asks_for_contact") == "yes",
    }


def shaped(plain: dict[str, Any], do: str, new: str, labels: Mapping[str, str]) -> bool:
    """Carry out what a button of a row says: `add-field`, `up-2`, `drop-0`, `add-consent`, `drop-consent-1`;
    whether it was one of them."""
    act, _dash, place = do.rpartition("-")
    rows, number = plain["fields"], int(place) if place.isdecimal() and len(place) < 4 else -1
    match act, place:
        case "add", "field" if new in labels:
            rows.append({"field": new, "label": labels[new], "hint": "", "required": False})
        case "add", "consent":
            plain["consents"].append({"purpose": "newsletter", "wording": "", "required": False})
        case "up", _ if 0 < number < len(rows):
            rows[number - 1], rows[number] = rows[number], rows[number - 1]
        case "down", _ if 0 <= number < len(rows) - 1:
            rows[number + 1], rows[number] = rows[number], rows[number + 1]
        case "drop", _ if 0 <= number < len(rows):
            del rows[number]
        case "drop-consent", _ if 0 <= number < len(plain["consents"]):
            del plain["consents"][number]
        case _:
            return bool(do)
    return True


def labels(own: list[CustomField]) -> dict[str, str]:
    """Everything that can be asked, by the name it has in a form."""
    return {name: _(NAMES[name]) for name in PLAIN} | {f"{OWN}{one.key}": one.label for one in own}


def _at(values: list[str], number: int) -> str:
    return values[number].strip() if number < len(values) else ""
