"""Visits of websites: kept, whoever made them, and told as signals of a lead once we know who it was.

A visitor is a random id that the browser kept with the person's consent. It is joined to a lead by nothing
but a signed word: from a click in a mail, or from a form; what it looked at before is then the lead's too.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.rules import user_agents
from nurture.rules.patience import rate_by
from nurture.rules.robots import HUMAN, MACHINE, UNKNOWN
from nurture.rules.visits import Visit, kind_by
from nurture.store import forms, signals, websites
from nurture.store.signals import NewSignal
from nurture.store.websites import Looked

SOURCE = "website"


def take_visits(session: Session, batch: Sequence[Visit], *, now: datetime) -> None:
    """Keep visits, in the caller's transaction; those by people of whom we know who they are become signals.
    Taking one again changes nothing."""
    if not batch:
        return
    told = _told(session, batch)
    known = websites.see(session, _visitors(batch, told))
    rules = websites.path_rules(session)
    rows = []
    for visit in batch:
        by_visitor = known.get(visit.visitor) if visit.visitor else None
        lead_id = told.get(visit.id) or (by_visitor.lead_id if by_visitor else None)
        rows.append((visit, lead_id, kind_by(rules, visit), _verdict(visit)))
    websites.add(session, _merged(rows))
    past = websites.claim_past(
        session, {visitor: one.lead_id for visitor, one in known.items() if one.joined_now}
    )
    fresh = [
        _looked(visit, lead, kind)
        for visit, lead, kind, verdict in rows
        if lead is not None and verdict == HUMAN
    ]
    _tell(session, [*fresh, *past], now)


def join_visitor(session: Session, visitor_id: str, lead_id: int, *, now: datetime) -> bool:
    """A visitor has said who they are (a form, `identify`): what they looked at is the lead's. False when
    there is no such visitor, or it is known already."""
    if not websites.join(session, visitor_id, lead_id, now=now):
        return False
    _tell(session, websites.claim_past(session, {visitor_id: lead_id}), now)
    return True


def _told(session: Session, batch: Sequence[Visit]) -> dict[Any, int]:
    """Who comes, by the signed words of these visits. Whoever still has to confirm a form is nobody yet; the
    browser is noted until they do."""
    readers = websites.readers_of(session, {one.delivery_id for one in batch if one.delivery_id})
    senders = forms.leads_of(session, {one.submission_id for one in batch if one.submission_id})
    waiting: dict[int, str] = {}
    found = {}
    for one in batch:
        lead_id, has_to_confirm = senders.get(one.submission_id or 0, (None, False))
        if has_to_confirm and one.submission_id and one.visitor:
            waiting.setdefault(one.submission_id, one.visitor)
        if lead_id is None or has_to_confirm:
            lead_id = readers.get(one.delivery_id or 0)
        if lead_id is not None:
            found[one.id] = lead_id
    forms.note_visitors(session, waiting)
    return found


def _visitors(
    batch: Iterable[Visit], told: dict[Any, int]
) -> dict[str, tuple[int | None, datetime, datetime]]:
    found: dict[str, tuple[int | None, datetime, datetime]] = {}
    for one in batch:
        if one.visitor is not None:
            lead, first, last = found.get(one.visitor, (None, one.at, one.at))
            found[one.visitor] = (told.get(one.id, lead), min(first, one.at), max(last, one.at))
    return found


def _merged(rows: Sequence[tuple[Visit, int | None, str, str]]) -> list[tuple[Visit, int | None, str, str]]:
    """Each view once: what was told last of one knows most."""
    found: dict[Any, tuple[Visit, int | None, str, str]] = {}
    for row in rows:
        before = found.get(row[0].view)
        if before is None or (row[1], row[0].visitor) != (None, None):
            found[row[0].view] = row
    return list(found.values())


def _verdict(visit: Visit) -> str:
    if visit.vouched and not visit.ua:
        return HUMAN
    kind = user_agents.kind_of(visit.ua)
    if kind == user_agents.BROWSER:
        return HUMAN
    return MACHINE if kind == user_agents.MACHINE else UNKNOWN


def _looked(visit: Visit, lead_id: int, kind: str) -> Looked:
    told = (visit.url, visit.path, visit.title, visit.referrer, dict(visit.data))
    return Looked(visit.view, visit.at, lead_id, kind, *told)


def _tell(session: Session, looked: Sequence[Looked], now: datetime) -> None:
    rows = [
        NewSignal(
            lead_id=one.lead_id,
            kind=one.kind,
            occurred_at=min(one.at, now),
            source=SOURCE,
            key=one.view.hex,
            data=_said(one),
        )
        for one in looked
    ]
    signals.add(session, rows, now=now, rate_by=rate_by(now))


def _said(one: Looked) -> dict[str, Any]:
    where = {"url": one.url, "path": one.path, "title": one.title, "referrer": one.referrer}
    return one.data | {name: value for name, value in where.items() if value}
