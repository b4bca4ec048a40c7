"""Demo data is asked for and taken away; a long job does the work (nurture/demo), rows tell how it stands."""

from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict
from nurture.rules.words import _
from nurture.store import demo, users
from nurture.store import installation as installations
from nurture.store.demo import Demo


def ask(session: Session, *, by: str, now: datetime) -> Demo:
    """Have demo data made. Raises Conflict where it is there, or where there are leads that are real: the
    makers turn the clock back, and nobody real shall live through that."""
    row = demo.lock(session)
    if row.state in ("wanted", "making"):
        return row
    if row.state not in ("none", "failed"):
        raise Conflict(_("There is demo data already. Remove it first."))
    if demo.own_leads(session):
        raise Conflict(_("Demo data is for an empty house: there are leads of your own already."))
    if installations.get(session).sending_stopped:
        raise Conflict(_("All sending is stopped. Resume it first: the invented people read mails, too."))
    row.state, row.done, row.sentence, row.asked_by = "wanted", 0, "", by
    users.audit(session, by, "demo.wanted", "installation", now=now)
    return row


def ask_removal(session: Session, *, by: str, now: datetime) -> Demo:
    """Have all of it taken away. Raises Conflict while it is being made, or where there is none."""
    row = demo.lock(session)
    if row.state in ("unwanted", "removing"):
        return row
    if row.state in ("wanted", "making"):
        raise Conflict(_("It is being made just now. Wait until that is done."))
    if row.state == "none":
        raise Conflict(_("There is no demo data."))
    row.state = "unwanted"
    users.audit(session, by, "demo.unwanted", "installation", now=now)
    return row


def begin(session: Session, *, total: int, seed: int, now: datetime) -> Demo:
    """It is being made now."""
    row = demo.lock(session)
    row.state, row.seed, row.done, row.total, row.sentence = "making", seed, 0, total, ""
    row.began_at, row.ended_at = now, None
    return row


def finish(session: Session, *, now: datetime) -> None:
    """It is there."""
    row = demo.lock(session)
    row.state, row.done, row.ended_at = "there", row.total, now


def fail(session: Session, sentence: str, *, now: datetime) -> None:
    """It could not be made; what there is of it can be removed, or made anew."""
    row = demo.lock(session)
    row.state, row.sentence, row.ended_at = "failed", sentence, now


def removed(session: Session, leads: int, *, now: datetime) -> None:
    """Nothing is left of it."""
    row = demo.lock(session)
    by = row.asked_by or "demo"
    row.state, row.done, row.total, row.seed, row.sentence = "none", 0, 0, 0, ""
    row.began_at = row.ended_at = None
    users.audit(session, by, "demo.removed", "installation", now=now, detail={"leads": leads})
