"""The first set-up, once, and the settings it fills. Each function works in the caller's transaction."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, fields
from datetime import datetime
from zoneinfo import available_timezones

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Forbidden, Invalid
from nurture.flows import senders
from nurture.flows import users as accounts
from nurture.rules import colours
from nurture.rules.words import _, languages
from nurture.store import installation as installations
from nurture.store import users
from nurture.store.audit import audit, changes
from nurture.store.installation import Installation

# What is asked of a sender, and the field of a company that says it.
_SENDER = {"name": "sender_name", "email": "sender_email", "reply_to": "reply_to"}


@dataclass(frozen=True)
class Company:
    """Who sends: the name and postal address that every mail must show, and the sender of the mails.
    `color` (#rrggbb) is that of its public pages, `language` that of mails to leads whose own is unknown;
    left empty, both stay as they are."""

    company_name: str
    postal_address: str
    timezone: str
    sender_name: str
    sender_email: str
    reply_to: str = ""
    color: str = ""
    language: str = ""


def offer_setup(session: Session) -> str | None:
    """A fresh one-time token for the set-up page, the older ones void; None once a user exists."""
    installation = installations.lock(session)
    if users.any_user(session):
        return None
    token = secrets.token_urlsafe(24)
    installation.setup_token_hash = _digest(token)
    return token


def setup_open(session: Session, token: str) -> bool:
    """Whether this token opens the set-up page."""
    installation = installations.get(session)
    return _opens(installation, token) and not users.any_user(session)


def set_up(
    session: Session, token: str, company: Company, *, name: str, email: str, password: str, now: datetime
) -> accounts.SignedIn:
    """Make the first administrator and say who sends. Raises Conflict, Forbidden or Invalid."""
    installation = installations.lock(session)
    if users.any_user(session):
        raise Conflict(_("The set-up is done already: sign in instead."))
    if not _opens(installation, token):
        raise Forbidden(_("This set-up link is not the latest one: use the link the terminal printed last."))
    faults = company_faults(company)
    user_id = _first_user(session, name, email, password, faults, now)
    _write(session, installation, company, now)
    installation.setup_token_hash = None
    installation.created_at = now
    audit(session, f"user:{user_id}", "installation.set_up", "installation", now=now)
    return accounts.SignedIn(user_id, 0)


def _first_user(
    session: Session, name: str, email: str, password: str, faults: dict[str, list[str]], now: datetime
) -> int:
    """The administrator; faults of the company and of the person come in one refusal."""
    try:
        user_id = accounts.create_user(session, email, "admin", password, name=name, now=now)
    except Invalid as refusal:
        raise Invalid(_("Some answers are missing or wrong."), faults | refusal.errors) from refusal
    if faults:
        raise Invalid(_("Some answers are missing or wrong."), faults)
    return user_id


def save_company(session: Session, company: Company, *, by: str, now: datetime) -> None:
    """Change who sends. Raises Invalid."""
    faults = company_faults(company)
    if faults:
        raise Invalid(_("Some answers are missing or wrong."), faults)
    installation = installations.lock(session)
    before = _kept(installation)
    _write(session, installation, company, now)
    if what := sorted(changes(before, _kept(installation))):  # names alone: values may be addresses
        audit(session, by, "installation.changed", "installation", now=now, detail={"what": what})


def company_faults(company: Company) -> dict[str, list[str]]:
    """What is missing or wrong, by field."""
    faults: dict[str, list[str]] = {}
    if not company.company_name.strip():
        faults["company_name"] = [_("Every mail names the company that sends it.")]
    if not company.postal_address.strip():
        faults["postal_address"] = [_("Every mail must show a postal address.")]
    if company.timezone not in available_timezones():
        faults["timezone"] = [_("Choose a time zone, such as Europe/Berlin.")]
    sender = {asked: getattr(company, field).strip() for asked, field in _SENDER.items()}
    faults |= {_SENDER[asked]: sentences for asked, sentences in senders.faults(sender).items()}
    if company.color.strip() and colours.read(company.color) is None:
        faults["color"] = [_("A colour is written as # and six digits or letters a to f, such as #0b6b5b.")]
    if company.language and company.language not in languages():
        faults["language"] = [_("There is no such language here.")]
    if any(ord(character) < 32 for character in company.company_name):
        faults["company_name"] = [_("This must be one line of plain text.")]
    return faults


def _write(session: Session, installation: Installation, company: Company, now: datetime) -> None:
    installation.company_name = company.company_name.strip()
    installation.postal_address = company.postal_address.strip()
    installation.timezone = company.timezone
    senders.keep_house(
        session,
        name=company.sender_name.strip(),
        email=company.sender_email.strip(),
        reply_to=company.reply_to.strip() or None,
        now=now,
    )
    installation.color = colours.read(company.color) or installation.color
    installation.language = company.language or installation.language


def _kept(installation: Installation) -> dict[str, object]:
    return {field.name: getattr(installation, field.name) for field in fields(Company)}


def _opens(installation: Installation, token: str) -> bool:
    return bool(token) and hmac.compare_digest(installation.setup_token_hash or "", _digest(token))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
