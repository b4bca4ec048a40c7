"""Why a mail was sent, is not sent yet, or is not sent at all: one answer for a lead and a step.

The answer is read off what is recorded: where the run stands, what became of the step and of its mail.
Only a lead that was never in the chain is judged anew, by the conditions of entry.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from nurture.rules.conditions import AllOf, Condition, describe, holds
from nurture.rules.facts import Facts
from nurture.rules.program import Branch, Chain, Exit, Goto, Program, Send, Step, WaitFor
from nurture.rules.words import _, ngettext

SENT, DONE, NOT_YET, NO = "sent", "done", "not_yet", "no"
UNDER_WAY = ("scheduled", "ready", "leased", "sending", "deferred")


@dataclass(frozen=True, slots=True)
class Answer:
    """`state` is sent, done (a step that sends nothing), not_yet or no; `reason` the clause that says why,
    `at` when it happened or will, `detail` what the clause is filled with. `mail` tells whether the step
    sends one. `consent_id` is the entry of the ledger that the mail rested on."""

    state: str
    reason: str = ""
    at: datetime | None = None
    detail: Mapping[str, str] = field(default_factory=dict)
    mail: bool = True
    delivery_id: int | None = None
    consent_id: int | None = None


@dataclass(frozen=True, slots=True)
class MailRecord:
    """The newest delivery of a step or newsletter to the lead."""

    id: int
    state: str
    reason: str
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None
    sent_at: datetime | None
    bounced_at: datetime | None
    consent_id: int | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run of the lead in a chain of the program, as its row stands."""

    temperature: str
    state: str
    step_key: str | None
    due_at: datetime | None
    due_reason: str
    waiting_for: str | None
    resting_reason: str | None
    exit_reason: str | None
    settled_state: str | None
    entered_at: datetime
    over: bool


@dataclass(frozen=True, slots=True)
class EventRecord:
    """The newest line of history about a step."""

    what: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Around:
    """What holds for everybody: the switches, and the state of program and chain."""

    stopped: bool = False
    live: bool = True
    program_state: str = "live"
    chain_paused: bool = False


@dataclass(frozen=True)
class Known:
    """Everything recorded about a lead and a chain. `run` is the newest in this chain, `elsewhere` the
    temperature of the chain of the same program in which the lead stands open; `mails` and `events` are
    the newest by step. `facts` judges the entry of a lead that was never here; `erased` leads have none."""

    program: Program
    chain: Chain
    around: Around
    run: RunRecord | None = None
    elsewhere: str | None = None
    mails: Mapping[str, MailRecord] = field(default_factory=dict)
    events: Mapping[str, EventRecord] = field(default_factory=dict)
    facts: Facts | None = None
    erased: bool = False


def answers(known: Known, now: datetime) -> dict[str, Answer]:
    """The answer for every step of the chain."""
    return {key: answer(known, key, now) for key in known.chain.by_key}


def answer(known: Known, step_key: str, now: datetime) -> Answer:
    """The one current answer for a step of the chain. KeyError for a step it does not have."""
    step = known.chain.by_key[step_key]
    mail = known.mails.get(step_key)
    is_mail = isinstance(step, Send)
    if mail is not None and mail.state in UNDER_WAY:
        return _under_way(known.around, mail)
    run = known.run if known.run is not None and known.run.state != "ended" else None
    if run is not None and _stands_at(known.chain, run) == step_key and run.settled_state is None:
        return _standing(known.around, run, is_mail=is_mail, now=now)
    record = _record(step_key, mail, known.events.get(step_key), is_mail=is_mail)
    news = record is not None and (run is None or record[0] >= run.entered_at)
    if not news and run is not None and run.state == "active" and _comes(known.chain, run, step_key):
        return _ahead(known, run, is_mail=is_mail)
    if record is not None:
        return record[1]
    return _without_record(known, step_key, now, is_mail=is_mail)


