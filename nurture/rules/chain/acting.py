"""The steps that do something and go on."""

from dataclasses import replace

from nurture.rules.chain.values import Call, Emit, Hand, Leave, Outcome, SetTo, Tag, Tell
from nurture.rules.chain.walk import Walk
from nurture.rules.facts import SignalFact
from nurture.rules.program import (
    AddTags,
    CallWebhook,
    EmitSignal,
    Exit,
    HandOver,
    Notify,
    SetField,
    Step,
)


def hand_over(walk: Walk, step: HandOver) -> Outcome:
    walk.intents.append(Hand(step.key))
    return _done(walk, step, "handed_over")


def add_tags(walk: Walk, step: AddTags) -> Outcome:
    walk.intents.append(Tag(step.tags))
    walk.facts = replace(walk.facts, tags=walk.facts.tags | set(step.tags))
    return _done(walk, step)


def set_field(walk: Walk, step: SetField) -> Outcome:
    walk.intents.append(SetTo(step.field, step.to))
    changed = {step.field: step.to, f"fields.{step.field}": step.to}
    walk.facts = replace(walk.facts, fields={**walk.facts.fields, **changed})
    return _done(walk, step)


def emit_signal(walk: Walk, step: EmitSignal) -> Outcome:
    walk.intents.append(Emit(step, walk.standing.pass_no))
    seen = SignalFact(step.kind, walk.now, None, step.data)
    walk.facts = replace(walk.facts, signals=(*walk.facts.signals, seen))
    return _done(walk, step)


def notify(walk: Walk, step: Notify) -> Outcome:
    walk.intents.append(Tell(step, walk.standing.pass_no))
    return _done(walk, step)


def call_webhook(walk: Walk, step: CallWebhook) -> Outcome:
    walk.intents.append(Call(step, walk.standing.pass_no))
    return _done(walk, step)


def leave(walk: Walk, step: Exit) -> Outcome:
    walk.note(step, "done")
    return Leave(step.reason)


def _done(walk: Walk, step: Step, what: str = "done") -> Outcome:
    walk.note(step, what)
    return walk.on(step, walk.standing.since)
