"""Two leads were one person all along: one stands from now on, with everything that hung on both.

Signals, mails, runs, hand-offs and touches become the survivor's, and what was moved is noted, so that undo
finds it (flows/unmerge_leads). The other lead's id, address and number mean the survivor ever after. A no of
either holds for both; heat is counted anew over all signals, with their caps.
"""

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import consent, warm
from nurture.flows.begin import HELD_OUT
from nurture.flows.bring_over import bring_over
from nurture.flows.judge import follow
from nurture.flows.leave import leave_runs
from nurture.flows.move_leads import Move, move_leads
from nurture.flows.unsubscribe import REASON as UNSUBSCRIBED
from nurture.flows.unsubscribe import stop
from nurture.flows.warm import Warmed
from nurture.rules import merging as rules
from nurture.rules import stages as funnel
from nurture.rules.words import _
from nurture.store import (
    company_heat,
    consents,
    enrollments,
    lead_aliases,
    leads,
    models,
    newsletters,
    scores,
    stages,
    suppressions,
    temperature_changes,
    users,
)
from nurture.store.enrollments import Settled, runs
from nurture.store.enrollments.runs import OpenRun
from nurture.store.heat import Pair
from nurture.store.lead_aliases import LeadMerge
from nurture.store.merging import arms, handoffs, mails, places, rows
from nurture.store.stages import StageMove
from nurture.store.suppressions import NewSuppression
from nurture.store.temperature_changes import NewTemperature
from nurture.store.webhooks import Message, write_message, write_messages
from nurture.webhooks import payload

MERGED = "merged"
CHANNEL = "merge"
Row = Mapping[str, Any]


def merge(
    session: Session,
    lead_id: int,
    other_id: int,
    *,
    take: Collection[str] = (),
    pepper: bytes,
    by: str,
    now: datetime,
) -> LeadMerge:
    """Make `other_id` a part of `lead_id`, in the caller's transaction; `take` names the values that are to
    be the other's (rules/merging.CHOSEN, `fields.x`, `dates.x`, `bant.x`). Raises NotFound, Invalid,
    Conflict."""
    survivor_id, alias_id = _meant(session, lead_id, other_id)
    both = rows.of(session, [survivor_id, alias_id])
    survivor, alias = both[survivor_id], both[alias_id]
    _check(survivor, alias, take)
    row = rules.merged(survivor, alias, take)
    noted = LeadMerge(lead_id=survivor_id, alias_id=alias_id, at=now, by=by, kept={}, moved={})
    session.add(noted)
    session.flush()
    kept: dict[str, Any] = {"alias": alias, "survivor": survivor}
    kept["arms"] = arms.take(session, alias_id, survivor_id)
    kept["runs"] = _join_runs(session, survivor_id, alias_id, now)
    kept["places"] = places.take(session, alias_id, survivor_id)
    kept["closed"] = _one_handoff(session, survivor_id, alias_id, now)
    kept["counted_on"] = survivor["ripening_no"]
    kept["handoffs"] = handoffs.move(session, alias_id, survivor_id, survivor["ripening_no"])
    moved = rows.move(session, alias_id, survivor_id)
    rows.empty(session, alias_id, now=now)
    rows.write(session, survivor_id, row, now=now)
    stages.move(session, [StageMove(survivor_id, _stage(survivor, alias), MERGED)], now=now, by=by)
    kept["after"] = rows.of(session, [survivor_id])[survivor_id]
    lead_aliases.add(
        session,
        noted,
        email_norm=_other(row, survivor, alias, "email_norm"),
        phone=_other(row, survivor, alias, "phone"),
    )
    kept["consents"] = _join_consents(session, survivor_id, alias_id, by, now)
    kept["suppressed"] = _suppress(session, row, survivor, alias, pepper, now)
    kept["renamed"] = mails.rename_newsletters(session, moved.get("delivery", ()), survivor_id)
    _end_doubles(session, survivor_id, moved, now)
    noted.kept, noted.moved = kept, moved
    judge_anew(session, [survivor_id], warm.MERGED, now=now)
    owned = {alias["company_id"], survivor["company_id"]}
    company_heat.note_companies(session, [one for one in owned if one])
    _tell(session, noted, row["email"], now)
    return noted