@dataclass(frozen=True)
class NewsletterKnown:
    """Everything recorded about a lead and a newsletter. `fits` is the condition its readers meet;
    `looked_at` whether the lead's turn has been; `waits` until when and for what; erased leads have no
    `facts`."""

    around: Around
    state: str
    starts_at: datetime | None
    fits: Condition
    looked_at: bool
    mail: MailRecord | None
    waits: tuple[datetime, str] | None
    facts: Facts | None
    purpose: str


def newsletter_answer(known: NewsletterKnown, now: datetime) -> Answer:
    """The one current answer for a newsletter."""
    mail = known.mail
    if mail is not None and mail.state not in UNDER_WAY:
        return _of_mail(mail)
    if known.state == "paused" and (mail is not None or known.waits is not None):
        return Answer(NOT_YET, "newsletter_paused")
    if mail is not None:
        return _under_way(known.around, mail)
    if known.waits is not None:
        at, reason = known.waits
        return Answer(NOT_YET, reason if reason in _WAITS else "newsletter_turn", at)
    if known.state in ("draft", "cancelled"):
        return Answer(NO, f"newsletter_{known.state}")
    return _not_looked_at(known, now)


def _not_looked_at(known: NewsletterKnown, now: datetime) -> Answer:
    if known.facts is None:
        return Answer(NO, "erased")
    if known.purpose not in known.facts.consents:
        return Answer(NO, "no_consent")
    failing = _failing(known.fits, known.facts, now)
    if failing is not None:
        return Answer(NO, "condition", None, {"condition": describe(failing)})
    if known.looked_at:
        return Answer(NO, "newsletter_over")
    if known.state == "paused":
        return Answer(NOT_YET, "newsletter_paused")
    if known.state == "scheduled":
        return Answer(NOT_YET, "scheduled", known.starts_at)
    return Answer(NOT_YET, "newsletter_turn")


def reachable(chain: Chain, start: str | None) -> frozenset[str]:
    """The steps that a run may still come to after leaving `start` (None: before the first)."""
    found: set[str] = set()
    open_ends = [chain.first] if start is None else list(_next_to(chain, chain.by_key.get(start)))
    while open_ends:
        key = open_ends.pop()
        if key is None or key in found:
            continue
        found.add(key)
        open_ends.extend(_next_to(chain, chain.by_key.get(key)))
    return frozenset(found)


def _next_to(chain: Chain, step: Step | None) -> Iterator[str | None]:
    match step:
        case None | Exit():
            return
        case Branch(_key, arms):
            yield from (chain.into(step, arm.steps) for arm in arms)
            if all(arm.when is not None for arm in arms):
                yield chain.after[step.key]
        case WaitFor():
            yield chain.into(step, step.then)
            yield chain.into(step, step.otherwise)
        case Goto():
            if step.chain is None or step.chain == chain.temperature:
                yield step.step or chain.first
        case _:
            yield chain.after[step.key]


def _stands_at(chain: Chain, run: RunRecord) -> str | None:
    if run.state != "active" or run.over:
        return None
    return run.step_key or chain.first


def _comes(chain: Chain, run: RunRecord, step_key: str) -> bool:
    return not run.over and step_key in reachable(chain, run.step_key)


def _by(
    mail: MailRecord, state: str, reason: str, at: datetime | None, detail: Mapping[str, str] | None = None
) -> Answer:
    """An answer that rests on a delivery."""
    return Answer(state, reason, at, detail or {}, delivery_id=mail.id, consent_id=mail.consent_id)


def _under_way(around: Around, mail: MailRecord) -> Answer:
    """A mail that exists and has not come to its end."""
    if mail.state in ("leased", "sending"):
        return _by(mail, NOT_YET, "sending", mail.created_at)
    held = _held_by_all(around)
    if held:
        return _by(mail, NOT_YET, held, None)
    if mail.state == "deferred":
        return _by(mail, NOT_YET, "put_off", mail.due_at)
    waits = mail.reason in ("window", "own_pause")
    return _by(mail, NOT_YET, mail.reason if waits else "sending", mail.due_at)


