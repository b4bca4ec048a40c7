"""Tags are renamed, merged by giving one the name of another, and taken off everybody."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Invalid, NotFound
from nurture.flows.naming import refuse_while_used
from nurture.rules.folding import fold
from nurture.rules.words import _
from nurture.store import bulk_changes, tags, users
from nurture.store.bulk_changes import BulkChange

LONGEST = 100


def clean(said: str) -> str:
    """A tag as it is kept. Raises Invalid."""
    name = " ".join(said.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        sentence = _("Name the tag, in at most 100 letters.")
        raise Invalid(sentence, {"name": [sentence]})
    return name


def rename(session: Session, old: str, new: str, *, by: str, now: datetime) -> int:
    """Everybody with the one tag has the other instead; how many. Raises NotFound, Conflict while a rule
    asks for the old one."""
    new = clean(new)
    if new == old:
        return 0
    if fold(new) != fold(old):
        refuse_while_used(session, "tag", old)
    changed = tags.replace(session, old, fold(old), new, fold(new), now=now)
    if not changed:
        raise NotFound(_("Nobody has this tag."))
    users.audit(session, by, "tag.renamed", "tag", now=now, detail={"old": old, "new": new, "leads": changed})
    return changed


def remove(session: Session, name: str, *, by: str, now: datetime) -> BulkChange:
    """Take the tag off everybody; the note of it can be undone like any change of many leads."""
    refuse_while_used(session, "tag", name)
    lead_ids = tags.bearers(session, name)
    if not lead_ids:
        raise NotFound(_("Nobody has this tag."))
    noted = BulkChange(at=now, by=by, what="untag", value=name, lead_ids=lead_ids, before={})
    bulk_changes.untag(session, lead_ids, name, now=now)
    tags.refold_without(session, lead_ids, fold(name))
    session.add(noted)
    session.flush()
    users.audit(session, by, "tag.removed", "tag", now=now, detail={"tag": name, "leads": len(lead_ids)})
    return noted
