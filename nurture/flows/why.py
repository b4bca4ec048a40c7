"""Why a lead got a mail, does not get it yet, or does not get it: read in the caller's session, nothing
is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import NotFound
from nurture.flows import model_facts
from nurture.flows.newsletters import addressed
from nurture.rules import program as program_rules
from nurture.rules import why as rules
from nurture.rules.program import Chain, Program, Send, Step
from nurture.rules.why import (
    GRANTED,
    Answer,
    Around,
    Known,
    MailRecord,
    NewsletterKnown,
    Said,
    StepReasons,
    Waiting,
    refusal_at,
    standing_at,
)
from nurture.rules.words import _
from nurture.store import facts, newsletters, programs
from nurture.store import installation as installations
from nurture.store import why as store
from nurture.store.newsletters import Newsletter
from nurture.store.views import step_reasons
from nurture.store.views.step_reasons import Standing
from nurture.store.why import ChainAsked, RunFound

_FOR_WANT_OF_CONSENT = ("no_consent", "unsubscribed")


@dataclass(frozen=True)
class ChainAnswers:
    """The answers for a lead and every step of a chain, in the order of the chain. `program` is the published
    one; `version` the number of the older one that leads the lead's own run, and tells its steps; `timezone`
    that of the version it is told by. `known` is every step of which it tells, by its key."""

    program_id: int
    program: Program
    version: int | None
    timezone: str
    chain_id: int
    temperature: str
    steps: Mapping[str, Answer]
    sends: frozenset[str]
    known: Mapping[str, Step]


@dataclass(frozen=True)
class StepStats:
    """One step: `counts` what happened there so far, `reasons` who waits there for what, and whose mail
    was not sent and why. `step` is as the published version has it, or else (`older`) an older one on which
    leads finish."""

    key: str
    step: Step | None
    older: bool
    counts: Mapping[str, int]
    reasons: StepReasons


def why(
    session: Session, lead_id: int, chain: str | None, *, now: datetime, live: bool = False
) -> ChainAnswers:
    """The answers for the lead in a chain, named by its id or as program/temperature; None is the chain
    in which the lead stands or stood last. `live`: sending does not wait for the go-live switch. Raises
    NotFound for a lead or chain that does not exist."""
    person = store.lead(session, lead_id)
    if person is None:
        raise NotFound(_("There is no such lead."))
    asked = _chain(session, lead_id, chain)
    published = program_rules.read(asked.spec)
    runs = store.runs(session, lead_id, asked.program_id)
    here = [run for run in runs if run.chain_id == asked.chain_id]
    elsewhere = next((run.record.temperature for run in runs if run.record.state != "ended"), None)
    own = _older(session, asked, here)
    program = published if own is None else own
    needs_facts = not here and elsewhere is None and not person.erased
    known = Known(
        program=program,
        chain=_chain_of(program, asked.temperature),
        around=_around(asked, live=live),
        run=here[0].record if here else None,
        elsewhere=elsewhere,
        mails=store.mails(session, lead_id, asked.chain_id),
        events=store.events(session, [run.id for run in here]),
        facts=model_facts.load(session, [lead_id], now=now, model_id=asked.model_id).get(lead_id)
        if needs_facts
        else None,
        erased=person.erased,
        version=here[0].version_no if own is not None else None,
        later=_chain_of(published, asked.temperature) if own is not None else None,
    )
    every = {**(known.later.by_key if known.later is not None else {}), **known.chain.by_key}
    sends = frozenset(key for key, step in every.items() if isinstance(step, Send))
    ledger = _ledger(session, lead_id)
    steps = {key: ledger.named(one, program.purpose) for key, one in rules.answers(known, now).items()}
    return ChainAnswers(
        program_id=asked.program_id,
        program=published,
        version=known.version,
        timezone=program.timezone,
        chain_id=asked.chain_id,
        temperature=asked.temperature,
        steps=steps,
        sends=sends,
        known=every,
    )


def _older(session: Session, asked: ChainAsked, here: Sequence[RunFound]) -> Program | None:
    """The program as the lead's newest run in the chain goes through it, where that is an older version."""
    if not here or here[0].version_id == asked.version_id:
        return None
    spec, _mails = programs.specs(session, [here[0].version_id])[here[0].version_id]
    return program_rules.read(spec)


def _chain_of(program: Program, temperature: str) -> Chain:
    return program.chains.get(temperature) or Chain(temperature, ())


def chain_of(session: Session, lead_id: int) -> int | None:
    """The chain in which the lead stands, or stood last."""
    return store.chain_of_lead(session, lead_id)


def why_newsletter(
    session: Session, lead_id: int, newsletter_id: int, *, now: datetime, live: bool = False
) -> Answer:
    """The answer for the lead and a newsletter. Raises NotFound for one that does not exist."""
    if store.lead(session, lead_id) is None:
        raise NotFound(_("There is no such lead."))
    newsletter = newsletters.get(session, newsletter_id)
    if newsletter is None:
        raise NotFound(_("There is no such newsletter."))
    return _of_newsletters(session, lead_id, [newsletter], now=now, live=live)[newsletter_id]