def _held_by_all(around: Around) -> str:
    if around.stopped:
        return "stopped"
    if not around.live:
        return "not_live"
    if around.program_state == "paused":
        return "program_paused"
    return "chain_paused" if around.chain_paused else ""


def _standing(around: Around, run: RunRecord, *, is_mail: bool, now: datetime) -> Answer:
    """The run stands at this step and waits for something."""
    held = "program_paused" if around.program_state == "paused" else ""
    held = held or ("chain_paused" if around.chain_paused else "")
    if held:
        return Answer(NOT_YET, held, mail=is_mail)
    if run.due_reason == "held":
        return Answer(NOT_YET, "held", mail=is_mail)
    if run.due_at is None or run.due_at <= now:
        return Answer(NOT_YET, "due", run.due_at, mail=is_mail)
    reason = run.due_reason if run.due_reason in _WAITS else "until"
    return Answer(NOT_YET, reason, run.due_at, {"signal": run.waiting_for or ""}, mail=is_mail)


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
    step_key: str, mail: MailRecord | None, event: EventRecord | None, *, is_mail: bool
) -> tuple[datetime, Answer] | None:
    """When the step last came to an end, and how."""
    ended = (mail.settled_at or mail.sent_at or mail.created_at) if mail is not None else None
    if mail is not None and ended is not None and (event is None or event.at <= ended):
        return ended, _of_mail(mail)
    if event is None:
        return None
    if is_mail:
        return event.at, Answer(NO, _plain(event.reason), event.at, _told(event.reason))
    return event.at, Answer(DONE, "", event.at, mail=False)


def _of_mail(mail: MailRecord) -> Answer:
    at = mail.sent_at or mail.settled_at or mail.created_at
    if mail.state == "uncertain":
        return _by(mail, SENT, "uncertain", at)
    if mail.state == "sent":
        return _by(mail, SENT, "bounced" if mail.bounced_at else "", at)
    return _by(mail, NO, _plain(mail.reason or mail.state), at, _told(mail.reason))


def _plain(reason: str) -> str:
    """A recorded reason as the name of a clause; what follows a colon is its detail."""
    name = reason.partition(":")[0].strip()
    return name if name in _NOT_SENT else "other"


def _told(reason: str) -> dict[str, str]:
    name, _colon, more = reason.partition(":")
    return {"more": _EXITS.get(more.strip(), more.strip()), "name": name.strip().replace("_", " ")}


def _without_record(known: Known, step_key: str, now: datetime, *, is_mail: bool) -> Answer:
    if known.erased:
        return Answer(NO, "erased", mail=is_mail)
    run = known.run
    if run is None:
        return _outside(known, now, is_mail=is_mail)
    if run.state == "resting":
        return _resting(run, is_mail=is_mail)
    if run.state == "ended":
        reason = run.exit_reason or "done"
        detail = {"more": _EXITS.get(reason, reason.replace("_", " "))}
        if known.elsewhere is not None and known.elsewhere != known.chain.temperature:
            return Answer(NO, "moved_on", None, {"chain": known.elsewhere}, mail=is_mail)
        return Answer(NO, "left", None, detail, mail=is_mail)
    return Answer(NO, "another_way", mail=is_mail)


def _resting(run: RunRecord, *, is_mail: bool) -> Answer:
    if run.resting_reason == "repeat":
        return Answer(NOT_YET, "repeat", run.due_at, mail=is_mail)
    reason = run.resting_reason if run.resting_reason in _NOT_SENT else "finished"
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
    if program.goal is not None and holds(program.goal, lead, now):
        return Answer(NO, "goal", None, {"condition": describe(program.goal)}, mail=is_mail)
    if lead.temperature != chain.temperature:
        detail = {"temperature": lead.temperature, "chain": chain.temperature}
        return Answer(NO, "temperature", None, detail, mail=is_mail)
    if chain.enter is None:
        return Answer(NO, "no_entry", mail=is_mail)
    failing = _failing(chain.enter, lead, now)
    if failing is not None:
        return Answer(NO, "condition", None, {"condition": describe(failing)}, mail=is_mail)
    held = "program_paused" if known.around.program_state == "paused" else "enters"
    return Answer(NOT_YET, held, mail=is_mail)


