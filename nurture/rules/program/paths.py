"""The ways through a chain, and whether the hottest of them comes to the next temperature."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from nurture.rules.model import HeatModel
from nurture.rules.program.steps import (
    Branch,
    Exit,
    Goto,
    Send,
    Split,
    Step,
    Wait,
    WaitFor,
    WaitUntilDate,
)
from nurture.rules.program.values import Chain, Program
from nurture.rules.reach import highest_heat
from nurture.rules.words import _

# More ways than a person designs; of more the first ones are looked at.
_MOST_WAYS = 256
_LONGEST = 400

Way = tuple[str | timedelta, ...]


def unreachable(program: Program, model: HeatModel) -> Iterator[tuple[str, str]]:
    """(temperature, sentence) for each chain whose mails, all opened and clicked at once, cannot warm a
    lead to the next chain of the program, with the highest heat that can be reached. Leads bring the
    heat of the colder chains along."""
    before: list[Way] = [()]
    for temperature, name in (("cold", "warm"), ("warm", "hot")):
        chain = program.chains.get(temperature)
        if chain is None or not chain.steps:
            continue
        ways = list(_ways(chain))
        rise = model.thresholds.warm.rise if name == "warm" else model.thresholds.hot.rise
        best, longest = max(
            ((highest_heat(model, (*b, *way)), (*b, *way)) for b in before for way in ways),
            key=lambda found: found[0],
        )
        if best < rise and name in program.chains:
            sentence = _(
                "No path of the {chain} chain can make a lead {name}: at best its heat reaches {best}, "
                "and {rise} is needed."
            )
            yield (
                temperature,
                sentence.format(chain=chain.temperature, name=name, best=f"{best:.0f}", rise=f"{rise:g}"),
            )
        before = [longest]


def _ways(chain: Chain) -> list[Way]:
    return list(islice(_from(chain, chain.first, 0), _MOST_WAYS)) or [()]


def _from(chain: Chain, key: str | None, steps: int) -> Iterator[Way]:
    """Every way from a step to the end; `goto` ends a way, for what comes then has been seen or belongs
    to another chain."""
    if key is None or steps > _LONGEST:
        yield ()
        return
    step = chain.by_key[key]
    for here, following in _choices(chain, step):
        for rest in _from(chain, following, steps + 1):
            yield (*here, *rest)


def _choices(chain: Chain, step: Step) -> Iterator[tuple[Way, str | None]]:
    after = chain.after[step.key]
    if isinstance(step, Send):
        yield (step.mail,), after
    elif isinstance(step, Wait):
        yield (step.duration.elapsed,), after
    elif isinstance(step, WaitFor):
        yield (), chain.into(step, step.then)
        yield (step.within.elapsed,), chain.into(step, step.otherwise)
    elif isinstance(step, Branch):
        for arm in step.arms:
            yield (), chain.into(step, arm.steps)
    elif isinstance(step, Split):
        for share in step.shares:
            yield (), chain.into(step, share.steps)
    elif isinstance(step, WaitUntilDate):
        yield (), after
        yield (), chain.into(step, step.otherwise)
    elif isinstance(step, Goto | Exit):
        yield (), None
    else:
        yield (), after
