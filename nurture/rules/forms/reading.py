"""A form as a person or a program describes it: read, with all faults at once, each by the place it is at."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from nurture.errors import Invalid
from nurture.rules import answers
from nurture.rules.forms.values import EMAIL, OWN, PHONE, PLAIN, FormConsent, FormField, FormSpec
from nurture.rules.words import _

MOST_FIELDS, MOST_CONSENTS, MOST_TAGS = 40, 10, 50
_SHORT, _LONG = 200, 2_000
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_PURPOSE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_TEXTS = {"intro": _LONG, "button": 60, "thanks": _LONG, "source": _SHORT, "chain": _SHORT}
_NAMES = frozenset((
    "title", "fields", "consents", "language", "double_opt_in", "redirect", "tags", "asks_for_contact",
    *_TEXTS,
))  # fmt: skip

Faults = dict[str, list[str]]


def read_spec(said: Mapping[str, Any], own: Sequence[str]) -> FormSpec:
    """The form that is described; `own` are the keys of the fields of one's own that there are. Raises
    Invalid with every fault, by names such as `fields.2.label`."""
    faults: Faults = {}
    for name in sorted(set(said) - _NAMES):
        _fault(faults, name, _("A form has nothing of this name."))
    title = _text(said.get("title"), _SHORT)
    if not title:
        _fault(faults, "title", _("Say in a few words what people get here."))
    texts = {name: _told(said, name, longest, faults) for name, longest in _TEXTS.items()}
    found = FormSpec(
        title=title,
        fields=_fields(said.get("fields"), own, faults),
        consents=_consents(said.get("consents"), faults),
        language=_language(said.get("language"), faults),
        double_opt_in=_flag(said, "double_opt_in", True, faults),
        redirect=_redirect(said.get("redirect"), faults),
        tags=_tags(said.get("tags"), faults),
        asks_for_contact=_flag(said, "asks_for_contact", False, faults),
        **texts,
    )
    _reachable(found, faults)
    if faults:
        raise Invalid(_("The form cannot be kept."), faults)
    return found


def origin_of(redirect: str) -> str:
    """The origin of an address, for policies; empty where there is none."""
    parts = urlsplit(redirect)
    return f"https://{parts.netloc}" if redirect else ""


def _fields(said: Any, own: Sequence[str], faults: Faults) -> tuple[FormField, ...]:
    rows = _rows(said, "fields", MOST_FIELDS, faults)
    found: list[FormField] = []
    for number, row in enumerate(rows):
        name = row.get("field")
        place = f"fields.{number}"
        if name not in PLAIN and not (isinstance(name, str) and name.removeprefix(OWN) in own):
            _fault(faults, f"{place}.field", _("A lead has nothing of this name."))
        elif name in (one.field for one in found):
            _fault(faults, f"{place}.field", _("This is asked for twice."))
        label = _text(row.get("label"), _SHORT)
        if not label:
            _fault(faults, f"{place}.label", _("Say what people read beside the field."))
        required = row.get("required", False) is True
        found.append(FormField(str(name), label, required, _text(row.get("hint"), _SHORT)))
    return tuple(found)


def _consents(said: Any, faults: Faults) -> tuple[FormConsent, ...]:
    found: list[FormConsent] = []
    for number, row in enumerate(_rows(said, "consents", MOST_CONSENTS, faults)):
        purpose, place = row.get("purpose"), f"consents.{number}"
        if not isinstance(purpose, str) or not _PURPOSE.fullmatch(purpose):
            purpose = ""
            _fault(faults, f"{place}.purpose", _("Say what they agree to."))
        elif purpose in (one.purpose for one in found):
            _fault(faults, f"{place}.purpose", _("This is asked for twice."))
        wording = _text(row.get("wording"), _LONG)
        if not wording:
            _fault(faults, f"{place}.wording", _("Write the words that people agree to."))
        found.append(FormConsent(purpose, wording, row.get("required", False) is True))
    return tuple(found)


def _reachable(form: FormSpec, faults: Faults) -> None:
    """A form has to end with somebody who can be written to, or called."""
    asked = {one.field for one in form.fields}
    must = {one.field for one in form.fields if one.required}
    if not asked & {EMAIL, PHONE}:
        _fault(faults, "fields", _("Ask for the e-mail address or the phone number of people."))
    elif not must & {EMAIL, PHONE}:
        _fault(faults, "fields", _("One of e-mail address and phone number has to be filled in."))
    elif form.consents and EMAIL not in must:
        _fault(faults, "fields", _("Who agrees to mails has to give the e-mail address: make it required."))


def _rows(said: Any, name: str, most: int, faults: Faults) -> list[Mapping[str, Any]]:
    if said is None:
        return []
    if not isinstance(said, list) or not all(isinstance(row, Mapping) for row in said):
        _fault(faults, name, _("This is a list of objects."))
        return []
    if len(said) > most:
        _fault(faults, name, _("At most %(n)s.") % {"n": most})
    return said[:most]


def _tags(said: Any, faults: Faults) -> tuple[str, ...]:
    if said is None:
        return ()
    if not isinstance(said, list) or not all(isinstance(tag, str) for tag in said) or len(said) > MOST_TAGS:
        _fault(faults, "tags", _("Tags are a list of texts."))
        return ()
    cleaned = (answers.text(tag, longest=100) for tag in said)
    return tuple(dict.fromkeys(tag for tag in cleaned if tag))


def _language(said: Any, faults: Faults) -> str:
    found = answers.language(said) if isinstance(said, str) and said else ""
    if said and not found:
        _fault(faults, "language", _("A language is a code such as de or pt-BR."))
    return found or "en"


def _redirect(said: Any, faults: Faults) -> str:
    """An https address. Its host is held to what can stand in a policy (RFC 3986, section 3.2.2)."""
    written = said.strip() if isinstance(said, str) else ""
    if not written:
        return ""
    try:
        parts = urlsplit(written)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    plain = written.isascii() and written.isprintable() and " " not in written and "\\" not in written
    if parts.scheme != "https" or "@" in parts.netloc or not _HOST.fullmatch(host) or not plain:
        _fault(faults, "redirect", _("An address begins with https://, such as https://example.com/thanks."))
    return written[:_LONG]


def _flag(said: Mapping[str, Any], name: str, default: bool, faults: Faults) -> bool:
    value = said.get(name, default)
    if not isinstance(value, bool):
        _fault(faults, name, _("This is true or false."))
        return default
    return value


def _told(said: Mapping[str, Any], name: str, longest: int, faults: Faults) -> str:
    value = said.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > longest):
        _fault(faults, name, _("This is a text of at most %(n)s letters.") % {"n": longest})
    return _text(value, longest)


def _text(value: Any, longest: int) -> str:
    return (answers.note(value) or "")[:longest] if isinstance(value, str) else ""


def _fault(faults: Faults, name: str, sentence: str) -> None:
    faults.setdefault(name, []).append(sentence)
