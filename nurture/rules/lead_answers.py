"""Answers about one lead, as a form, a page or another program gives them: read, with all faults at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nurture.errors import Invalid
from nurture.rules import addresses, answers, phones
from nurture.rules.columns import BANT
from nurture.rules.folding import fold
from nurture.rules.lead_rows import is_zone
from nurture.rules.words import _

NAMES = (
    "id", "email", "phone", "first_name", "last_name", "company", "role", "buying_role", "language",
    "timezone", "country", "city", "address", "stage", "source", "owner", "tags", "fields", "dates",
    "consent", "bant",
)  # fmt: skip
SHOWN_ONLY = (
    "temperature", "heat", "grade", "readiness", "target_score", "created_at", "updated_at", "url",
)  # fmt: skip
STAGES = ("inquiry", "lead", "sales_ready", "opportunity", "customer", "lost")
COMPANY_NAMES = ("name", "size", "industry", "website", "country", "city")
PROOF = "proof"
MOST_CUSTOM = 200
_ID_MOST = 2**63 - 1


@dataclass(slots=True)
class LeadAnswers:
    """What was said. A name that is absent from `plain` was not said; None there clears the value.
    `fields`, `dates` and `bant` are merged into what is known, entries of None removed."""

    id: int | None = None
    plain: dict[str, Any] = field(default_factory=dict)
    company: dict[str, Any] | None = None
    drop_company: bool = False
    stage: str | None = None
    source: str | None = None
    owner: str | None = None
    drop_owner: bool = False
    tags: list[str] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    dates: dict[str, str | None] = field(default_factory=dict)
    bant: dict[str, str | None] = field(default_factory=dict)
    consent: dict[str, bool] = field(default_factory=dict)
    proof: Any = None


def read(said: Mapping[str, Any]) -> LeadAnswers:
    """The answers in `said`, JSON values by the names of the API. Raises Invalid with every fault."""
    reader = _Reader(said)
    reader.read_all()
    if reader.faults:
        raise Invalid(_("Some answers cannot be taken."), reader.faults)
    return reader.found


class _Reader:
    def __init__(self, said: Mapping[str, Any]) -> None:
        self.said = said
        self.found = LeadAnswers()
        self.faults: dict[str, list[str]] = {}

    def read_all(self) -> None:
        for name, value in self.said.items():
            if name in SHOWN_ONLY:
                self._fault(name, _("This is worked out by the engine and cannot be set."))
            elif name not in NAMES:
                self._fault(name, _("A lead has nothing of this name; custom ones go into fields."))
            else:
                getattr(self, f"_{name}", lambda value, name=name: self._text(name, value))(value)

    def _fault(self, name: str, sentence: str) -> None:
        self.faults.setdefault(name, []).append(sentence)

    def _id(self, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _ID_MOST:
            self._fault("id", _("The id is a number."))
        else:
            self.found.id = value

    def _email(self, value: Any) -> None:
        if value is None:
            self.found.plain |= {"email": None, "email_norm": None}
        elif not isinstance(value, str):
            self._fault("email", _("This is text."))
        else:
            checked = addresses.check(value)
            if checked.norm is None:
                self._fault("email", checked.fault or "")
            self.found.plain |= {"email": value.strip(), "email_norm": checked.norm}

    def _phone(self, value: Any) -> None:
        country = self.said.get("country")
        region = answers.country(country) if isinstance(country, str) else None
        number = phones.to_e164(value, region) if isinstance(value, str) else None
        if value is not None and number is None:
            self._fault("phone", _("This is no phone number; write it with its country code, +49 30 …"))
        self.found.plain["phone"] = number

    def _text(self, name: str, value: Any) -> None:
        if value is not None and not isinstance(value, str):
            self._fault(name, _("This is text."))
        else:
            self.found.plain[name] = answers.text(value) if value is not None else None

    def _cleaned(self, name: str, value: Any, clean: Callable[[str], Any], expected: str) -> None:
        kept = clean(value) if isinstance(value, str) else None
        if value is not None and kept is None and value != "":
            self._fault(name, expected)
        self.found.plain[name] = kept

    def _buying_role(self, value: Any) -> None:
        self._cleaned("buying_role", value, answers.buying_role, _("This is text."))

    def _language(self, value: Any) -> None:
        self._cleaned("language", value, answers.language, _("A language is a code such as de or pt-BR."))

    def _country(self, value: Any) -> None:
        self._cleaned("country", value, answers.country, _("This is text."))

    def _address(self, value: Any) -> None:
        self._cleaned("address", value, answers.note, _("This is text."))

    def _timezone(self, value: Any) -> None:
        if value is not None and not (isinstance(value, str) and is_zone(value)):
            self._fault("timezone", _("A time zone has a name such as Europe/Berlin."))
        self.found.plain |= {"timezone": value, "timezone_source": "given" if value else None}

    def _company(self, value: Any) -> None:
        said = {"name": value} if isinstance(value, str) else value
        if said is None:
            self.found.drop_company = True
        elif not isinstance(said, Mapping) or not isinstance(said.get("name"), str):
            self._fault("company", _("A company is its name, or an object with its name."))
        elif name := answers.text(said["name"]):
            self.found.company = {"name": name, "folded": fold(name), **self._about_company(said)}
        else:
            self.found.drop_company = True

    def _about_company(self, said: Mapping[str, Any]) -> dict[str, Any]:
        about: dict[str, Any] = {}
        for name, value in said.items():
            if name in ("name", "id") or value is None:
                continue
            if name not in COMPANY_NAMES:
                self._fault("company", _("A company has nothing called {name}.").format(name=name))
            elif name == "size" and not isinstance(value, bool) and isinstance(value, int) and value >= 0:
                about[name] = min(value, 10_000_000)
            elif isinstance(value, str):
                about[name] = answers.size(value) if name == "size" else answers.text(value)
            else:
                self._fault("company", _("{name} cannot be read.").format(name=name))
        return about

    def _stage(self, value: Any) -> None:
        if value not in STAGES:
            self._fault("stage", _("A stage is one of: ") + ", ".join(STAGES) + ".")
        else:
            self.found.stage = value

    def _source(self, value: Any) -> None:
        name = answers.text(value, longest=200) if isinstance(value, str) else None
        if value is not None and name is None:
            self._fault("source", _("A source is its name."))
        self.found.source = name

    def _owner(self, value: Any) -> None:
        if value is None:
            self.found.drop_owner = True
        elif not isinstance(value, str):
            self._fault("owner", _("An owner is the e-mail address of a user."))
        else:
            self.found.owner = value.strip().lower()

    def _tags(self, value: Any) -> None:
        if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
            self._fault("tags", _("Tags are a list of texts."))
            return
        cleaned = (answers.text(tag, longest=100) for tag in value)
        self.found.tags = list(dict.fromkeys(tag for tag in cleaned if tag))

    def _fields(self, value: Any) -> None:
        if not isinstance(value, Mapping) or len(value) > MOST_CUSTOM:
            self._fault("fields", _("Fields are an object of at most 200 names and values."))
            return
        for name, entry in value.items():
            if isinstance(entry, str | int | float | bool | None) and answers.text(name) == name:
                self.found.fields[name] = answers.note(entry) if isinstance(entry, str) else entry
            else:
                self._fault("fields", _("{name} must be a text, a number, true or false.").format(name=name))

    def _dates(self, value: Any) -> None:
        if not isinstance(value, Mapping) or len(value) > MOST_CUSTOM:
            self._fault("dates", _("Dates are an object of at most 200 names and dates."))
            return
        for name, entry in value.items():
            day = answers.day(entry) if isinstance(entry, str) else None
            if (entry is not None and day is None) or answers.text(name) != name:
                self._fault("dates", _("{name} must be a date such as 2026-03-31.").format(name=name))
            self.found.dates[name] = day

    def _bant(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            self._fault("bant", _("BANT is an object of budget, authority, need and timing."))
            return
        for part, answer in value.items():
            if part not in BANT or (answer is not None and answer not in answers.BANT_ANSWERS):
                self._fault(
                    "bant", _("budget, authority, need and timing are each unknown, no, partly or yes.")
                )
            else:
                self.found.bant[part] = answer

    def _consent(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            self._fault("consent", _("Consent is an object of purposes, each true or false."))
            return
        for purpose, granted in value.items():
            if purpose == PROOF:
                self.found.proof = granted
            elif not isinstance(granted, bool) or answers.text(purpose, longest=100) != purpose:
                self._fault("consent", _("Consent for a purpose is true or false."))
            else:
                self.found.consent[purpose] = granted
