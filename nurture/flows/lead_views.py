"""Views of the list of leads are kept, renamed, shared, made one's default and taken away."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Forbidden, Invalid, NotFound
from nurture.rules.words import _
from nurture.store import lead_views
from nurture.store.lead_views import LeadView
from nurture.store.users import User

LONGEST_NAME, LONGEST_QUERY = 100, 4_000
DEFAULT = "lead_view"  # the name under which a user's preferences keep the id of the default view


def save(session: Session, user_id: int, name: str, query: str, *, shared: bool, now: datetime) -> LeadView:
    """Keep a view under a name; one's own view of that name takes the new query. Raises Invalid."""
    name = _name(name)
    if len(query) > LONGEST_QUERY:
        sentence = _("This filter is too long to be kept.")
        raise Invalid(sentence, {"query": [sentence]})
    known = lead_views.named(session, user_id, name)
    if known is None:
        return lead_views.add(session, owner_id=user_id, name=name, query=query, shared=shared, now=now)
    known.query, known.shared = query, shared
    return known


def change(
    session: Session, view_id: int, user_id: int, *, name: str | None = None, shared: bool | None = None
) -> LeadView:
    """Rename one's own view, share it or keep it to oneself. Raises NotFound, Forbidden, Conflict and
    Invalid."""
    view = _own(session, view_id, user_id)
    if name is not None and (clean := _name(name)) != view.name:
        if lead_views.named(session, user_id, clean) is not None:
            sentence = _("You have a view of this name already.")
            raise Conflict(sentence)
        view.name = clean
    if shared is not None:
        view.shared = shared
    return view


def remove(session: Session, view_id: int, user_id: int) -> None:
    """Take one's own view away; who had it as a default sees all leads again."""
    session.delete(_own(session, view_id, user_id))


def make_default(session: Session, user_id: int, view_id: int | None) -> None:
    """Which view this person's list opens with; None for all leads. Raises NotFound."""
    if view_id is not None:
        _seen(session, view_id, user_id)
    user = session.get_one(User, user_id, with_for_update=True)
    kept = {name: value for name, value in user.preferences.items() if name != DEFAULT}
    user.preferences = kept if view_id is None else {**kept, DEFAULT: view_id}


def _seen(session: Session, view_id: int, user_id: int) -> LeadView:
    view = session.get(LeadView, view_id, with_for_update=True)
    if view is None or not (view.shared or view.owner_id == user_id):
        raise NotFound(_("There is no such view."))
    return view


def _own(session: Session, view_id: int, user_id: int) -> LeadView:
    view = _seen(session, view_id, user_id)
    if view.owner_id != user_id:
        raise Forbidden(_("Only the person who made this view changes it. Save it under a name of your own."))
    return view


def _name(said: str) -> str:
    name = " ".join(said.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        sentence = _("Name the view, in at most 100 letters.")
        raise Invalid(sentence, {"name": [sentence]})
    return name
