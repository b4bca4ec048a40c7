"""Sources are made, renamed, merged and taken away."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.naming import refuse_while_used
from nurture.rules.words import _
from nurture.store import sources, users
from nurture.store.sources import Source

LONGEST = 200


def create(
    session: Session, name: str, *, kind: str = "", targeted: bool | None = None, by: str, now: datetime
) -> Source:
    """A source that nobody came from yet. Raises Invalid, Conflict for a name that is taken."""
    name = _free(session, _name(name))
    made = Source(name=name, kind=_kind(kind), targeted=targeted, created_at=now)
    session.add(made)
    session.flush()
    users.audit(session, by, "source.created", f"source:{made.id}", now=now)
    return made


def change(
    session: Session,
    source_id: int,
    *,
    name: str | None = None,
    kind: str | None = None,
    targeted: bool | None,
    by: str,
    now: datetime,
) -> Source:
    """Rename it, and say what kind it is. A rule that asks for it by its old name refuses the new one."""
    source = existing(session, source_id)
    if name is not None and (clean := _name(name)) != source.name:
        refuse_while_used(session, "source", source.name)
        source.name = _free(session, clean)
    if kind is not None:
        source.kind = _kind(kind)
    source.targeted = targeted
    users.audit(session, by, "source.changed", f"source:{source.id}", now=now)
    return source


def merge(session: Session, source_id: int, into_id: int, *, by: str, now: datetime) -> int:
    """Everybody from one source comes from the other, and the one is gone; how many leads that concerned."""
    if source_id == into_id:
        sentence = _("Choose another source to merge it into.")
        raise Invalid(sentence, {"into": [sentence]})
    source, into = existing(session, source_id), existing(session, into_id)
    refuse_while_used(session, "source", source.name)
    moved = sources.move_leads(session, source.id, into.id)
    session.delete(source)
    detail = {"into": into.id, "leads": moved}
    users.audit(session, by, "source.merged", f"source:{source_id}", now=now, detail=detail)
    return moved


def remove(session: Session, source_id: int, *, by: str, now: datetime) -> None:
    """Take away a source that nobody came from. Raises Conflict otherwise."""
    source = existing(session, source_id)
    refuse_while_used(session, "source", source.name)
    if sources.is_used(session, source_id):
        raise Conflict(_("Leads came from {name}: merge it into another source.").format(name=source.name))
    session.delete(source)
    users.audit(session, by, "source.removed", f"source:{source_id}", now=now)


def existing(session: Session, source_id: int) -> Source:
    """The source, locked. Raises NotFound."""
    source = session.get(Source, source_id, with_for_update=True)
    if source is None:
        raise NotFound(_("There is no such source."))
    return source


def _name(said: str) -> str:
    name = " ".join(said.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        sentence = _("Name the source, in at most 200 letters.")
        raise Invalid(sentence, {"name": [sentence]})
    return name


def _free(session: Session, name: str) -> str:
    if sources.named(session, name) is not None:
        raise Conflict(_("There is a source called {name} already: merge them instead.").format(name=name))
    return name


def _kind(said: str) -> str:
    kind = " ".join(said.split())
    if len(kind) > 60 or not kind.isprintable():
        sentence = _("A kind is a word such as fair, partner or website.")
        raise Invalid(sentence, {"kind": [sentence]})
    return kind
