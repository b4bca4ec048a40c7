"""What a model may say and hardly means: nothing of it is wrong, and all of it is worth a look."""

from collections.abc import Iterator, Set

from nurture.rules.conditions import parts_of
from nurture.rules.conditions.seen import CUSTOM, DATES, OF_COMPANY, PLAIN
from nurture.rules.conditions.tree import Compare
from nurture.rules.model.values import HeatModel
from nurture.rules.names import FIELDS
from nurture.rules.words import _

_ALWAYS_KNOWN = frozenset({*PLAIN, *FIELDS, *(f"company.{name}" for name in OF_COMPANY)})
_WHOLE = 100


def asked_fields(model: HeatModel) -> frozenset[str]:
    """Names of fields that the model asks for and that only the leads themselves can tell to exist: those of
    custom fields, without their prefix, and "company.<name>"."""
    asked = {one.field for rule in model.conditions for one in parts_of(rule) if isinstance(one, Compare)}
    asked |= set(model.readiness.data.fields)
    return frozenset(
        name.removeprefix(CUSTOM) for name in asked - _ALWAYS_KNOWN if not name.startswith(DATES)
    )


def doubts(model: HeatModel, unknown: Set[str]) -> list[str]:
    """The doubts in sentences; `unknown` are fields that no lead has."""
    return [*_of_heat(model), *_of_the_card(model), *_of_readiness(model), *_of_fields(unknown)]


def _of_heat(model: HeatModel) -> Iterator[str]:
    if not any(rule.weight > 0 or rule.floor for rule in model.rules):
        yield _("No signal gives points: nobody becomes warm.")


def _of_the_card(model: HeatModel) -> Iterator[str]:
    card = model.scorecard
    if card is None:
        if model.readiness.require.grade:
            yield _("A grade is required, and there is no scorecard: nobody is handed over by points.")
        return
    most = sum(rule.points for rule in card.rules if rule.points > 0)
    if most < card.a:
        yield _("All rules of the scorecard together give {most} points: nobody can be an A.").format(
            most=f"{most:g}"
        )


def _of_readiness(model: HeatModel) -> Iterator[str]:
    policy = model.readiness
    most = policy.parts.need + policy.parts.activity + policy.parts.data + policy.parts.bant
    if most < policy.rise:
        yield _(
            "The parts of readiness give {most} points at their best: nobody can reach {rise} points."
        ).format(most=f"{most:g}", rise=f"{policy.rise:g}")
    elif most != _WHOLE:
        yield _("The parts of readiness give {most} points at their best, and are shown out of 100.").format(
            most=f"{most:g}"
        )


def _of_fields(unknown: Set[str]) -> Iterator[str]:
    for name in sorted(unknown):
        yield _('No lead has a field called "{name}" so far: what asks for it does not hold.').format(
            name=name
        )
