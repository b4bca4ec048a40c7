"""What steps do beside the run: signals are recorded, people of the house told, webhooks written.

Everything becomes rows in the caller's transaction, in a fixed number of statements for a batch; mails and
posts go out on their own paths. The key of each row is built from run, step and pass, so that no repetition
makes a second one.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.flows.published import Published
from nurture.flows.queue_mail import keep_own_mail
from nurture.mail.phrases import filled, filled_json, filled_line, filled_url
from nurture.mail.prepare import RenderFault
from nurture.rules.chain import Call, Emit, Tell
from nurture.rules.messages import OF_STEPS, body
from nurture.rules.words import ENGLISH
from nurture.store import notices, signals, step_calls, step_people, steps
from nurture.store.notices import Notice
from nurture.store.signals import NewSignal
from nurture.store.step_calls import StepCall
from nurture.store.step_people import Colleague, Subject
from nurture.store.steps import NewEvent

SOURCE = "chain"
# Why nothing went out.
NOBODY, STRANGERS, INVENTED = "nobody_to_tell", "not_of_the_house", "demo"

_NOTICE = "chain_notice"


@dataclass(frozen=True, slots=True)
class Act:
    """What a step of a run asks for."""

    run_id: int
    lead_id: int
    published: Published
    temperature: str
    intent: Emit | Tell | Call

    @property
    def key(self) -> str:
        return f"{self.run_id}:{self.intent.step.key}:{self.intent.pass_no}"

    def told(self, what: str, reason: str) -> NewEvent:
        return NewEvent(self.run_id, self.lead_id, self.intent.step.key, what, reason)


@dataclass(frozen=True)
class _Outcome:
    """The mails and posts that came of acts, and what could not be done."""

    notices: list[tuple[str, Notice]]
    calls: list[StepCall]
    events: list[NewEvent]


def carry_out(session: Session, acts: Sequence[Act], *, now: datetime) -> None:
    """Do what these steps ask for. What cannot be done is told in the history of the run; the run goes on."""
    signals.add(
        session, [_signal(act, act.intent, now) for act in acts if isinstance(act.intent, Emit)], now=now
    )
    speaking = [act for act in acts if not isinstance(act.intent, Emit)]
    if not speaking:
        return
    subjects = step_people.subjects(session, sorted({act.lead_id for act in speaking}))
    outcome = _Outcome([], [], [])
    house = House.of(session) if any(isinstance(act.intent, Tell) for act in speaking) else None
    for act in speaking:
        subject = subjects.get(act.lead_id)
        if subject is not None:
            _speak(act, subject, house, outcome, now)
    _queue(session, outcome.notices, now)
    step_calls.write(session, outcome.calls, now=now)
    steps.note(session, outcome.events, now=now)


@dataclass(frozen=True)
class House:
    """The people of the house, and the domain whose addresses are theirs."""

    colleagues: Sequence[Colleague]
    domain: str
    language: str | None

    @staticmethod
    def of(session: Session) -> "House":
        domain, language = step_people.house(session)
        return House(step_people.colleagues(session), domain, language)

    def at(self, address: str) -> Colleague | None:
        """Who reads an address; None for one that is not of the house."""
        norm = address.lower()
        known = next((one for one in self.colleagues if one.email.lower() == norm), None)
        if known is not None:
            return known
        inside = self.domain and norm.rpartition("@")[2] == self.domain
        return Colleague(None, address, "", "", self.language) if inside else None


def _signal(act: Act, intent: Emit, now: datetime) -> NewSignal:
    step = intent.step
    return NewSignal(act.lead_id, step.kind, now, SOURCE, key=act.key, data=dict(step.data))


def _speak(act: Act, subject: Subject, house: House | None, outcome: _Outcome, now: datetime) -> None:
    if subject.is_demo:
        outcome.events.append(act.told("skipped", INVENTED))
        return
    try:
        if isinstance(act.intent, Tell) and house is not None:
            _tell(act, act.intent, subject, house, outcome)
        elif isinstance(act.intent, Call):
            outcome.calls.append(_call(act, act.intent, subject, now))
    except RenderFault as fault:
        outcome.events.append(act.told("skipped", f"render: {fault}"))


def _tell(act: Act, intent: Tell, subject: Subject, house: House, outcome: _Outcome) -> None:
    step = intent.step
    outside = [address for address in step.to if house.at(address) is None]
    people = [
        one
        for one in house.colleagues
        if (step.owner and one.id == subject.owner_id) or (step.role and one.role == step.role)
    ]
    people += [one for address in step.to if (one := house.at(address)) is not None]
    told = {one.email.lower(): one for one in people}
    if not told:
        outcome.events.append(act.told("skipped", STRANGERS if outside else NOBODY))
    for one in told.values():
        notice = Notice(f"step:{act.key}:{one.email.lower()}", one.email, _params(act, intent, subject, one))
        outcome.notices.append((one.language or ENGLISH, notice))


def _params(act: Act, intent: Tell, subject: Subject, reader: Colleague) -> Mapping[str, Any]:
    values, language = _values(act, subject), reader.language or ENGLISH
    company, role = subject.values.get("company", {}).get("name"), subject.values.get("role")
    text = filled(intent.step.text, values, language)
    return {
        "lead_id": subject.lead_id,
        "card_of": subject.lead_id,
        "colleague": reader.name,
        "lead": subject.name,
        "who": ", ".join(part for part in (role, company) if part),
        "phone": subject.values.get("phone", ""),
        "program": act.published.program.name,
        "subject": filled_line(intent.step.subject, values, language),
        "lines": [line for line in text.splitlines() if line.strip()],
    }


def _call(act: Act, intent: Call, subject: Subject, now: datetime) -> StepCall:
    step, values = intent.step, _values(act, subject)
    origin = step.url.partition("{")[0]
    return StepCall(
        endpoint=step.url if origin == step.url else _origin(step.url),
        url=filled_url(step.url, values),
        body=_body(act, step.body, values, subject, now),
        lead_id=act.lead_id,
        dedup_key=f"{OF_STEPS}:{act.key}",
    )


def _origin(url: str) -> str:
    """Scheme and host of an address: what does not change from lead to lead."""
    scheme, _slashes, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}/"


def _body(act: Act, said: Any, values: dict[str, Any], subject: Subject, now: datetime) -> bytes:
    if said is not None:
        return json.dumps(filled_json(said, values), ensure_ascii=False, separators=(",", ":")).encode()
    lead = {"id": subject.lead_id, "name": subject.name, "email": subject.values.get("email")}
    data = {**values["params"], "enrollment_id": act.run_id, "lead": lead}
    return body(OF_STEPS, now, data)


def _values(act: Act, subject: Subject) -> dict[str, Any]:
    params = {
        "program": act.published.program.key,
        "chain": act.temperature,
        "step": act.intent.step.key,
    }
    return {"lead": subject.values, "params": params}


def _queue(session: Session, told: Sequence[tuple[str, Notice]], now: datetime) -> None:
    for language in sorted({language for language, _notice in told}):
        version_id = keep_own_mail(session, _NOTICE, [language], now=now)
        mine = [notice for one, notice in told if one == language]
        notices.queue(session, version_id, mine, now=now)
