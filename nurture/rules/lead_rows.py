"""What a row of a file says about a lead: its identity and its answers, or why it is refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nurture.rules import addresses, answers, phones, zones
from nurture.rules.columns import BANT, Columns
from nurture.rules.folding import fold
from nurture.rules.lead_dates import AS_USUAL, LeadDates
from nurture.rules.words import _

SHARED_PHONE = "shared_phone"  # the custom field for a number that identifies somebody else already


@dataclass(slots=True)
class LeadRow:
    """A row that can be taken. `values` holds plain answers by name and the mappings `company`, `fields`,
    `dates`, `bant` and the list `tags`, each only where something was said."""

    line: int
    email: str | None
    email_norm: str | None
    phone: str | None
    values: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is given back: `code` counts, `sentence` explains."""

    line: int
    code: str
    sentence: str


def reasons() -> dict[str, str]:
    """What the codes of refused rows mean, for a summary."""
    return {
        "address": _("the e-mail address is not one"),
        "phone": _("neither an e-mail address nor a usable phone number"),
        "nobody": _("neither an e-mail address nor a phone number"),
        "unreadable": _("the row cannot be read"),
    }


def take(
    line: int, cells: Sequence[str], columns: Columns, dates: LeadDates = AS_USUAL
) -> LeadRow | RefusedRow:
    """The lead that a row tells of. Values that cannot be read are left out with a warning; without a
    usable e-mail address or phone the row is refused, and so is one whose address is given but wrong."""
    said = _said(cells, columns)
    warnings: list[str] = []
    email = said.pop("email", None)
    norm: str | None = None
    if email:
        email = email.strip()
        checked = addresses.check(email)
        if checked.norm is None:
            return RefusedRow(line, "address", checked.fault or "")
        norm = checked.norm
        if checked.warning:
            warnings.append(checked.warning)
    written_phone = said.pop("phone", None)
    country = answers.country(said["country"]) if "country" in said else None
    phone = _phone(written_phone, country) if written_phone else None
    if norm is None and phone is None:
        code = "phone" if written_phone else "nobody"
        return RefusedRow(line, code, reasons()[code])
    if written_phone and phone is None:
        warnings.append(_("the phone number cannot be read and was left out"))
    values = _values(said, warnings, dates)
    _guess_zone(values, phone)
    return LeadRow(line, email, norm, phone, values, warnings)


def merge(first: LeadRow, later: LeadRow) -> None:
    """Fill the blanks of `first` from a later row of the same lead; what the first says stays."""
    first.email, first.email_norm = first.email or later.email, first.email_norm or later.email_norm
    first.phone = first.phone or later.phone
    for name, value in later.values.items():
        mine = first.values.get(name)
        if mine is None:
            first.values[name] = value
        elif isinstance(mine, dict):
            first.values[name] = {**value, **mine}
        elif isinstance(mine, list):
            first.values[name] = list(dict.fromkeys([*mine, *value]))


def share_phone(row: LeadRow) -> None:
    """The row's number identifies somebody else (a switchboard, often): keep it, but not as identity."""
    if row.phone:
        row.values["fields"] = {SHARED_PHONE: row.phone, **row.values.get("fields", {})}
        row.warnings.append(_("the phone number belongs to another lead and was kept as fields.shared_phone"))
        row.phone = None


def search_text(*parts: str | None) -> str:
    """The folded text that the search box looks into."""
    return fold(" ".join(part for part in parts if part))


def _said(cells: Sequence[str], columns: Columns) -> dict[str, str]:
    said = {}
    for answer, places in columns.targets:
        for place in places:
            cell = cells[place]
            if cell and not cell.isspace():
                said[answer] = cell if cell[0] != "'" else _unquoted(cell)
                break
    return said


def _unquoted(cell: str) -> str:
    """Spreadsheets and our own export put an apostrophe before what looks like a formula."""
    return cell[1:] if cell[1:2] in ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠") else cell


def _phone(written: str, country: str | None) -> str | None:
    return phones.to_e164(written, country if country and len(country) == 2 else None)


@lru_cache(maxsize=2_000)
def is_zone(name: str) -> bool:
    """Whether the IANA database has a zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


_CLEAN: dict[str, Callable[[str], Any]] = {
    "first_name": answers.text,
    "last_name": answers.text,
    "role": answers.text,
    "buying_role": answers.buying_role,
    "language": answers.language,
    "timezone": lambda written: written.strip() if is_zone(written.strip()) else None,
    "country": answers.country,
    "city": answers.text,
    "address": answers.note,
    "owner": lambda written: addresses.normalise(written),
    "tags": answers.tags,
    "outcome": answers.outcome,
}


def _values(said: dict[str, str], warnings: list[str], dates: LeadDates) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for answer, written in said.items():
        clean = _CLEAN.get(answer)
        if clean is not None:
            kept = clean(written)
            if kept:
                values[answer] = kept
            else:
                warnings.append(_("{answer} cannot be read and was left out").format(answer=answer))
        elif answer == "outcome_at":
            values[answer] = dates.day(answer, written)
            if values[answer] is None:
                warnings.append(_("{answer} cannot be read and was left out").format(answer=answer))
        elif answer == "name":
            first, last = answers.split_name(written)
            values.setdefault("first_name", first)
            values.setdefault("last_name", last)
        else:
            _nested(answer, written, values, warnings, dates)
    return {name: value for name, value in values.items() if value is not None}


def _nested(answer: str, written: str, values: dict[str, Any], warnings: list[str], dates: LeadDates) -> None:
    group, _dot, name = answer.partition(".")
    kept: Any
    if group == "company":
        kept = answers.size(written) if name == "size" else answers.text(written)
        name = name or "name"
    elif group == "dates":
        kept = dates.day(answer, written)
    elif group == "bant" and name in BANT:
        kept = answers.bant(written)
    else:
        kept = answers.note(written)
    if kept is None:
        warnings.append(_("{answer} cannot be read and was left out").format(answer=answer))
        return
    values.setdefault(group, {})[name] = kept
    if answer == "company":
        values[group]["folded"] = fold(kept)


def _guess_zone(values: dict[str, Any], phone: str | None) -> None:
    if "timezone" in values:
        values["timezone_source"] = "given"
        return
    guessed = zones.guess(phone, values.get("country"))
    if guessed:
        values["timezone"], values["timezone_source"] = guessed.zone, guessed.source
