"""One change of many leads at once, and its undoing. Both work in the caller's transaction."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.begin import OUTSIDE, Start, begin
from nurture.flows.consent import GRANTED
from nurture.flows.judge_leads import judge_leads
from nurture.flows.leave import leave_all
from nurture.flows.move_leads import Move, move_leads
from nurture.flows.published import published
from nurture.flows.start_leads import read_place, start_leads
from nurture.rules.whole import whole
from nurture.rules.words import _
from nurture.store import bulk_changes, consents, heat, leads, users
from nurture.store.bulk_changes import BulkChange
from nurture.store.consents import NewConsent
from nurture.store.enrollments import runs
from nurture.store.users import User

KINDS = ("tag", "untag", "owner", "hold", "let_in", "start", "consent")
MOST = 10_000
LONGEST_TAG = 100
LONGEST_WORDS = 2_000
CHANNEL = "by_hand"
_PURPOSE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
HELD = "held"
UNDONE = "start_undone"


def change_leads(
    session: Session,
    lead_ids: Sequence[int],
    what: str,
    value: str,
    words: str = "",
    *,
    by: str,
    now: datetime,
    job_id: int | None = None,
) -> BulkChange:
    """Change these leads; the note of it says whom it changed. `value` is the tag, the id of the new owner
    (empty: nobody), where to start, or the purpose of a consent, whose proof are `words`. A portion of a job
    is no line of the audit log: the job is. Raises Invalid."""
    if len(lead_ids) > MOST:
        raise Invalid(_("At most {most} leads at once: narrow the filter.").format(most=f"{MOST:,}"))
    noted = BulkChange(at=now, by=by, what=what, value=value, lead_ids=[], before={}, job_id=job_id)
    match what:
        case "tag":
            noted.lead_ids = bulk_changes.tag(session, lead_ids, _tag(value), now=now)
        case "untag":
            noted.lead_ids = bulk_changes.untag(session, lead_ids, _tag(value), now=now)
        case "owner":
            owner, before = _owner(session, value), bulk_changes.owners(session, lead_ids)
            noted.lead_ids = bulk_changes.set_owners(session, dict.fromkeys(before, owner), now=now)
            noted.before = {str(lead_id): before[lead_id] for lead_id in noted.lead_ids}
        case "hold":
            noted.lead_ids = bulk_changes.hold(session, lead_ids, now=now)
            leave_all(session, noted.lead_ids, HELD, now=now)
        case "let_in":
            noted.lead_ids = bulk_changes.let_in(session, lead_ids, now=now)
        case "start":
            noted.lead_ids = start_leads(session, lead_ids, read_place(session, value), now=now)
        case "consent":
            entries = _grant(session, lead_ids, value, words, by, now)
            noted.lead_ids = sorted(entries)
            noted.before = {str(lead_id): entry for lead_id, entry in entries.items()}
        case _:
            raise Invalid(_("Choose what to do with them."))
    _lead_on(session, noted, now)
    session.add(noted)
    session.flush()
    if job_id is None:
        detail = {"n": len(noted.lead_ids)}
        users.audit(session, by, f"leads.{what}", f"bulk_change:{noted.id}", now=now, detail=detail)
    return noted


def undo(session: Session, change_id: int, *, by: str, now: datetime) -> int:
    """Take a change back, for exactly those whom it changed; how many. Who was taken out of a chain goes on
    there at the step where it stood. Raises NotFound, Conflict when it was taken back before."""
    noted = session.get(BulkChange, change_id, with_for_update=True)
    if noted is None:
        raise NotFound(_("There is no such change."))
    if noted.undone_at is not None:
        raise Conflict(_("This was undone already."))
    noted.undone_at = now
    match noted.what:
        case "tag":
            changed = bulk_changes.untag(session, noted.lead_ids, noted.value, now=now)
        case "untag":
            changed = bulk_changes.tag(session, noted.lead_ids, noted.value, now=now)
        case "owner":
            before = {int(lead_id): owner for lead_id, owner in noted.before.items()}
            changed = bulk_changes.set_owners(session, before, now=now)
        case "hold":
            changed = bulk_changes.let_in(session, noted.lead_ids, now=now)
            _resume(session, changed, noted.at, now)
        case "start":
            changed = _stop(session, noted, now)
        case "consent":
            entries = {int(lead_id): entry for lead_id, entry in noted.before.items()}
            changed = consents.let_go_of(session, noted.value, entries)
        case _:
            changed = bulk_changes.hold(session, noted.lead_ids, now=now)
            leave_all(session, changed, HELD, now=now)
    _lead_on(session, noted, now)
    if noted.job_id is None:
        users.audit(session, by, f"leads.{noted.what}.undone", f"bulk_change:{noted.id}", now=now)
    return len(changed)


def _lead_on(session: Session, noted: BulkChange, now: datetime) -> None:
    """What conditions look into is brought up to date, and who fits a program by it enters."""
    session.flush()
    leads.refold(session, noted.lead_ids)
    judge_leads(session, noted.lead_ids, now=now)


def _resume(session: Session, lead_ids: Sequence[int], since: datetime, now: datetime) -> None:
    programs = published(session, ("live", "paused"))
    starts = []
    for run in runs.ended_for(session, lead_ids, HELD, at=since):
        one = programs.get(run.program_id)
        if one is None or run.temperature not in one.program.chains:
            continue
        step = run.step_key if run.step_key in one.program.chains[run.temperature].by_key else None
        data = {"sent": run.data.get("sent", {})}
        start = Start(run.lead_id, one, run.temperature, "resume", step, data, OUTSIDE, "let_in")
        starts.append(replace(start, parallel=run.parallel))
    begun = begin(session, starts, now=now)
    _to_where_they_are(session, begun, now)


def _to_where_they_are(session: Session, begun: Sequence[Start], now: datetime) -> None:
    """Whoever has warmed or cooled while nobody led them stands in the chain of the temperature of now."""
    pairs = {(start.lead_id, start.published.row.heat_model_id): start.temperature for start in begun}
    stored = heat.load(session, {pair[0] for pair in pairs}, {pair[1] for pair in pairs})
    now_so = {pair: stored[pair].temperature if pair in stored else "cold" for pair in pairs}
    move_leads(session, [Move(*pair, old=old, new=now_so[pair]) for pair, old in pairs.items()], now=now)


def _stop(session: Session, noted: BulkChange, now: datetime) -> list[int]:
    """Out of the program again; whoever has left it since is left alone."""
    key = noted.value.partition("/")[0]
    for one in published(session, ("live", "paused")).values():
        if one.program.key == key:
            leave_all(session, noted.lead_ids, UNDONE, now=now, program_id=one.id)
    return list(noted.lead_ids)


def _grant(
    session: Session, lead_ids: Sequence[int], purpose: str, words: str, by: str, now: datetime
) -> dict[int, int]:
    """The new entry of the ledger of each lead who had neither agreed nor taken a yes back: only the person
    can say yes again."""
    if not _PURPOSE.fullmatch(purpose):
        raise _wrong(_("Say what they agreed to."), "value")
    said = words.strip()
    if not said or len(said) > LONGEST_WORDS:
        sentence = _("Write down how you know, in at most 2,000 letters: it is kept as the proof.")
        raise _wrong(sentence, "words")
    wanted = sorted(set(lead_ids) - consents.decided(session, lead_ids, purpose))
    proof = {"by": by, "proof": said}
    rows = [NewConsent(one, purpose, GRANTED, CHANNEL, proof=proof) for one in wanted]
    return dict(zip(wanted, consents.write(session, rows, now=now), strict=True))


def _tag(value: str) -> str:
    name = " ".join(value.split())
    if not name or len(name) > LONGEST_TAG or not name.isprintable():
        raise _wrong(_("Name the tag, in at most 100 letters."), "value")
    return name


def _owner(session: Session, value: str) -> int | None:
    if not value:
        return None
    number = whole(value, digits=18)
    user = None if number is None else session.get(User, number)
    if user is None or user.disabled_at is not None:
        raise _wrong(_("There is no such user."), "value")
    return user.id


def _wrong(sentence: str, place: str) -> Invalid:
    return Invalid(sentence, {place: [sentence]})