def judge_anew(session: Session, lead_ids: Sequence[int], reason: str, *, now: datetime) -> None:
    """What conditions look into is brought up to date, heat is counted over all signals of these leads, and
    they are led on."""
    session.flush()
    leads.refold(session, lead_ids)
    live = models.live(session)
    locked = bring_over(session, live, scores.lock(session, lead_ids), now=now)
    warmed: dict[Pair, Warmed] = {}
    for model in live:
        warmed |= warm.rebuild(session, model, list(locked), reason, now=now)
    follow(session, live, locked, warmed, now=now)
    # A run that came from the other lead stands where that one was as warm as it was.
    pairs = [(lead_id, model.id) for lead_id in locked for model in live]
    now_so = {pair: warmed[pair].after.temperature if pair in warmed else "cold" for pair in pairs}
    move_leads(session, [Move(*pair, old=found, new=found) for pair, found in now_so.items()], now=now)
    _go_on_recording(session, now_so, warmed, reason, now)


def _go_on_recording(
    session: Session, now_so: Mapping[Pair, str], warmed: Mapping[Pair, Warmed], reason: str, now: datetime
) -> None:
    """What is recorded of two leads ends with what the one is now."""
    known = temperature_changes.latest(session, sorted({pair[0] for pair in now_so}))
    other = {pair: found for pair, found in now_so.items() if known.get(pair, "cold") != found}
    changes = [
        NewTemperature(
            *pair, known.get(pair, "cold"), found, warmed[pair].worth if pair in warmed else 0.0, reason
        )
        for pair, found in other.items()
    ]
    temperature_changes.add(session, changes, now=now)


def _meant(session: Session, lead_id: int, other_id: int) -> tuple[int, int]:
    meant = lead_aliases.meant(session, [lead_id, other_id])
    if lead_id not in meant or other_id not in meant:
        raise NotFound(_("There is no such lead."))
    if meant[lead_id] == meant[other_id]:
        raise Conflict(_("These are one lead already."))
    return meant[lead_id], meant[other_id]


def _check(survivor: Row, alias: Row, take: Collection[str]) -> None:
    if survivor["erased_at"] or alias["erased_at"]:
        raise NotFound(_("There is no such lead."))
    if survivor["demo"] != alias["demo"]:
        raise Conflict(_("One of them is invented: demo data and real people stay apart."))
    unknown = sorted(set(take) - {*rules.CHOSEN, *rules.named(alias)})
    if unknown:
        sentence = _("There is no such value to take: {names}.").format(names=", ".join(unknown))
        raise Invalid(sentence, {"take": [sentence]})


def _join_runs(session: Session, survivor_id: int, alias_id: int, now: datetime) -> list[int]:
    """One run of each program goes on; the ids of those that end here. It knows of every mail of both.
    Whoever came in to be compared, without mails, stays without them."""
    by_program: dict[int, list[OpenRun]] = {}
    for run in runs.open_runs(session, sorted([survivor_id, alias_id])):
        if not run.parallel:
            by_program.setdefault(run.program_id, []).append(run)
    ended = []
    held_out = arms.held_out(session, survivor_id)
    for program_id, standing in by_program.items():
        if len(standing) > 1:
            of_its_arm = [one for one in standing if _is_held_out(one) == (program_id in held_out)]
            kept = rules.goes_on(
                [
                    (one.id, one.state == "active", len(one.data.get("sent", {})), one.lead_id == survivor_id)
                    for one in of_its_arm or standing
                ]
            )
            ended += [one for one in standing if one.id != kept]
            sent = {mail: at for one in standing for mail, at in one.data.get("sent", {}).items()}
            mails.remember(session, kept, {"sent": sent})
    leave_runs(session, ended, MERGED, now=now)
    return [one.id for one in ended]


def _is_held_out(run: OpenRun) -> bool:
    return run.state == "resting" and run.resting_reason == HELD_OUT


def _end_doubles(session: Session, lead_id: int, moved: Mapping[str, Sequence[str]], now: datetime) -> None:
    """No mail goes out that the person has had as the other lead, or gets twice over."""
    had = mails.had(session, lead_id, moved)
    for one in had:
        mails.remember(session, one.run_id, {"had": {**one.steps, "pass": one.pass_no}})
    again = mails.end_deliveries(session, mails.unsent_again(session, had), "skipped", now=now)
    enrollments.settle_sends(session, [Settled(one, "skipped", MERGED) for one in again], now=now)
    double = mails.end_deliveries(session, mails.double_newsletters(session, lead_id), "cancelled", now=now)
    newsletters.settled(session, [(one, "cancelled", MERGED) for one in double], now=now)