def why_newsletters(
    session: Session, lead_id: int, *, most: int = 20, now: datetime, live: bool = False
) -> list[tuple[Newsletter, Answer]]:
    """The newest newsletters, each with the answer for the lead, in a fixed number of statements. Raises
    NotFound for a lead that does not exist."""
    if store.lead(session, lead_id) is None:
        raise NotFound(_("There is no such lead."))
    found = newsletters.recent(session, limit=most)
    answers = _of_newsletters(session, lead_id, found, now=now, live=live)
    return [(one, answers[one.id]) for one in found]


def _of_newsletters(
    session: Session, lead_id: int, found: Sequence[Newsletter], *, now: datetime, live: bool
) -> dict[int, Answer]:
    ids = [one.id for one in found]
    mails, waits = newsletters.mails_of(session, ids, lead_id), newsletters.waits_of(session, ids, lead_id)
    house, person = installations.get(session), store.lead(session, lead_id)
    around = Around(stopped=house.sending_stopped, live=live or house.live)
    erased = person is None or person.erased
    known = None if erased else facts.load(session, [lead_id], now=now).get(lead_id)
    ledger = _ledger(session, lead_id)
    answers = {}
    for one in found:
        mail, wait = mails.get(one.id), waits.get(one.id)
        asked = NewsletterKnown(
            around=around,
            state=one.state,
            starts_at=one.starts_at,
            fits=addressed(one),
            looked_at=one.looked_at is not None or one.cursor >= lead_id,
            mail=MailRecord(**mail) if mail is not None else None,
            waits=(wait.due_at, wait.reason) if wait is not None else None,
            facts=known,
            purpose=one.purpose,
            stood=standing_at(ledger.said, one.purpose, one.looked_at) if one.looked_at else None,
        )
        answers[one.id] = ledger.named(rules.newsletter_answer(asked, now), one.purpose)
    return answers


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What the lead said and when, and the entries that refuse now, by purpose."""

    said: Sequence[Said]
    refused: Mapping[str, int]

    def named(self, answer: Answer, purpose: str) -> Answer:
        """A no for want of consent names the entry that took it away: as recorded with the decision, or
        else as the ledger stood at that moment; where nothing was decided yet, the one that holds now."""
        if answer.reason not in _FOR_WANT_OF_CONSENT:
            return answer
        agreed = any(one.id == answer.consent_id and one.state == GRANTED for one in self.said)
        if answer.consent_id is not None and not agreed:
            return answer
        then = refusal_at(self.said, purpose, answer.at) if answer.at is not None else None
        return replace(answer, consent_id=then.id if then is not None else self.refused.get(purpose))


def _ledger(session: Session, lead_id: int) -> _Ledger:
    return _Ledger(store.said(session, lead_id), store.refusals(session, lead_id))


def chain_stats(session: Session, chain_id: int, *, live: bool = False) -> list[StepStats]:
    """Every step of a chain with its counts, in the order of the chain. `live`: sending does not wait for
    the go-live switch. Raises NotFound."""
    asked = store.chain(session, chain_id)
    if asked is None:
        raise NotFound(_("There is no such chain."))
    standing = step_reasons.standing(session, chain_id, live=live)
    tallies = step_reasons.tallies(session, chain_id)
    chain = _chain_of(program_rules.read(asked.spec), asked.temperature)
    older = _older_chains(session, asked, standing)
    waiting: dict[str, list[Waiting]] = {}
    steps: dict[str, Step | None] = dict(chain.by_key)
    for one in standing:
        on = chain if one.version_id is None else older[one.version_id]
        key = one.waiting.step_key or on.first or ""
        waiting.setdefault(key, []).append(replace(one.waiting, step_key=key))
        if key:
            steps.setdefault(key, on.by_key.get(key))
    return [_stats(key, step, chain, tallies, waiting) for key, step in steps.items()]


def _older_chains(session: Session, asked: ChainAsked, standing: Sequence[Standing]) -> dict[int, Chain]:
    """The chain in each older version on which leads finish."""
    ids = sorted({one.version_id for one in standing if one.version_id is not None})
    specs = programs.specs(session, ids) if ids else {}
    return {
        one: _chain_of(program_rules.read(spec), asked.temperature) for one, (spec, _mails) in specs.items()
    }


def _stats(
    key: str,
    step: Step | None,
    chain: Chain,
    tallies: Mapping[str, Mapping[str, int]],
    waiting: Mapping[str, Sequence[Waiting]],
) -> StepStats:
    counts = tallies.get(key, {})
    left_out = step_reasons.not_sent(counts)
    reasons = StepReasons(tuple(waiting.get(key, ())), counts.get("sent", 0), left_out)
    return StepStats(key, step, key not in chain.by_key, counts, reasons)


def _chain(session: Session, lead_id: int, named: str | None) -> ChainAsked:
    found = None
    if named is None:
        chain_id = store.chain_of_lead(session, lead_id)
        found = store.chain(session, chain_id) if chain_id is not None else None
    elif named.isdecimal() and len(named) < 19:
        found = store.chain(session, int(named))
    else:
        program, _slash, temperature = named.partition("/")
        found = store.chain_named(session, program, temperature)
    if found is None:
        raise NotFound(_("There is no such chain.") if named else _("The lead never stood in a chain."))
    return found


def _around(asked: ChainAsked, *, live: bool) -> Around:
    return Around(
        stopped=asked.stopped,
        live=live or asked.live,
        program_state=asked.program_state,
        chain_paused=asked.chain_paused,
    )
