"""Which answer about a lead a column of a file holds, told by its name as people and programs write it."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nurture.errors import Invalid
from nurture.rules.words import _

BANT = ("budget", "authority", "need", "timing")
PLAIN = (
    "email", "phone", "first_name", "last_name", "name", "company", "company.size", "company.industry",
    "company.website", "company.country", "company.city", "role", "buying_role", "language", "timezone",
    "country", "city", "address", "tags", "owner", "outcome", "outcome_at",
)  # fmt: skip
# What a person chooses from.
CHOICES = (*PLAIN, *(f"bant.{part}" for part in BANT), "dates.birthday")
OPEN_ENDED = ("fields.", "dates.")
IGNORE = "ignore"

# Names without case, spaces and signs. English, German and Russian; the exports of HubSpot, Mautic,
# listmonk, Mailchimp and common address books.
_NAMES: dict[str, str] = {
    "email": (
        "email emailaddress mail mailaddress workemail primaryemail emailaddresses emailadresse "
        "mailadresse epost адресэлектроннойпочты электроннаяпочта почта имейл емейл эпочта"
    ),
    "phone": (
        "phone phonenumber telephone tel mobile mobilephone mobilephonenumber mobilenumber cellphone "
        "workphone telefon telefonnummer tel.nr telnr handy handynummer mobil mobiltelefon rufnummer "
        "телефон номертелефона мобильный мобильныйтелефон"
    ),
    "first_name": "firstname first fname givenname forename vorname имя",
    "last_name": "lastname last lname surname familyname nachname familienname фамилия",
    "name": (
        "name fullname contactname displayname ansprechpartner kontakt kontaktname фио имяифамилия контакт"
    ),
    "company": (
        "company companyname organization organisation account accountname employer associatedcompany "
        "firma firmenname unternehmen betrieb компания организация фирма названиекомпании"
    ),
    "company.size": (
        "companysize companyemployees numberofemployees employees employeecount headcount staff "
        "companynumberofemployees mitarbeiter mitarbeiterzahl anzahlmitarbeiter unternehmensgröße "
        "unternehmensgrösse firmengröße числосотрудников количествосотрудников сотрудников "
        "размеркомпании"
    ),
    "company.industry": "industry companyindustry sector branche отрасль",
    "company.website": "website companywebsite websiteurl homepage webseite url сайт",
    "company.country": "companycountry",
    "company.city": "companycity",
    "role": (
        "role jobtitle title position jobrole job function funktion rolle beruf stelle "
        "positionimunternehmen должность роль позиция"
    ),
    "buying_role": "buyingrole buyingcentrerole buyingcenterrole kaufrolle рользакупки",
    "language": "language preferredlocale locale preferredlanguage lang sprache язык",
    "timezone": "timezone tz ianatimezone zeitzone часовойпояс",
    "country": "country countryregion countrycode land staat страна",
    "city": "city town ort stadt wohnort город",
    "address": (
        "address street streetaddress postaladdress mailingaddress address1 addressline1 adresse "
        "anschrift straße strasse postanschrift адрес почтовыйадрес"
    ),
    "tags": "tags tag labels schlagwörter schlagworte теги метки",
    "owner": (
        "owner contactowner owneremail ownerusername leadowner zuständig betreuer ответственный менеджер"
    ),
    "outcome": "outcome dealoutcome pastoutcome wonorlost wonlost ergebnis исход результатсделки",
    "outcome_at": "outcomeat outcomedate dealclosedate dateofoutcome abschlussdatum датаисхода",
    "bant.budget": "budget bantbudget бюджет",
    "bant.authority": "authority bantauthority decisionauthority entscheidungsbefugnis",
    "bant.need": "need bantneed bedarf потребность",
    "bant.timing": "timing banttiming zeitplan срок",
    "dates.birthday": "birthday birthdate dateofbirth geburtstag geburtsdatum деньрождения датарождения",
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each answer stands: (answer, column numbers in order of preference), and the rest by name."""

    targets: tuple[tuple[str, tuple[int, ...]], ...]
    ignored: tuple[str, ...]


def plan(header: Sequence[str], wanted: Mapping[str, str], *, keep_others: bool = False) -> Columns:
    """What each column of a file holds. `wanted` (column name -> answer) overrules what names say; with
    `keep_others` columns whose name says nothing become fields of one's own.

    Raises Invalid, with all faults in one message: a wanted column or answer that does not exist, two
    columns of one name, or no column that could identify a lead.
    """
    wishes = {folded(column): answer.strip() for column, answer in wanted.items()}
    faults = _wish_faults(header, wanted)
    places: dict[str, list[int]] = {}
    ignored: list[str] = []
    for number, name in enumerate(header):
        answer = wishes.get(folded(name)) or guess(name) or (own_field(name) if keep_others else None)
        if answer is None or answer == IGNORE:
            ignored.append(name)
            continue
        if any(folded(header[other]) == folded(name) for other in places.get(answer, ())):
            faults.append(_('Two columns are called "{name}": rename or remove one.').format(name=name))
        places.setdefault(answer, []).append(number)
    if not faults and "email" not in places and "phone" not in places:
        faults.append(
            _(
                "No column holds the e-mail address or the phone. The columns are: {names}. "
                'Say which it is, as in --map "{first}=email".'
            ).format(names=", ".join(header[:20]), first=header[0] if header else "")
        )
    if faults:
        raise Invalid(" ".join(faults), {"map": faults})
    return Columns(tuple((answer, tuple(where)) for answer, where in places.items()), tuple(ignored))


def guess(name: str) -> str | None:
    """The answer that a column of this name holds, if the name says so."""
    lowered = name.strip().lower()
    if is_answer(lowered):
        return lowered
    return _ANSWERS.get(folded(name))


def own_field(name: str) -> str:
    """The field of one's own that a column of this name would fill."""
    slug = "_".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())
    return f"fields.{slug[:60] or 'column'}"


def is_answer(name: str) -> bool:
    """Whether `name` names an answer about a lead: email, company.size, fields.anything, bant.need …"""
    if name in PLAIN:
        return True
    if name.startswith("bant."):
        return name.removeprefix("bant.") in BANT
    return any(name.startswith(start) and name != start for start in OPEN_ENDED)


def _wish_faults(header: Sequence[str], wanted: Mapping[str, str]) -> list[str]:
    names = {folded(name) for name in header}
    faults = [
        _('There is no column "{name}". The columns are: {names}.').format(
            name=column, names=", ".join(header[:20])
        )
        for column in wanted
        if folded(column) not in names
    ]
    faults += [
        _(
            '"{answer}" is nothing a lead has. Use one of {known}, fields.<name>, dates.<name> or ignore.'
        ).format(answer=answer, known=", ".join(PLAIN))
        for answer in wanted.values()
        if answer.strip() != IGNORE and not is_answer(answer.strip())
    ]
    return faults


def folded(name: str) -> str:
    """A name without case, spaces and signs."""
    small = unicodedata.normalize("NFC", name).casefold()
    return "".join(letter for letter in small if letter.isalnum())


_ANSWERS = {folded(name): answer for answer, names in _NAMES.items() for name in names.split()}
