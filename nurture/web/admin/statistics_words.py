"""Statistics in words: how runs left, how groups compare, how long leads stayed."""

from collections.abc import Mapping

from babel.numbers import format_decimal, format_percent

from nurture.rules.program import Branch, Step
from nurture.rules.statistics.comparing import LEAST_LEADS, Comparison, Interval
from nurture.rules.statistics.stays import AT_ONCE, seconds_of
from nurture.rules.statistics.ways_out import fate_of
from nurture.rules.words import _, ngettext
from nurture.web.admin.step_words import ways
from nurture.web.language import locale
from nurture.web.rendering import number, percentage, short_span
from nurture.web.wording import says

_LEAST_RATE = 0.0005
# gettext reads these marks; the words themselves are looked up at each request.
_N = str
_LEFT = {
    "replied": _N("replied"),
    "unsubscribed": _N("unsubscribed"),
    "handed_over": _N("handed over"),
    "hand_over": _N("handed over"),
    "erased": _N("erased"),
    "held": _N("taken out by hand"),
    "start_undone": _N("taken out by hand"),
    "entered_anew": _N("came in anew"),
    "opportunity": _N("a meeting was set"),
    "customer": _N("won"),
    "lost": _N("lost"),
}
_RESTS = {
    "holdout": _N("held out for comparison"),
    "circle": _N("went in a circle"),
    "chain_removed": _N("its chain was taken out"),
}
_OVER = {
    "cold": _N("to the cold chain"),
    "warm": _N("to the warm chain"),
    "hot": _N("to the hot chain"),
}
_FROM = {
    "": _N("from before"),
    "outside": _N("from outside"),
    "repeat": _N("again from the top"),
    "cold": _N("from the cold chain"),
    "warm": _N("from the warm chain"),
    "hot": _N("from the hot chain"),
}
_WAYS = {
    "then": _N("yes"),
    "else": _N("no"),
    "none": _N("no way fits"),
    "no_date": _N("no such date"),
    "date_past": _N("date is past"),
    "held_out": _N("held out"),
    "not_held_out": _N("not held out"),
}


def left(how: str) -> str:
    """How a run left, in a word or two."""
    kind, _colon, more = how.partition(":")
    if kind == "left":
        return _(_LEFT[more]) if more in _LEFT else more
    if kind == "rest":
        return _(_RESTS[more]) if more in _RESTS else says(more, "resting")
    if kind == "over":
        return _(_OVER[more]) if more in _OVER else more
    if kind == "exit":
        return _("exit: {reason}").format(reason=says(more, "exit"))
    words = {
        "goal": _("met the goal"),
        "done": _("came to the end"),
        "edited": _("moved by an edit"),
        "next": _("went on"),
    }
    return words.get(kind, how)


def came_from(where: str) -> str:
    return _(_FROM[where]) if where in _FROM else where


def sorts(counts: Mapping[str, int], *fates: str) -> str:
    """ "12 replied, 3 unsubscribed": those of these fates, the most first."""
    return ", ".join(f"{number(n)} {left(how)}" for how, n in counts.items() if fate_of(how) in fates)


def way(step: Step | None, name: str) -> str:
    """A way of a step that chooses."""
    if isinstance(step, Branch):
        labels = [label for _icon, label, _steps in ways(step)]
        names = ["else" if arm.when is None else str(no) for no, arm in enumerate(step.arms, start=1)]
        if name in names:
            return labels[names.index(name)]
    return _(_WAYS[name]) if name in _WAYS else name


def span(seconds: float | None) -> str:
    """How long, in the largest unit that says enough."""
    if seconds is None:
        return "–"
    return _("at once") if seconds <= seconds_of(AT_ONCE) else short_span(seconds)


def rate(value: float) -> str:
    """ "12.4 %": with one place, since rates of goals are small; "< 0.1 %" for what would be none."""
    if 0 < value <= _LEAST_RATE:
        return f"<\u00a0{rate(0.001)}"
    return format_percent(value, format="#,##0.0%", locale=locale())


def points(value: float) -> str:
    """A signed number of percentage points."""
    return format_decimal(100 * value, format="+#,##0.0;−#,##0.0", locale=locale())


def between(interval: Interval) -> str:
    """ "9.8 % to 15.1 %"."""
    return _("{low} to {high}").format(low=rate(interval.low), high=rate(interval.high))


def compared(found: Comparison, name: str, other: str) -> str:
    """What a comparison says, as one honest sentence."""
    if found.verdict == "not_enough":
        return _("Not enough yet to tell from chance: {needed}.").format(needed=_needed(found, name, other))
    told = {
        "difference": points(found.difference),
        "low": points(found.interval.low),
        "high": points(found.interval.high),
    }
    if found.verdict == "open":
        return _(
            "No difference shown: {difference} percentage points, and chance alone explains {low} to {high}."
        ).format(**told)
    relative = percentage(abs(found.relative)) if found.relative is not None else ""
    if found.verdict == "better":
        told_so = _("{difference} percentage points, 95 % sure between {low} and {high}").format(**told)
        return (_("{relative} more: {so}.") if relative else _("More: {so}.")).format(
            relative=relative, so=told_so
        )
    told_so = _("{difference} percentage points, 95 % sure between {low} and {high}").format(**told)
    return _("{relative} fewer: {so}.").format(relative=relative, so=told_so)


def _needed(found: Comparison, name: str, other: str) -> str:
    parts = [
        ngettext("{n} more lead {group}", "{n} more leads {group}", n).format(n=number(n), group=group)
        for n, group in ((found.leads_needed, name), (found.leads_needed_against, other))
        if n
    ]
    if found.goals_needed:
        n = found.goals_needed
        parts.append(ngettext("{n} more goal", "{n} more goals", n).format(n=number(n)))
    words = _(", ").join(parts)
    least = _("at least {least} leads each").format(least=number(LEAST_LEADS))
    return _("{needed} needed ({least})").format(needed=words, least=least)
