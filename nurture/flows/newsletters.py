"""Newsletters go out: readers are looked at in batches shortly before their mails are sent, each once."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import compete
from nurture.flows.kept_out import kept_out
from nurture.flows.published import published
from nurture.rules import newsletter as rules
from nurture.rules.conditions import AllOf, Condition, OneOf, parse, signals_asked
from nurture.rules.newsletter import Later, LeaveOut, Plan, Reader, Send, Verdict
from nurture.rules.program import read_window
from nurture.rules.timing import Window, closes_at, next_open, window_of, within, zone_for
from nurture.store import facts, restraint
from nurture.store import installation as installations
from nurture.store import newsletters as store
from nurture.store.enrollments import late as late_mails
from nurture.store.enrollments.late import Replanned
from nurture.store.newsletters import Candidate, NewMail, Newsletter, Wait

# So many mails are made ready ahead of sending: enough for a second of the fastest server, few enough that
# a confirmation asked for meanwhile does not wait behind them.
AHEAD = 4_000
# So many readers are told at once by one pass over the base; they wait for their turn as rows.
TOLD = 20_000
# When a reader whose row another worker holds has its turn.
_SOON = timedelta(seconds=5)
_LONG = timedelta(days=3650)


def send_newsletters(
    sessions: sessionmaker[Session], pepper: bytes, *, now: datetime, limit: int = 1_000
) -> int:
    """Begin newsletters whose time has come, and look at up to `limit` leads of each that is going out;
    how many were looked at (0 = idle)."""
    with sessions.begin() as session:
        store.begin_due(session, now=now)
    after, done = 0, 0
    while True:
        with sessions.begin() as session:
            newsletter = store.take_turn(session, after, now=now)
            if newsletter is None:
                return done
            after = newsletter.id
            done += _portion(session, newsletter, pepper, now, limit)


def plan_of(newsletter: Newsletter, timezone: str, hours: Window | None = None) -> Plan:
    """How the newsletter goes out, as values; `timezone` and `hours` are those of the installation."""
    local = datetime.fromisoformat(newsletter.local_at) if newsletter.local_at else None
    return Plan(
        purpose=newsletter.purpose,
        starts_at=newsletter.starts_at or newsletter.created_at,
        audience=parse(newsletter.audience) if newsletter.audience else None,
        window=within(read_window(newsletter.hours), hours),
        local_at=local if newsletter.mode == "local" else None,
        timezone=timezone,
        over=newsletter.over,
        while_with_sales=newsletter.while_with_sales,
    )


def addressed(newsletter: Newsletter) -> Condition:
    """The condition that its readers meet: they agreed, and they belong to the audience."""
    agreed = OneOf("consent", (newsletter.purpose,))
    return AllOf((agreed, parse(newsletter.audience))) if newsletter.audience else agreed


def judge(
    session: Session,
    newsletter: Newsletter,
    plan: Plan,
    candidates: Sequence[Candidate],
    pepper: bytes,
    now: datetime,
) -> dict[int, Verdict]:
    """What the newsletter does about each of these leads now."""
    ids = [one.lead_id for one in candidates]
    asked = signals_asked([plan.audience] if plan.audience is not None else [], now)
    known = facts.load(session, ids, now=now, asked=asked)
    cap = restraint.cap(session)
    priorities = {one.id: one.program.priority for one in published(session).values()} if cap else {}
    places = compete.places(session, ids, [cap], priorities, now=now, newsletter=newsletter.id)
    suppressed = _suppressed(session, candidates, pepper)
    return {
        one.lead_id: rules.decide(
            plan,
            Reader(
                facts=known[one.lead_id],
                sends=places.before(one.lead_id, newsletter.priority),
                suppressed=one.lead_id in suppressed,
                paused_until=one.paused_until,
                with_sales=one.with_sales,
            ),
            cap,
            now,
        )
        for one in candidates
        if one.lead_id in known
    }


def _portion(session: Session, newsletter: Newsletter, pepper: bytes, now: datetime, limit: int) -> int:
    plan = plan_of(newsletter, installations.get(session).timezone, restraint.hours(session))
    _replan_late(session, newsletter, plan, now, limit)
    ahead = store.ahead(session, newsletter.id, most=AHEAD)
    room = min(limit, AHEAD - ahead)
    if room <= 0:
        return 0
    due = store.due_waits(session, newsletter.id, now=now, limit=room)
    done = _look_at(session, newsletter, plan, due, pepper, now)
    if newsletter.looked_at is None and len(due) < room:
        _tell_readers(session, newsletter, now)
        due = store.due_waits(session, newsletter.id, now=now, limit=room - len(due))
        done += _look_at(session, newsletter, plan, due, pepper, now)
    under_way = ahead or done or store.waiting(session, newsletter.id)
    if newsletter.looked_at is not None and not under_way:
        newsletter.state, newsletter.finished_at = "sent", now
    return done


def _tell_readers(session: Session, newsletter: Newsletter, now: datetime) -> None:
    """The next readers stand in line."""
    leads = store.next_leads(
        session, addressed(newsletter), newsletter.cursor, demo=newsletter.demo, now=now, limit=TOLD
    )
    store.wait(session, newsletter.id, [Wait(lead, now, "newsletter_turn") for lead in leads])
    if leads:
        newsletter.cursor = leads[-1]
    if len(leads) < TOLD:
        newsletter.looked_at = now


def _look_at(
    session: Session,
    newsletter: Newsletter,
    plan: Plan,
    lead_ids: Sequence[int],
    pepper: bytes,
    now: datetime,
) -> int:
    if not lead_ids:
        return 0
    candidates = store.lock_leads(session, lead_ids, newsletter.purpose, now=now)
    verdicts = judge(session, newsletter, plan, [one for one in candidates if not one.erased], pepper, now)
    entries = {one.lead_id: one.consent_id for one in candidates}
    waits = [Wait(lead, one.at, one.reason) for lead, one in verdicts.items() if isinstance(one, Later)]
    waits += [Wait(lead, now + _SOON, "newsletter_turn") for lead in lead_ids if lead not in entries]
    store.wait(session, newsletter.id, waits)
    mails = [
        _mail(lead, entries[lead], one) for lead, one in verdicts.items() if isinstance(one, Send | LeaveOut)
    ]
    store.send(session, newsletter, mails, now=now)
    return len(lead_ids)


def _mail(lead_id: int, consent_id: int | None, verdict: Send | LeaveOut) -> NewMail:
    if isinstance(verdict, LeaveOut):
        return NewMail(lead_id, consent_id, verdict.reason)
    params: Mapping[str, Any] = {"until": verdict.until.isoformat()} if verdict.until else {}
    return NewMail(lead_id, consent_id, params=json.dumps(params))


def _replan_late(session: Session, newsletter: Newsletter, plan: Plan, now: datetime, limit: int) -> None:
    """Mails that sending was too slow for, or stopped, go out when their window opens again."""
    if plan.window is None:
        return
    replanned = []
    for delivery_id, timezone, country in store.late(session, newsletter.id, now=now, limit=limit):
        zone = zone_for(timezone, plan.timezone)
        opens = next_open(window_of(plan.window, country), zone, now) or now
        replanned.append(Replanned(delivery_id, opens, closes_at(plan.window, zone, opens) or opens + _LONG))
    late_mails.replan(session, replanned)


def _suppressed(session: Session, candidates: Sequence[Candidate], pepper: bytes) -> set[int]:
    return set(
        kept_out(session, {one.lead_id: one.email_norm for one in candidates if one.email_norm}, pepper)
    )
