"""What differs between two versions of a model, in sentences that a marketer reads."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from nurture.rules import duration, names
from nurture.rules.conditions import Condition, describe
from nurture.rules.model.values import Band, HeatModel, Readiness, ScoreRule, SignalRule
from nurture.rules.words import _


def changes(old: HeatModel, new: HeatModel) -> list[str]:
    """One sentence for each difference, in the order of the editor; none for models that say the same."""
    return [sentence for told in changes_by_part(old, new).values() for sentence in told]


def changes_by_part(old: HeatModel, new: HeatModel) -> dict[str, list[str]]:
    """The same by the parts of a model: temperature, signals, potential, readiness, at_once, need, data."""
    return {
        "temperature": [
            *_one(_("Half-life"), duration.describe(old.half_life), duration.describe(new.half_life)),
            *_band(_("Warm"), old.thresholds.warm, new.thresholds.warm),
            *_band(_("Hot"), old.thresholds.hot, new.thresholds.hot),
        ],
        "signals": list(_signals(old, new)),
        "potential": list(_scorecard(old, new)),
        "readiness": list(_readiness(old.readiness, new.readiness)),
        "at_once": list(_at_once(old.readiness, new.readiness)),
        "need": list(_need(old.readiness, new.readiness)),
        "data": list(_data(old.readiness, new.readiness)),
    }


def _one(what: str, before: object, after: object) -> Iterator[str]:
    if before != after:
        yield _("{what}: {before} → {after}").format(what=what, before=before, after=after)


def _band(what: str, old: Band, new: Band) -> Iterator[str]:
    yield from _one(_("{what}, reached at").format(what=what), _plain(old.rise), _plain(new.rise))
    yield from _one(_("{what}, left below").format(what=what), _plain(old.fall), _plain(new.fall))


def _signals(old: HeatModel, new: HeatModel) -> Iterator[str]:
    kinds = list(dict.fromkeys(rule.kind for rule in (*old.rules, *new.rules)))
    for kind in kinds:
        for before, after in zip_longest(old.rules_of(kind), new.rules_of(kind)):
            yield from _signal(before, after)


def _signal(before: SignalRule | None, after: SignalRule | None) -> Iterator[str]:
    rule = after or before
    if rule is None:
        return
    name = _rule_name(rule)
    if before is None:
        yield _("New: {name}, {points} points").format(name=name, points=_plain(rule.weight))
        return
    if after is None:
        yield _("Gone: {name}, {points} points").format(name=name, points=_plain(rule.weight))
        return
    if before.when != after.when:
        yield from _one(_("{name}, when").format(name=names.signal(rule.kind)), _when(before), _when(after))
    yield from _one(_("{name}, points").format(name=name), _plain(before.weight), _plain(after.weight))
    yield from _one(_("{name}, at most a day").format(name=name), before.cap or "–", after.cap or "–")
    yield from _one(_("{name}, puts the lead at").format(name=name), _floor(before), _floor(after))


def _rule_name(rule: SignalRule) -> str:
    name = names.signal(rule.kind)
    return f"{name} ({describe(rule.when)})" if rule.when is not None else name


def _when(rule: SignalRule) -> str:
    return describe(rule.when) if rule.when is not None else _("any other")


def _floor(rule: SignalRule) -> str:
    if rule.floor is None:
        return "–"
    name = names.trait(rule.floor)
    if rule.floor_for is None:
        return name
    return _("{name} for {span}").format(name=name, span=duration.describe(rule.floor_for))


def _scorecard(old: HeatModel, new: HeatModel) -> Iterator[str]:
    before, after = old.scorecard, new.scorecard
    if before is None or after is None:
        yield from _one(_("Scorecard"), _there(before), _there(after))
        return
    yield from _one(_("Grade A from"), _plain(before.a), _plain(after.a))
    yield from _one(_("Grade B from"), _plain(before.b), _plain(after.b))
    yield from _rules(_told(before.rules), _told(after.rules))


def _there(what: object) -> str:
    return _("none") if what is None else _("there is one")


def _told(rules: Sequence[ScoreRule]) -> list[tuple[Condition, str, str]]:
    return [(rule.when, rule.text, _plain(rule.points)) for rule in rules]


def _rules(
    old: Sequence[tuple[Condition, str, str]], new: Sequence[tuple[Condition, str, str]]
) -> Iterator[str]:
    """A rule is the same while its condition is; then its text, and else it is gone or new."""
    by_when = {when: (text, worth) for when, text, worth in old}
    by_text = {text: (when, worth) for when, text, worth in old}
    known: set[Condition] = set()
    for when, text, worth in new:
        if when in by_when:
            known.add(when)
            yield from _one(_("“{text}”").format(text=text), by_when[when][1], worth)
        elif text in by_text:
            known.add(by_text[text][0])
            yield from _one(_("“{text}”, when").format(text=text), describe(by_text[text][0]), describe(when))
            yield from _one(_("“{text}”").format(text=text), by_text[text][1], worth)
        else:
            yield _("New: “{text}”, {points}").format(text=text, points=worth)
    for when, text, worth in old:
        if when not in known:
            yield _("Gone: “{text}”, {points}").format(text=text, points=worth)


def _readiness(old: Readiness, new: Readiness) -> Iterator[str]:
    yield from _one(_("Handed over from a readiness of"), _plain(old.rise), _plain(new.rise))
    yield from _one(_("May ripen again below"), _plain(old.fall), _plain(new.fall))
    days = _("Not handed over for its score again, after sales gave it back, for days")
    yield from _one(days, _plain(old.cool_down_days), _plain(new.cool_down_days))
    parts = (("need", _("need")), ("activity", _("activity")), ("data", _("data")), ("bant", "BANT"))
    for name, said in parts:
        what = _("Points of {part}").format(part=said)
        yield from _one(what, _plain(getattr(old.parts, name)), _plain(getattr(new.parts, name)))
    yield from _one(
        _("Temperature at least"), _least(old.require.temperature), _least(new.require.temperature)
    )
    yield from _one(_("Grade at least"), old.require.grade or "–", new.require.grade or "–")


def _at_once(old: Readiness, new: Readiness) -> Iterator[str]:
    yield from _lists(_("At once when"), map(describe, old.always), map(describe, new.always))


def _need(old: Readiness, new: Readiness) -> Iterator[str]:
    yield from _rules(
        [(rule.when, rule.text, f"{_plain(rule.share)} %") for rule in old.need],
        [(rule.when, rule.text, f"{_plain(rule.share)} %") for rule in new.need],
    )


def _data(old: Readiness, new: Readiness) -> Iterator[str]:
    for letter in ("a", "b", "c"):
        what = _("Share of data for grade {grade}").format(grade=letter.upper())
        yield from _one(
            what, f"{_plain(getattr(old.data, letter))} %", f"{_plain(getattr(new.data, letter))} %"
        )
    yield from _lists(
        _("Field that counts"), map(names.field, old.data.fields), map(names.field, new.data.fields)
    )


def _least(temperature: str | None) -> str:
    return names.trait(temperature) if temperature else "–"


def _lists(what: str, old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    before, after = list(old), list(new)
    for one in after:
        if one not in before:
            yield _("New: {what} {one}").format(what=what, one=one)
    for one in before:
        if one not in after:
            yield _("Gone: {what} {one}").format(what=what, one=one)


def _plain(number: float) -> str:
    return f"{number:g}"
