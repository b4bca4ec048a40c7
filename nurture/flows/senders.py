"""Named senders are made, changed, made the default, and taken away. In the caller's transaction."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.programs import read_sources
from nurture.flows.domains import known_domain, name_of
from nurture.rules.program.speaking import said_in
from nurture.rules.senders import is_key, key_of
from nurture.rules.words import _
from nurture.store import definitions, drafts, senders
from nurture.store import installation as installations
from nurture.store.audit import audit
from nurture.store.senders import SenderRow, Use

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME_LONGEST, _ADDRESS_LONGEST = 200, 254
_SHOWN = 5
FIELDS = ("name", "email", "reply_to")


def create(
    session: Session, said: Mapping[str, str | None], *, default: bool = False, by: str, now: datetime
) -> SenderRow:
    """A new sender: `name`, `email`, `reply_to` (may be empty), and `key`, made of the name where it is left
    out. The first one is the default. Raises Invalid with every fault, Conflict for a key that is taken."""
    installations.lock(session)
    values = {name: _line(said.get(name)) for name in FIELDS}
    wrong = faults(values)
    key = _line(said.get("key")) or key_of(values["name"])
    if not is_key(key):
        wrong["key"] = [
            _("A key is made of small letters, digits and -, the first a letter; not house, not owner.")
        ]
    _stop_if(wrong)
    if senders.get(session, key) is not None:
        raise Conflict(_("There is a sender with the key {key} already.").format(key=key))
    first = senders.default(session) is None
    known_domain(session, values["email"], now=now)
    row = senders.add(session, {**_kept(values), "key": key, "created_at": now, "updated_at": now})
    audit(session, by, "sender.created", f"sender:{key}", now=now)
    if default or first:
        senders.keep_default(session, row)
    return row


def change(
    session: Session, key: str, said: Mapping[str, str | None], *, by: str, now: datetime
) -> SenderRow:
    """Change what is said of a sender; the next mail shows it. Raises NotFound, Invalid with every fault."""
    installations.lock(session)
    row = existing(session, key)
    values = {name: _line(said[name] if name in said else getattr(row, name)) for name in FIELDS}
    _stop_if(faults(values))
    what = [name for name, value in _kept(values).items() if getattr(row, name) != value]
    for name in what:
        setattr(row, name, _kept(values)[name])
    if what:
        row.updated_at = now
        known_domain(session, values["email"], now=now)
        session.flush()
        # Names alone: values are addresses.
        audit(session, by, "sender.changed", f"sender:{key}", now=now, detail={"what": what})
        if row.is_default:
            senders.keep_default(session, row)
    return row


def keep_house(session: Session, *, name: str, email: str, reply_to: str | None, now: datetime) -> SenderRow:
    """What the company's own settings say of the sender is said of the default one, made if there is none."""
    row = senders.default(session)
    if row is None:
        said = {"key": key_of(email.partition("@")[0]), "name": name, "email": email, "reply_to": reply_to}
        row = senders.add(session, {**said, "created_at": now, "updated_at": now})
    elif (row.name, row.email, row.reply_to) != (name, email, reply_to):
        row.name, row.email, row.reply_to, row.updated_at = name, email, reply_to, now
    senders.keep_default(session, row)
    return row


def make_default(session: Session, key: str, *, by: str, now: datetime) -> SenderRow:
    """What names no sender goes out in this one's name from now on."""
    installations.lock(session)
    row = existing(session, key)
    if not row.is_default:
        before = senders.default(session)
        senders.keep_default(session, row)
        detail = {"sender": [before.key if before is not None else None, key]}
        audit(session, by, "sender.made_default", f"sender:{key}", now=now, detail=detail)
    return row


def remove(session: Session, key: str, *, by: str, now: datetime) -> None:
    """Take a sender away. Raises NotFound, Conflict for the default and while something has chosen it."""
    installations.lock(session)
    row = existing(session, key)
    if row.is_default:
        raise Conflict(_("The default sender stays: make another one the default first."))
    if found := used_by(session, key):
        raise Conflict(used_sentence(row, found))
    session.delete(row)
    audit(session, by, "sender.removed", f"sender:{key}", now=now)


def used_sentence(row: SenderRow, uses: Sequence[Use]) -> str:
    """What keeps a sender from being taken away."""
    places = ", ".join(one.name for one in uses[:_SHOWN])
    more = _(" and others") if len(uses) > _SHOWN else ""
    return _("{name} is chosen by {places}{more}: choose another sender there first.").format(
        name=row.name, places=places, more=more
    )


def used_by(session: Session, key: str) -> list[Use]:
    """What has chosen a sender: programs (live, ready or drafted), their mails, newsletters still to go."""
    return uses(session, [key])[key]


def uses(session: Session, keys: Sequence[str]) -> dict[str, list[Use]]:
    """The same for many at once: four statements."""
    found: dict[str, dict[Use, None]] = {key: {} for key in keys}
    of_drafts = [one for draft in drafts.every(session) for one in _of_draft(*draft)]
    of_mails = senders.mails_saying(session, keys)
    for said, use in (
        *_of_programs(session),
        *of_drafts,
        *of_mails,
        *senders.newsletters_saying(session, keys),
    ):
        if said in found:
            found[said][use] = None
    return {key: list(one) for key, one in found.items()}


def faults(values: Mapping[str, str]) -> dict[str, list[str]]:
    """What is missing or wrong of `name`, `email` and `reply_to` (may be empty), by field."""
    found: dict[str, list[str]] = {}
    if not values["name"]:
        found["name"] = [_("Say whose name the mails come from.")]
    elif len(values["name"]) > _NAME_LONGEST:
        found["name"] = [_("A name has at most {count} letters.").format(count=_NAME_LONGEST)]
    for field in ("email", "reply_to"):
        if (values[field] or field == "email") and not _is_address(values[field]):
            found[field] = [_("This is not an e-mail address.")]
    for name, value in values.items():
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            found[name] = [_("This must be one line of plain text.")]
    return found


def existing(session: Session, key: str) -> SenderRow:
    """The sender, or NotFound."""
    row = senders.get(session, key)
    if row is None:
        raise NotFound(_("There is no such sender."))
    return row


def _of_programs(session: Session) -> Iterator[tuple[str, Use]]:
    for one in definitions.every(session):
        if one.kind == "program":
            yield from ((said, Use("program", one.id, one.name)) for said in said_in(one.spec))


def _of_draft(number: int, _key: str, name: str, source: Mapping[str, str]) -> Iterator[tuple[str, Use]]:
    folder = read_sources(source)
    yield from ((said, Use("program", number, name)) for said in said_in(folder.spec))
    yield from ((mail.sender, Use("mail", number, mail.name, mail.key)) for mail in folder.mails.values())


def _is_address(text: str) -> bool:
    if _ADDRESS.fullmatch(text) is None or len(text) > _ADDRESS_LONGEST:
        return False
    try:
        name_of(text)
    except Invalid:
        return False
    return True


def _line(text: str | None) -> str:
    return (text or "").strip()


def _kept(values: Mapping[str, str]) -> dict[str, str | None]:
    return {name: value or None if name == "reply_to" else value for name, value in values.items()}


def _stop_if(wrong: Mapping[str, list[str]]) -> None:
    if wrong:
        raise Invalid(_("Some answers are missing or wrong."), dict(wrong))
