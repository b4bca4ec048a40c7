"""What the inbox shows of a hand-off, beyond its row: the clock, the opportunity's warmth, what to say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy.orm import Session

from nurture.flows.start_leads import places
from nurture.rules import opportunity
from nurture.rules.addresses import is_provider
from nurture.rules.model import HeatModel
from nurture.rules.next_word import questions, step
from nurture.rules.timing import zone_named
from nurture.store import handoffs, models, releases, teams
from nurture.store.handoffs import HandoffEvent, HandoffOutcome
from nurture.store.releases import PastSignal
from nurture.store.views import inbox
from nurture.store.views.inbox import Colleague, Earlier, InboxRow, Known, Person, Said

WHOSE = ("mine", "team", "all")
_TOUCHES = 6


@dataclass(frozen=True)
class Clock:
    """The ring before a name: seconds left (negative when late) of the promise, which lasts `of` seconds.
    With less than `soon` seconds it asks for hurry."""

    left: int
    of: int
    soon: int


@dataclass(frozen=True)
class Entry:
    """A row with what is reckoned for this moment. `warmth` and `heat` are those of the opportunity."""

    row: InboxRow
    clock: Clock | None = None
    warmth: str | None = None
    heat: float = 0.0


@dataclass(frozen=True)
class Group:
    """A part of the list under one heading."""

    name: str
    entries: Sequence[Entry]


@dataclass(frozen=True)
class Opened:
    """The card of one hand-off. `places` are chains that the lead can be put into: as written, program and
    temperature; `domain` is that of a company's own addresses."""

    entry: Entry
    known: Known
    bant: Mapping[str, str]
    questions: Sequence[str]
    step: str | None
    places: Sequence[tuple[str, str, str]]
    domain: str | None
    touches: Sequence[PastSignal]
    said: Sequence[Said]
    centre: Sequence[Colleague]
    colleagues: Sequence[Person]
    record: Sequence[HandoffEvent | HandoffOutcome]
    earlier: Sequence[Earlier]
    lead_time: datetime | None

    def subject_of(self, mail: str | None) -> str | None:
        """The subject of a mail that was said lately; its key when it was earlier."""
        return next((one.subject for one in self.said if one.mail == mail), mail)


def my_team(session: Session, user_id: int) -> int:
    """The team whose promise counts for this person."""
    member = session.get(teams.TeamMember, user_id)
    return member.team_id if member else teams.default_team(session).id


def groups(session: Session, *, owner: int | None, team: int | None, now: datetime) -> list[Group]:
    """The open list, in the order in which it is worked through. Four statements."""
    model = _default_model(session)
    promises = _promises(session)
    entries = [_entry(row, promises, model, now) for row in inbox.open_rows(session, owner=owner, team=team)]
    later = [Entry(row) for row in inbox.put_off(session, owner=owner, team=team, now=now)]
    meetings = sorted(
        (entry for entry in entries if entry.row.state == "meeting"), key=lambda entry: -entry.heat
    )
    return [
        Group("call", [entry for entry in entries if entry.row.state == "released"]),
        Group("again", [entry for entry in entries if entry.row.state in ("accepted", "contacted")]),
        Group("meet", meetings),
        Group("later", later),
    ]


def opened(session: Session, handoff_id: int, *, now: datetime) -> Opened | None:
    """Everything the card shows; a fixed number of statements."""
    row = inbox.one(session, handoff_id)
    if row is None:
        return None
    known = inbox.known(session, row.lead_id)
    bant = {part: _answer(known.bant.get(part)) for part in ("budget", "authority", "need", "timing")}
    entry = _entry(row, _promises(session), _default_model(session), now)
    return Opened(
        entry=entry,
        known=known,
        bant=bant,
        questions=questions(bant),
        step=step(
            row.state,
            late=entry.clock is not None and entry.clock.left < 0,
            can_call=known.phone is not None,
            meets_at=row.meets_at,
            now=now,
        ),
        places=[(written, name, chain) for written, name, chain, at in places(session) if at is None],
        domain=_own_domain(known.email_norm),
        touches=releases.recent_signals(session, [row.lead_id], _TOUCHES)[row.lead_id],
        said=inbox.said(session, row.lead_id),
        centre=inbox.buying_centre(session, known.company_id, row.lead_id),
        colleagues=inbox.colleagues(session, row.owner_id),
        record=_record(session, handoff_id),
        earlier=inbox.earlier(session, row.lead_id, handoff_id),
        lead_time=_lead_time(known, now),
    )


def _own_domain(address: str | None) -> str | None:
    """The domain of an address, where it says which company somebody belongs to."""
    domain = (address or "").rpartition("@")[2]
    return domain if domain and not is_provider(domain) else None


def _record(session: Session, handoff_id: int) -> list[HandoffEvent | HandoffOutcome]:
    """What happened and what was answered, the newest first."""
    both: list[HandoffEvent | HandoffOutcome] = [
        *handoffs.events_of(session, handoff_id),
        *handoffs.outcomes_of(session, handoff_id),
    ]
    return sorted(both, key=lambda one: one.at, reverse=True)


def _lead_time(known: Known, now: datetime) -> datetime | None:
    """The time of day where the lead is."""
    zone = zone_named(known.timezone)
    return now.astimezone(zone) if zone else None


def _promises(session: Session) -> dict[str, int]:
    """The default team's promise and warning, in seconds: what the ring is full of."""
    team = teams.default_team(session)
    return {"of": team.within_min * 60, "soon": team.warn_min * 60}


def _default_model(session: Session) -> HeatModel | None:
    return next((live.model for live in models.live(session) if live.is_default), None)


def _entry(row: InboxRow, promises: Mapping[str, int], model: HeatModel | None, now: datetime) -> Entry:
    if row.state == "meeting" and model is not None:
        heat = opportunity.heat_since(row.heat_before, row.heat_log2, model, now)
        return Entry(row, warmth=opportunity.temperature_of(heat, model), heat=heat)
    if row.state not in ("released", "accepted") or row.due_at is None:
        return Entry(row)
    left = round((row.due_at - now).total_seconds())
    whole = max(promises["of"], round((row.due_at - (row.clock_from or now)).total_seconds()))
    return Entry(row, Clock(left, whole, promises["soon"]))


def _answer(given: Any) -> str:
    found = given.get("answer") if isinstance(given, Mapping) else given
    return str(found) if found else "unknown"


def month_of(now: datetime, zone: tzinfo) -> datetime:
    """When the present month began there."""
    local = now.astimezone(zone)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
