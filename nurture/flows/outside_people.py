"""Who people are, as other programs tell it by identify, alias and group (the Segment specification).

A person has any number of names: user ids, which other programs give, and anonymous ids, which browsers bear.
A name stays with whom it was given first: a new user id at a browser that is another user's is another
person (a computer may be shared), and neither the browser nor what was done there before goes over to them.
So PostHog, Mixpanel and RudderStack resolve it. Two people are made into one by a merge alone, which somebody
decides; no message does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from nurture.errors import Conflict, NotFound
from nurture.flows.groups import company_of_group, name_of
from nurture.flows.hold_calls import hand_over_held, hold_group
from nurture.flows.leads import save_lead
from nurture.flows.take_visits import join_visitor
from nurture.rules.addresses import normalise
from nurture.rules.outside_events import answers_of, company_of, group_of
from nurture.rules.words import _
from nurture.store import identities, leads
from nurture.store.identities import ANONYMOUS, USER


@dataclass(frozen=True, slots=True)
class Told:
    """Whom a message was about (None: a visitor whom nobody knows yet), and the signal that it became (None:
    known before, or not one)."""

    lead_id: int | None
    signal_id: UUID | None = None


def identify(
    session: Session, said: Mapping[str, Any], *, now: datetime, by: str, pepper: bytes, base_url: str
) -> Told:
    """Make or update the lead by {userId?, anonymousId?, traits}, in the caller's transaction, and know it by
    those names from now on. Raises what save_lead does."""
    traits = said.get("traits") or {}
    answers = answers_of(traits)
    if group_id := group_of(traits):
        company_id = company_of_group(session, group_id, company_of(traits["company"]), by=by, now=now)
        answers["company"] = name_of(session, company_id)
    names = names_of(said)
    if "email" not in answers and "@" in names.get(USER, ""):
        answers["email"] = names[USER]
    known = _meant(session, names, has_contact="email" in answers or "phone" in answers)
    if known is not None:
        answers["id"] = known
    saved = save_lead(session, answers, now=now, by=by, pepper=pepper, base_url=base_url)
    _know(session, saved.id, names, now)
    return Told(saved.id)


def alias(session: Session, said: Mapping[str, Any], *, now: datetime) -> Told:
    """Another name for one person {previousId, userId}: whoever was known by either is known by both.

    Raises NotFound where nobody is, and Conflict where they are two people, or the previousId is the browser
    of another user.
    """
    new, previous = str(said["userId"]), str(said["previousId"])
    old = _by_either(session, previous)
    lead_id = identities.find(session, {USER: new})
    if lead_id is None and old is None:
        raise NotFound(_("Nobody of this name was identified yet."))
    if lead_id is None and identities.find(session, {USER: previous}) is None and _has_user(session, old):
        raise Conflict(_("This previousId is the browser of another user, who keeps it."))
    if old is not None and lead_id not in (None, old):
        raise Conflict(
            _("These names belong to different leads ({ids}): they have to be merged first.").format(
                ids=", ".join(map(str, sorted({old, lead_id or old})))
            )
        )
    found = lead_id or old
    if found is not None:
        _know(session, found, {USER: new}, now)
        if old is None:
            _know(session, found, {ANONYMOUS: previous}, now)
    return Told(found)


def group(
    session: Session, said: Mapping[str, Any], *, now: datetime, by: str, pepper: bytes, base_url: str
) -> Told:
    """The company that a person belongs to {userId | anonymousId, groupId, traits?: {name, …}}. The groupId
    means the same company ever after. Of somebody whom nobody knows yet it is held. Raises Invalid."""
    about = company_of(said.get("traits") or {})
    company_id = company_of_group(session, str(said["groupId"]), about, by=by, now=now)
    lead_id = lead_of(session, said)
    if lead_id is None:
        hold_group(session, said, company_id, address=address_said(said), pepper=pepper, now=now)
        return Told(None)
    answers = {"id": lead_id, "company": name_of(session, company_id)}
    save_lead(session, answers, now=now, by=by, pepper=pepper, base_url=base_url)
    return Told(lead_id)


def lead_of(session: Session, said: Mapping[str, Any]) -> int | None:
    """Whom a message is about. A userId says who acts: one that was never identified may sit at the browser
    of somebody we know, or speak of their address, and is not that person."""
    names = names_of(said)
    user_id = names.get(USER)
    known = identities.find(session, {USER: user_id} if user_id else names)
    if known is not None:
        return known
    norms = _addresses_said(said)
    found = leads.by_emails(session, norms)
    return next((found[norm] for norm in norms if norm in found), None)


def address_said(said: Mapping[str, Any]) -> str | None:
    """The address in normal form by which a message itself says who it is about, if it does."""
    return next(iter(_addresses_said(said)), None)


def _addresses_said(said: Mapping[str, Any]) -> list[str]:
    user_id = names_of(said).get(USER)
    traits = (said.get("context") or {}).get("traits")
    email = traits.get("email") if isinstance(traits, Mapping) else None
    spoken_of = None if user_id else (said.get("properties") or {}).get("email")
    claims = (email, spoken_of, user_id)
    return [normalise(one) for one in claims if isinstance(one, str) and "@" in one]


def names_of(said: Mapping[str, Any]) -> dict[str, str]:
    """What a message calls somebody, kind to name."""
    given = {USER: said.get("userId"), ANONYMOUS: said.get("anonymousId")}
    return {kind: value for kind, value in given.items() if value}


def _meant(session: Session, names: Mapping[str, str], *, has_contact: bool) -> int | None:
    """Whose names these are, where they say it; else an address or a number does."""
    known = identities.find(session, {kind: name for kind, name in names.items() if kind == USER})
    if known is not None or has_contact:
        return known
    at_browser = identities.find(session, names)
    return None if USER in names and _has_user(session, at_browser) else at_browser


def _has_user(session: Session, lead_id: int | None) -> bool:
    return lead_id is not None and identities.has(session, lead_id, USER)


def _by_either(session: Session, name: str) -> int | None:
    return identities.find(session, {USER: name, ANONYMOUS: name})


def _know(session: Session, lead_id: int, names: Mapping[str, str], now: datetime) -> None:
    """Know the lead by these names, but for those that are another's, and give it what the visitor of its
    browser did before: the id of our own script, where a site passes it on; and what was held under its
    names."""
    browser = names.get(ANONYMOUS)
    kept = identities.keep(session, lead_id, names, now=now)
    hand_over_held(session, kept, now=now)
    if browser and (ANONYMOUS, browser) in kept:
        join_visitor(session, browser, lead_id, now=now)
