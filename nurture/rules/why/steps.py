"""Why a mail was sent, is not sent yet, or is not sent at all: one answer for a lead and a step.

The answer is read off what is recorded: where the run stands, what became of the step and of its mail.
Only a lead that was never in the chain is judged anew, by the conditions of entry.
"""

from datetime import datetime

from nurture.rules.chain import HELD, LOOPING
from nurture.rules.conditions import describe, first_failing, holds
from nurture.rules.program import Chain, Send
from nurture.rules.why.mails import of_mail, plain, told, under_way
from nurture.rules.why.values import (
    DONE,
    NO,
    NOT_YET,
    UNDER_WAY,
    Answer,
    Around,
    EventRecord,
    Known,
    MailRecord,
    RunRecord,
)
from nurture.rules.why.ways import reachable
from nurture.rules.why.wording import EXITS, NOT_SENT, WAITS


def answers(known: Known, now: datetime) -> dict[str, Answer]:
    """The answer for every step of the chain, then for those that only the published version has."""
    found = {key: answer(known, key, now) for key in known.chain.by_key}
    later = known.later.by_key if known.later is not None else {}
    return found | {key: _of_later(known, key, now) for key in later if key not in found}


def answer(known: Known, step_key: str, now: datetime) -> Answer:
    """The one current answer for a step of the chain. KeyError for a step it does not have."""
    step = known.chain.by_key[step_key]
    mail = known.mails.get(step_key)
    is_mail = isinstance(step, Send)
    if mail is not None and mail.state in UNDER_WAY:
        return under_way(known.around, mail)
    run = known.run if known.run is not None and known.run.state != "ended" else None
    if run is not None and _stands_at(known.chain, run) == step_key and run.settled_state is None:
        return _standing(known.around, run, is_mail=is_mail, now=now)
    record = _record(mail, known.events.get(step_key), is_mail=is_mail)
    news = record is not None and (run is None or record[0] >= run.entered_at)
    if not news and run is not None and run.state == "active" and _comes(known.chain, run, step_key):
        return _ahead(known, run, is_mail=is_mail)
    if record is not None:
        return record[1]
    return _without_record(known, now, is_mail=is_mail)


def _of_later(known: Known, step_key: str, now: datetime) -> Answer:
    """A step that the version which leads the run does not have."""
    mail = known.mails.get(step_key)
    is_mail = known.later is not None and isinstance(known.later.by_key[step_key], Send)
    if mail is not None and mail.state in UNDER_WAY:
        return under_way(known.around, mail)
    record = _record(mail, known.events.get(step_key), is_mail=is_mail)
    if record is not None:
        return record[1]
    if known.run is not None and known.run.state != "ended":
        return Answer(NO, "older_version", None, {"name": str(known.version)}, mail=is_mail)
    return _without_record(known, now, is_mail=is_mail)


def _stands_at(chain: Chain, run: RunRecord) -> str | None:
    if run.state != "active" or run.over:
        return None
    return run.step_key or chain.first


def _comes(chain: Chain, run: RunRecord, step_key: str) -> bool:
    return not run.over and step_key in reachable(chain, run.step_key)


def _standing(around: Around, run: RunRecord, *, is_mail: bool, now: datetime) -> Answer:
    """The run stands at this step and waits for something."""
    held = "program_paused" if around.program_state == "paused" else ""
    held = held or ("chain_paused" if around.chain_paused else "")
    if held:
        return Answer(NOT_YET, held, mail=is_mail)
    if run.due_reason in (HELD, LOOPING):
        return Answer(NOT_YET, run.due_reason, mail=is_mail)
    if run.due_at is None or run.due_at <= now:
        return Answer(NOT_YET, "due", run.due_at, mail=is_mail)
    reason = run.due_reason if run.due_reason in WAITS else "until"
    detail = {"signal": run.waiting_for or ""}
    return Answer(NOT_YET, reason, run.due_at, detail, mail=is_mail)


def _ahead(known: Known, run: RunRecord, *, is_mail: bool) -> Answer:
    """The run comes to this step later; what it waits for now comes first."""
    held = "program_paused" if known.around.program_state == "paused" else ""
    held = held or ("chain_paused" if known.around.chain_paused else "")
    if held:
        return Answer(NOT_YET, held, mail=is_mail)
    step = run.step_key or known.chain.first or ""
    reason = "ahead" if run.due_at is None else "ahead_until"
    return Answer(NOT_YET, reason, run.due_at, {"step": step}, mail=is_mail)


def _record(
    mail: MailRecord | None, event: EventRecord | None, *, is_mail: bool
) -> tuple[datetime, Answer] | None:
    """When the step last came to an end, and how."""
    ended = (mail.settled_at or mail.sent_at or mail.created_at) if mail is not None else None
    if mail is not None and ended is not None and (event is None or event.at <= ended):
        return ended, of_mail(mail)
    if event is None:
        return None
    if is_mail or event.what == "skipped":
        why = plain(event.reason), event.at, told(event.reason)
        return event.at, Answer(NO, *why, mail=is_mail, consent_id=event.consent_id)
    return event.at, Answer(DONE, "", event.at, mail=False)


def _without_record(known: Known, now: datetime, *, is_mail: bool) -> Answer:
    if known.erased:
        return Answer(NO, "erased", mail=is_mail)
    run = known.run
    if run is None:
        return _outside(known, now, is_mail=is_mail)
    if run.state == "resting":
        return _resting(run, is_mail=is_mail)
    if run.state == "ended":
        reason = run.exit_reason or "done"
        detail = {"more": EXITS.get(reason, reason.replace("_", " "))}
        if known.elsewhere is not None and known.elsewhere != known.chain.temperature:
            return Answer(NO, "moved_on", None, {"chain": known.elsewhere}, mail=is_mail)
        return Answer(NO, "left", None, detail, mail=is_mail)
    return Answer(NO, "another_way", mail=is_mail)


def _resting(run: RunRecord, *, is_mail: bool) -> Answer:
    if run.resting_reason == "repeat":
        return Answer(NOT_YET, "repeat", run.due_at, mail=is_mail)
    reason = run.resting_reason if run.resting_reason in NOT_SENT else "finished"
    return Answer(NO, str(reason), mail=is_mail)


def _outside(known: Known, now: datetime, *, is_mail: bool) -> Answer:
    """The lead was never in this chain."""
    program, chain, lead = known.program, known.chain, known.facts
    if known.elsewhere is not None:
        return Answer(NO, "other_chain", None, {"chain": known.elsewhere}, mail=is_mail)
    if known.around.program_state == "draft":
        return Answer(NO, "draft", mail=is_mail)
    if lead is None:
        return Answer(NO, "erased", mail=is_mail)
    if program.goal is not None and holds(program.goal.when, lead, now):
        return Answer(NO, "goal", None, {"condition": describe(program.goal.when)}, mail=is_mail)
    if lead.temperature != chain.temperature:
        detail = {"temperature": lead.temperature, "chain": chain.temperature}
        return Answer(NO, "temperature", None, detail, mail=is_mail)
    if chain.enter is None:
        return Answer(NO, "no_entry", mail=is_mail)
    failing = first_failing(chain.enter.when, lead, now) if chain.enter.when is not None else None
    if failing is not None:
        return Answer(NO, "condition", None, {"condition": describe(failing)}, mail=is_mail)
    if chain.enter.by_occasion:
        return Answer(NOT_YET, "occasion", mail=is_mail)
    held = "program_paused" if known.around.program_state == "paused" else "enters"
    return Answer(NOT_YET, held, mail=is_mail)