def _one_handoff(session: Session, survivor_id: int, alias_id: int, now: datetime) -> list[dict[str, Any]]:
    """The person is with sales once: by the hand-off that is further. What the others were."""
    standing = [
        (funnel.OPEN.index(one.state), lead_id == survivor_id, one, lead_id)
        for lead_id in (survivor_id, alias_id)
        for one in handoffs.standing(session, lead_id, funnel.OPEN)
    ]
    if len(standing) < 2:
        return []
    kept = max(standing, key=lambda one: (one[0], one[1]))
    others = [one for one in standing if one is not kept]
    handoffs.close(session, [one.id for _rank, _mine, one, _lead in others], now=now)
    messages = [
        Message(
            "handoff.revised",
            payload.revised(one.id, survivor_id, MERGED),
            survivor_id,
            f"handoff.revised:{one.id}",
        )
        for _rank, _mine, one, _lead in others
        if one.state in funnel.WITH_SALES
    ]
    write_messages(session, messages, now=now)
    return [dataclasses.asdict(one) for _rank, _mine, one, _lead in others]


def _stage(survivor: Row, alias: Row) -> str:
    return rules.stage(survivor["stage"], alias["stage"])


def _other(row: Row, survivor: Row, alias: Row, name: str) -> str | None:
    """The address or number that the person has beside the chosen one."""
    return next((one[name] for one in (alias, survivor) if one[name] and one[name] != row[name]), None)


def _join_consents(
    session: Session, survivor_id: int, alias_id: int, by: str, now: datetime
) -> list[dict[str, Any]]:
    """Write what holds for both into the survivor's ledger; each entry with what held before."""
    mine, other = consents.standing(session, survivor_id), consents.standing(session, alias_id)
    # A question that waits since takes no no back.
    refused = consents.refused(session, [survivor_id, alias_id])
    mine |= {purpose: consent.WITHDRAWN for lead, purpose in refused if lead == survivor_id}
    other |= {purpose: consent.WITHDRAWN for lead, purpose in refused if lead == alias_id}
    holding = consents.held(session, [survivor_id, alias_id])
    written = []
    for purpose in sorted({*mine, *other}):
        state = rules.consent(mine.get(purpose), other.get(purpose))
        if state is None:
            continue
        rests_on = holding.get((alias_id, purpose)) if other.get(purpose) == state else None
        proof = {"by": by, "lead": alias_id} | ({"consent": rests_on} if rests_on else {})
        if state == consent.GRANTED:
            before = consents.entry(session, rests_on) if rests_on else None
            words = before.wording if before is not None else ""
            entry = consent.grant(
                session, survivor_id, purpose, wording=words, channel=CHANNEL, proof=proof, now=now
            )
        else:
            no = consent.withdraw(session, survivor_id, [purpose], channel=CHANNEL, proof=proof, now=now)
            entry = no[0]
            stop(session, survivor_id, [purpose], UNSUBSCRIBED, now=now)
        written.append({"entry": entry, "purpose": purpose, "before": holding.get((survivor_id, purpose))})
    return written


def _suppress(
    session: Session, row: Row, survivor: Row, alias: Row, pepper: bytes, now: datetime
) -> list[int]:
    """Who asked to be left alone under one address is left alone under the other; the new entries."""
    addresses = {one["email_norm"] for one in (survivor, alias) if one["email_norm"]}
    if row["email_norm"] is None or len(addresses) < 2:
        return []
    digests = {address: suppressions.address_hash(pepper, address) for address in addresses}
    standing = suppressions.suppressed(session, digests.values())
    mine = digests[row["email_norm"]]
    reasons = [why for digest, why in standing.items() if digest != mine and why in rules.OF_THE_PERSON]
    if not reasons or mine in standing:
        return []
    new = NewSuppression(mine, sorted(reasons)[0], "merge", lead_id=survivor["id"])
    suppressions.suppress(session, [new], now=now)
    kept = suppressions.active(session, mine)
    return [kept.id] if kept is not None else []


def _tell(session: Session, noted: LeadMerge, email: str | None, now: datetime) -> None:
    data = {"lead": {"id": noted.lead_id, "email": email}, "merged": {"id": noted.alias_id}, "by": noted.by}
    key = f"lead.merged:{noted.id}"
    write_message(session, "lead.merged", data, lead_id=noted.lead_id, dedup_key=key, now=now)
    detail = {"lead": noted.alias_id, "merge": noted.id}
    users.audit(session, noted.by, "lead.merged", f"lead:{noted.lead_id}", now=now, detail=detail)
