"""A form as a value, and as the plain object that is kept of each of its versions."""

from dataclasses import asdict, dataclass
from typing import Any

EMAIL, PHONE, MESSAGE = "email", "phone", "message"
# Answers that stand in columns of the lead; with `fields.…`, `dates.…` and `bant.…` all that can be asked.
PLAIN = (
    EMAIL, PHONE, "first_name", "last_name", "company", "role", "country", "city", "address", MESSAGE,
    "dates.birthday", "bant.budget", "bant.authority", "bant.need", "bant.timing",
)  # fmt: skip
OWN = "fields."
# What a box of consent is called among the answers.
CONSENT = "consent."


@dataclass(frozen=True, slots=True)
class FormField:
    """One question: `field` is the answer of a lead that it asks for, `label` what people read."""

    field: str
    label: str
    required: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class FormConsent:
    """A box to tick: agreeing to `purpose` by exactly this wording. It is never ticked beforehand."""

    purpose: str
    wording: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class FormSpec:
    """What a version of a form is. `chain` is a place program/chain, or empty; `redirect` an https address,
    or empty: then `thanks` is shown. With `asks_for_contact` whoever sends it wants to be called."""

    title: str
    fields: tuple[FormField, ...]
    consents: tuple[FormConsent, ...] = ()
    intro: str = ""
    button: str = ""
    language: str = "en"
    double_opt_in: bool = True
    thanks: str = ""
    redirect: str = ""
    source: str = ""
    tags: tuple[str, ...] = ()
    chain: str = ""
    asks_for_contact: bool = False

    def as_json(self) -> dict[str, Any]:
        """The same as `read_spec` takes."""
        plain = asdict(self)
        return plain | {name: list(plain[name]) for name in ("fields", "consents", "tags")}

    @property
    def has_to_be_confirmed(self) -> bool:
        """Whether a mail asks if it was they."""
        return self.double_opt_in and bool(self.consents)


def spec_of(kept: dict[str, Any]) -> FormSpec:
    """What `as_json` kept. Names that an older version does not have stand at their defaults."""
    return FormSpec(
        **{
            **kept,
            "fields": tuple(FormField(**one) for one in kept["fields"]),
            "consents": tuple(FormConsent(**one) for one in kept["consents"]),
            "tags": tuple(kept["tags"]),
        }
    )