def _failing(condition: Condition, lead: Facts, now: datetime) -> Condition | None:
    """The first part of a condition that does not hold; None when all of it does."""
    if holds(condition, lead, now):
        return None
    if isinstance(condition, AllOf):
        return next((f for part in condition.parts if (f := _failing(part, lead, now))), condition)
    return condition


def sentence(given: Answer, moment: Callable[[datetime], str]) -> str:
    """The answer in one sentence of the reader's language. `moment` writes an instant."""
    values = {name: _(text) if name in _WORDS else text for name, text in given.detail.items()}
    values["when"] = moment(given.at) if given.at is not None else ""
    for name in ("signal", "step", "chain", "condition", "temperature", "more", "name"):
        values.setdefault(name, "")
    if given.state == SENT:
        return _(_SENT[given.reason]).format(**values)
    if given.state == DONE:
        return _("Done {when}.").format(**values)
    if given.state == NOT_YET:
        clause = _(_WAITS[given.reason]).format(**values)
        return _("Not yet: {why}.").format(why=clause)
    clause = _(_NOT_SENT[given.reason]).format(**values).strip()
    return (_("Not sent: {why}.") if given.mail else _("Not taken: {why}.")).format(why=clause)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many leads wait at a step for the same thing. `at` is when, for those that share the moment,
    else when the first of them goes on."""

    step_key: str
    reason: str
    at: datetime | None
    shared: bool
    n: int


def waiting_sentence(waiting: Sequence[Waiting], moment: Callable[[datetime], str]) -> str:
    """ "412 wait for Tuesday 10:00, 31 over the cap": everything that is waited for at one step."""
    return ", ".join(_waiting_words(one, moment) for one in waiting)


def _waiting_words(one: Waiting, moment: Callable[[datetime], str]) -> str:
    if one.shared and one.at is not None:
        text = ngettext("{n} waits for {when}", "{n} wait for {when}", one.n)
        return text.format(n=one.n, when=moment(one.at))
    return _(_MANY.get(one.reason, _MANY["until"])).format(n=one.n)


# gettext reads these marks; the words themselves are looked up when a sentence is made.
_N = str
_WORDS = frozenset({"more", "temperature", "chain"})
_SENT = {
    "": _N("Sent {when}."),
    "uncertain": _N("Sent {when}, most likely: the server's answer was lost, so it is not sent again."),
    "bounced": _N("Sent {when}, and came back: the address does not take mail."),
}
_WAITS = {
    "sending": _N("it is handed to delivery and goes out within moments"),
    "stopped": _N("all sending is stopped; it goes out when sending resumes"),
    "not_live": _N("sending is not switched on yet; it goes out after going live"),
    "program_paused": _N("the program is paused"),
    "chain_paused": _N("the chain is paused"),
    "put_off": _N("the mail server asked to come back later; the next try is {when}"),
    "window": _N("outside the hours in which the program writes; it goes out {when}"),
    "frequency": _N("the lead has had enough mails for now; it can go out {when}"),
    "with_sales": _N("sales is talking to the lead; the chain goes on when they are done"),
    "own_pause": _N("the lead asked for a pause until {when}"),
    "wait": _N("the chain waits as written until {when}"),
    "wait_until": _N("it waits for {when}"),
    "wait_for": _N("it waits for the signal “{signal}” until {when}"),
    "until": _N("it is due {when}"),
    "spread": _N("many steps came due in a pause and go out one after the other; this one {when}"),
    "held": _N("it came due in a pause, too long ago to go on unasked; a person decides"),
    "due": _N("it is due now and is taken within moments"),
    "ahead": _N("the step “{step}” comes first, and its mail is on its way"),
    "ahead_until": _N("the step “{step}” comes first; it is due {when}"),
    "repeat": _N("the chain begins again {when}"),
    "enters": _N("the lead fits, and enters the chain when it is next looked at"),
    "scheduled": _N("the newsletter begins {when}"),
    "local_time": _N("it is sent at the lead's own local time, {when}"),
    "newsletter_paused": _N("the newsletter is paused"),
    "newsletter_turn": _N("the newsletter is going out; this lead's turn comes"),
}
_NOT_SENT = {
    "erased": _N("the person was erased"),
    "no_address": _N("there is no e-mail address"),
    "no_consent": _N("there was no consent for this purpose"),
    "suppressed": _N("the address must not be written to {more}"),
    "frequency": _N("the lead had had enough mails"),
    "window": _N("the window of the program never opened"),
    "own_pause": _N("the lead had asked for a pause"),
    "unsubscribed": _N("the lead unsubscribed"),
    "bounced": _N("the address does not exist, said the receiving server"),
    "refused": _N("the receiving server refused it for good {more}"),
    "given_up": _N("the receiving server put it off for days until it was given up"),
    "put_off": _N("the receiving server put it off {more}"),
    "render": _N("the mail could not be made: {more}"),
    "left": _N("the lead left the chain: {more}"),
    "moved_on": _N("the lead moved on to the {chain} chain"),
    "step_removed": _N("the step was taken out of the chain"),
    "chain_removed": _N("the chain was taken out of the program"),
    "removed_by_hand": _N("a person decided to leave it out"),
    "finished": _N("the lead came to the end of the chain another way"),
    "newsletter_only": _N("the lead came to the end of the chain and gets newsletters only"),
    "rest": _N("the lead rests after its temperature changed"),
    "holdout": _N("the lead belongs to the group that is compared with and gets no mails"),
    "circle": _N("the chain went in a circle"),
    "another_way": _N("the lead went another way through the chain"),
    "other_chain": _N("the lead stands in the {chain} chain"),
    "draft": _N("the program is not published"),
    "goal": _N("the goal of the program is reached: {condition}"),
    "temperature": _N("the lead is {temperature}, and this is the {chain} chain"),
    "no_entry": _N("leads come into this chain from other chains only"),
    "condition": _N("this does not hold: {condition}"),
    "newsletter_draft": _N("the newsletter is not scheduled"),
    "newsletter_cancelled": _N("the newsletter was cancelled"),
    "newsletter_over": _N("the newsletter had gone out before the lead belonged to its readers"),
    "too_late": _N("its time had passed before it could go out"),
    "other": _N("{name}"),
}
_EXITS = {
    "goal": _N("the goal was reached"),
    "unsubscribed": _N("it unsubscribed"),
    "warmed": _N("it became warmer"),
    "cooled": _N("it became cooler"),
    "erased": _N("the person was erased"),
    "goto": _N("the chain sent it on"),
    "done": _N("it had come to the end"),
    "hard_bounce": _N("(it does not exist)"),
    "complaint": _N("(a complaint)"),
    "unsubscribed_all": _N("(it wants no mails at all)"),
}
# Names that stand in clauses.
_TEMPERATURES = (_N("cold"), _N("warm"), _N("hot"))
_MANY = {
    "wait": _N("{n} in the wait as written"),
    "wait_until": _N("{n} until the day and hour"),
    "wait_for": _N("{n} for a signal"),
    "window": _N("{n} outside the hours of writing"),
    "frequency": _N("{n} over the cap"),
    "with_sales": _N("{n} while sales talks to them"),
    "own_pause": _N("{n} in a pause of their own"),
    "spread": _N("{n} one after the other after a pause"),
    "held": _N("{n} held for a person to decide"),
    "sending": _N("{n} on the way"),
    "until": _N("{n} due"),
}
