"""What steps of a program say to others: their templates, and the addresses that they tell."""

from collections.abc import Iterator, Mapping
from typing import Any

from nurture.mail.phrases import phrase_faults
from nurture.rules.conditions.faults import Path
from nurture.rules.program import CallWebhook, Notify, Program, walk


def faults(program: Program, keys: Mapping[Path, str]) -> Iterator[tuple[Path, str]]:
    """(path, sentence) of everything in the words of steps that a template may not hold. `keys` is the key of
    every step by its path."""
    paths = {(path[1], key): path for path, key in keys.items()}
    for chain in program.chains.values():
        for step in walk(chain.steps):
            path = paths.get((chain.temperature, step.key), ())
            for names, text in _templates(step):
                yield from (((*path, *names), sentence) for _line, sentence in phrase_faults(text))


def addresses(program: Program) -> Iterator[tuple[tuple[str, str], str]]:
    """(temperature, step key) and each address that a step tells."""
    for chain in program.chains.values():
        for step in walk(chain.steps):
            if isinstance(step, Notify):
                yield from (((chain.temperature, step.key), address) for address in step.to)


def _templates(step: object) -> Iterator[tuple[Path, Any]]:
    if isinstance(step, Notify):
        yield ("notify", "subject"), step.subject
        yield ("notify", "text"), step.text
    elif isinstance(step, CallWebhook):
        yield ("webhook", "url"), step.url
        yield ("webhook", "body"), step.body
