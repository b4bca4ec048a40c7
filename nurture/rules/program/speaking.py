"""In whose name the mails of a program go out, as it says itself; rules/senders.py tells what may be said."""

from collections.abc import Iterator, Mapping
from typing import Any

from nurture.rules.program.steps import Send
from nurture.rules.program.values import Program
from nurture.rules.senders import HOUSE


def of_mail(program: Program | None, mail_key: str, mail_says: str) -> str:
    """What holds for a mail looked at by itself (a test, a preview): what every step that sends it says, else
    the mail, else the program."""
    if program is None:
        return mail_says or HOUSE
    steps = [step for chain in program.chains.values() for step in chain.by_key.values()]
    told = {step.sender for step in steps if isinstance(step, Send) and step.mail == mail_key}
    by_steps = told.pop() if len(told) == 1 else None
    return by_steps or mail_says or program.sender


def by_steps(program: Program | None, mail_key: str, mail_says: str) -> list[str]:
    """Everybody in whose name a mail goes out, in the order of the steps that send it; without any, in whose
    name it would."""
    if program is None:
        return [mail_says or HOUSE]
    steps = [step for chain in program.chains.values() for step in chain.by_key.values()]
    told = [step.sender for step in steps if isinstance(step, Send) and step.mail == mail_key]
    return list(dict.fromkeys(one or mail_says or program.sender for one in told or [None]))


def at_step(program: Program, temperature: str, step_key: str, mail_says: str) -> str:
    """What holds for the mail of one step."""
    step = program.chains[temperature].by_key.get(step_key)
    return (step.sender if isinstance(step, Send) else None) or mail_says or program.sender


def said_in(spec: Any) -> Iterator[str]:
    """Every saying in a plain program: its own, and those of its steps."""
    if isinstance(spec, Mapping):
        yield from _texts(spec.get("sender"))
        yield from _said_by_steps(spec.get("chains"))


def _said_by_steps(plain: Any) -> Iterator[str]:
    if isinstance(plain, Mapping):
        if "send" in plain:
            yield from _texts(plain.get("sender"))
        for value in plain.values():
            yield from _said_by_steps(value)
    elif isinstance(plain, list | tuple):
        for one in plain:
            yield from _said_by_steps(one)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip().lower()
