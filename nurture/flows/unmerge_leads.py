"""A merge is taken back: there are two leads again, each with what was its own. What has come since stays
with the lead that it came to."""

from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nurture.errors import Conflict, NotFound
from nurture.flows import consent, warm
from nurture.flows.begin import HELD_OUT, OUTSIDE, Start, begin
from nurture.flows.keep_nos import hold_to
from nurture.flows.merge_leads import MERGED, judge_anew
from nurture.flows.published import published
from nurture.rules import merging as rules
from nurture.rules.entering import MOVED_ON
from nurture.rules.words import _
from nurture.store import (
    companies,
    company_heat,
    consents,
    kept_nos,
    lead_aliases,
    stages,
    suppressions,
    users,
)
from nurture.store.enrollments import runs
from nurture.store.lead_aliases import LeadMerge
from nurture.store.merging import arms, handoffs, mails, places, rows
from nurture.store.stages import StageMove
from nurture.store.webhooks import write_message

CHANNEL = "merge_undone"


def undo_merge(session: Session, merge_id: int, *, pepper: bytes, by: str, now: datetime) -> LeadMerge:
    """Take a merge back, in the caller's transaction. Raises NotFound; Conflict the second time, where a
    later merge rests on it, and where the person was erased or the address is another lead's by now."""
    noted = lead_aliases.locked(session, merge_id)
    if noted is None:
        raise NotFound(_("There is no such merge."))
    _check(session, noted)
    try:
        with session.begin_nested():
            _part(session, noted, by, now)
    except IntegrityError as error:
        sentence = _("The address or number of the other lead belongs to somebody else by now.")
        raise Conflict(sentence) from error
    noted.undone_at = now
    # What was said while they were one was kept for both addresses: it holds for whoever bears them now.
    hold_to(session, rows.addresses(session, [noted.lead_id, noted.alias_id]), pepper, now=now)
    judge_anew(session, [noted.lead_id, noted.alias_id], warm.UNMERGED, now=now)
    _tell(session, noted, by, now)
    return noted


def _check(session: Session, noted: LeadMerge) -> None:
    if noted.undone_at is not None:
        raise Conflict(_("This was undone already."))
    if not noted.kept:
        raise Conflict(_("The person was erased: nothing is left to take apart."))
    merged_on = lead_aliases.survivor_of(session, noted.lead_id)
    if merged_on or lead_aliases.latest(session, noted.lead_id) != noted.id:
        raise Conflict(_("A later merge rests on this one: undo that first."))


def _part(session: Session, noted: LeadMerge, by: str, now: datetime) -> None:
    kept = noted.kept
    standing = rows.of(session, [noted.lead_id, noted.alias_id])[noted.lead_id]
    _consents_back(session, noted, by, now)
    suppressions.lift(session, kept["suppressed"], by=by, now=now)
    kept_nos.lift_of(session, [one["entry"] for one in kept["consents"]], by=by, now=now)
    lead_aliases.remove(session, noted)
    rows.let_go_of_contact(session, noted.lead_id)
    rows.write(session, noted.lead_id, rules.unmerged(standing, kept), now=now)
    rows.give_back(session, noted.alias_id, kept["alias"], now=now)
    companies.follow(session, [noted.lead_id, noted.alias_id])
    rows.move(session, noted.lead_id, noted.alias_id, only=noted.moved)
    handoffs.move(session, noted.lead_id, noted.alias_id, -kept["counted_on"], only=kept["handoffs"])
    for one in kept["closed"]:
        handoffs.reopen(session, one["id"], one["state"], one["watch_at"])
    mails.rename_newsletters(session, [str(one) for one in kept["renamed"]], noted.alias_id)
    places.give_back(session, noted.lead_id, noted.alias_id, kept["places"])
    arms.give_back(session, noted.lead_id, noted.alias_id, kept.get("arms", ()))
    if standing["stage"] == kept["after"]["stage"]:
        stages.move(session, [StageMove(noted.lead_id, kept["survivor"]["stage"], MERGED)], now=now, by=by)
    _resume(session, noted, now)
    owned = {kept["alias"]["company_id"], kept["survivor"]["company_id"]}
    company_heat.note_companies(session, [one for one in owned if one])


def _consents_back(session: Session, noted: LeadMerge, by: str, now: datetime) -> None:
    """What the merge wrote into the ledger holds no more, unless the person has spoken since."""
    for one in noted.kept["consents"]:
        if consents.held(session, [noted.lead_id]).get((noted.lead_id, one["purpose"])) != one["entry"]:
            continue
        if one["before"] is None:
            consents.let_go(session, noted.lead_id, one["purpose"])
            continue
        before = consents.entry(session, one["before"])
        if before is not None and before.state == consent.GRANTED:
            consent.grant(
                session,
                noted.lead_id,
                one["purpose"],
                wording=before.wording,
                channel=CHANNEL,
                proof={"by": by, "consent": before.id},
                now=now,
            )
        else:
            consents.let_go(session, noted.lead_id, one["purpose"])


def _resume(session: Session, noted: LeadMerge, now: datetime) -> None:
    """Runs that ended because the other's went on begin again where they stood, and so does a run of the
    alias's that has gone on to another chain since, where it stays the survivor's. Who judges the two anew
    leads them on to the chains of their temperatures."""
    programs = published(session, ("live", "paused"))
    compared = {lead_id: arms.held_out(session, lead_id) for lead_id in (noted.lead_id, noted.alias_id)}
    starts = []
    ended = [
        run
        for run in runs.ended_for(session, [noted.lead_id, noted.alias_id], MERGED, at=noted.at)
        if run.id in noted.kept["runs"]
    ]
    for run in (*ended, *runs.left_behind(session, noted.alias_id, MOVED_ON, at=noted.at)):
        one = programs.get(run.program_id)
        if one is None or run.temperature not in one.program.chains:
            continue
        step = run.step_key if run.step_key in one.program.chains[run.temperature].by_key else None
        data: dict[str, Any] = {"sent": run.data.get("sent", {})}
        held_out = run.program_id in compared[run.lead_id]
        how, step = (HELD_OUT, None) if held_out else ("resume", step)
        starts.append(Start(run.lead_id, one, run.temperature, how, step, data, OUTSIDE, "merge_undone"))
    begin(session, starts, now=now)


def _tell(session: Session, noted: LeadMerge, by: str, now: datetime) -> None:
    data = {"lead": {"id": noted.lead_id}, "merged": {"id": noted.alias_id}, "by": by}
    key = f"lead.unmerged:{noted.id}"
    write_message(session, "lead.unmerged", data, lead_id=noted.lead_id, dedup_key=key, now=now)
    detail = {"lead": noted.alias_id, "merge": noted.id}
    users.audit(session, by, "lead.unmerged", f"lead:{noted.lead_id}", now=now, detail=detail)
