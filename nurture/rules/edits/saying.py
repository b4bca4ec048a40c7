"""A plan in words and numbers."""

from collections.abc import Callable, Iterator

from nurture.rules.edits.diff import ADDED, CHANGED, MOVED, REMOVED, Difference
from nurture.rules.edits.plan import (
    COMES_TO_THE_END,
    GOES_ON,
    LOOKS_AGAIN,
    NEW_WORDS,
    PASSES_OVER,
    RESTS,
    Effect,
    Plan,
)
from nurture.rules.words import _, ngettext

# What a step is called: (temperature, key) to words.
Name = Callable[[str, str], str]


def changes_in_words(difference: Difference) -> str:
    """ "3 steps added, 1 removed, 2 mails changed"; "" where nothing differs."""
    steps = {state: len(difference.steps(state)) for state in (ADDED, REMOVED, MOVED)}
    steps[CHANGED] = len(difference.steps(CHANGED))
    parts = [
        ngettext("{n} step added", "{n} steps added", steps[ADDED]).format(n=steps[ADDED]),
        ngettext("{n} step removed", "{n} steps removed", steps[REMOVED]).format(n=steps[REMOVED]),
        ngettext("{n} step moved", "{n} steps moved", steps[MOVED]).format(n=steps[MOVED]),
        ngettext("{n} step changed", "{n} steps changed", steps[CHANGED]).format(n=steps[CHANGED]),
    ]
    said = [part for part, n in zip(parts, steps.values(), strict=True) if n]
    said += _of_the_rest(difference)
    return ", ".join(said)


def _of_the_rest(difference: Difference) -> Iterator[str]:
    ways = sum(1 for chain in difference.chains for step in chain.steps if step.way and step.state == CHANGED)
    settings = len(difference.settings)
    settings += sum(len(chain.settings) for chain in difference.chains if chain.state == CHANGED)
    mails = {
        state: sum(mail.state == state for mail in difference.mails) for state in (ADDED, REMOVED, CHANGED)
    }
    told = (
        (ways, ngettext("{n} condition changed", "{n} conditions changed", ways)),
        (settings, ngettext("{n} setting changed", "{n} settings changed", settings)),
        (mails[ADDED], ngettext("{n} mail added", "{n} mails added", mails[ADDED])),
        (mails[REMOVED], ngettext("{n} mail removed", "{n} mails removed", mails[REMOVED])),
        (mails[CHANGED], ngettext("{n} mail changed", "{n} mails changed", mails[CHANGED])),
    )
    return (sentence.format(n=n) for n, sentence in told if n)


def plan_in_words(plan: Plan, name: Name) -> list[str]:
    """A sentence for every effect of moving those inside, the ones that change most for a lead first."""
    if not plan.inside:
        return [_("Nobody stands inside: nothing changes for anybody.")]
    order = (GOES_ON, COMES_TO_THE_END, RESTS, LOOKS_AGAIN, NEW_WORDS, PASSES_OVER)
    said = [effect_in_words(effect, name) for what in order for effect in plan.of(what)]
    if not said:
        n = plan.inside
        said = [
            ngettext(
                "{n} lead stands inside and keeps its step.",
                "{n} leads stand inside and keep their steps.",
                n,
            ).format(n=n)
        ]
    return [*said, _("Nobody gets a mail twice.")]


def effect_in_words(effect: Effect, name: Name) -> str:
    """One effect as a sentence."""
    n, here = effect.n, name(effect.temperature, effect.step_key) if effect.step_key else ""
    match effect.what:
        case "goes_on":
            to = name(effect.temperature, effect.to or "")
            sentence = ngettext(
                "{n} lead stands at “{step}”, which goes away, and goes on at “{to}”.",
                "{n} leads stand at “{step}”, which goes away, and go on at “{to}”.",
                n,
            )
            return sentence.format(n=n, step=here, to=to)
        case "comes_to_the_end":
            sentence = ngettext(
                "{n} lead stands at “{step}”, which goes away with all that follows: its chain ends.",
                "{n} leads stand at “{step}”, which goes away with all that follows: their chain ends.",
                n,
            )
        case "rests":
            sentence = ngettext(
                "{n} lead stands in a chain that goes away: it rests for 90 days and is then looked at.",
                "{n} leads stand in a chain that goes away: they rest for 90 days and are then looked at.",
                n,
            )
        case "looks_again":
            sentence = ngettext(
                "{n} lead stands at “{step}”, which changes: it decides anew by the new words.",
                "{n} leads stand at “{step}”, which changes: they decide anew by the new words.",
                n,
            )
        case "new_words":
            sentence = ngettext(
                "{n} lead gets the changed mail “{step}”.", "{n} leads get the changed mail “{step}”.", n
            )
        case _:
            sentence = ngettext(
                "{n} lead had the mail of “{step}” from another step, and passes it over.",
                "{n} leads had the mail of “{step}” from another step, and pass it over.",
                n,
            )
    return sentence.format(n=n, step=here)
