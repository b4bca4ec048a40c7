"""The whole tree of a domain's SPF record, as somebody who keeps it wants to see it: every question it can
cost, every domain it takes in, and what is wrong, whoever sends."""

from dataclasses import dataclass, field

from nurture.net.spf.check import Ask
from nurture.net.spf.terms import BadRecord, Term, of_domain, parse

_DEEPEST = 12


@dataclass
class Walk:
    """`questions` counts those of the worst case; `includes` are the domains taken in at any depth; `all`
    is the sign of what stands for everybody else ("" if nothing does); `fault` names a term, or a domain
    without a usable record, that breaks the whole; `away` one that no name server answered for."""

    questions: int = 0
    includes: list[str] = field(default_factory=list)
    all: str = ""
    fault: str = ""
    away: str = ""


def walk(ask: Ask, record: str) -> Walk:
    """Read the record of a domain with everything that it includes."""
    found = Walk()
    _read(ask, record, found, 0)
    return found


def _read(ask: Ask, record: str, found: Walk, depth: int) -> None:
    try:
        terms = parse(record)
    except BadRecord as fault:
        found.fault = found.fault or str(fault)
        return
    for term in terms:
        found.questions += term.asks
        if term.name == "all" and not depth:
            found.all = term.sign
        if term.name in ("include", "redirect"):
            _follow(ask, term, found, depth)
        if term.name == "all":
            return  # what stands behind it is never read


def _follow(ask: Ask, term: Term, found: Walk, depth: int) -> None:
    target = term.value.lower().rstrip(".")
    if "%" in target or depth >= _DEEPEST or target in found.includes:
        return
    found.includes.append(target)
    answer = ask(target, "TXT")
    if answer.fault:
        found.away = found.away or target
        return
    records = of_domain(answer.values)
    if len(records) != 1:
        found.fault = found.fault or target
        return
    # The record of a redirect takes the place of the one that names it.
    _read(ask, records[0], found, depth if term.name == "redirect" else depth + 1)
