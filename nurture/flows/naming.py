"""Whether a tag, a source or a field may go or change its name: not while a rule asks for it by name."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from nurture.errors import Conflict
from nurture.flows import drafted
from nurture.rules.naming import names
from nurture.rules.words import _
from nurture.store import definitions
from nurture.store.definitions import Definition

_SHOWN = 5


def used_by(session: Session, kind: str, name: str) -> list[Definition]:
    """Programs (live or draft), segments and heat models that name it, each once, and mails with a field."""
    found = [one for one in _every(session) if names(one.spec, kind, name)]
    if kind == "field":
        found += definitions.mails_with(session, f"fields.{name}")
    return list({(one.kind, one.id): one for one in found}.values())


def uses(session: Session, kind: str, all_names: Sequence[str]) -> dict[str, list[Definition]]:
    """The same for many names at once (without mails): two statements."""
    every = _every(session)
    return {
        name: list({(one.kind, one.id): one for one in every if names(one.spec, kind, name)}.values())
        for name in all_names
    }


def _every(session: Session) -> list[Definition]:
    return [*definitions.every(session), *(one for _key, one in drafted.definitions(session))]


def refuse_while_used(session: Session, kind: str, name: str) -> None:
    """Raise Conflict with the places that name it."""
    if found := used_by(session, kind, name):
        places = ", ".join(one.name for one in found[:_SHOWN])
        more = _(" and others") if len(found) > _SHOWN else ""
        raise Conflict(
            _("{name} is asked for by {places}{more}: change it there first.").format(
                name=name, places=places, more=more
            )
        )
