"""Columns of the target score, what they say, and why some are left out: in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from nurture.rules import names
from nurture.rules.target.reading import ANOTHER, UNKNOWN, not_chosen, word
from nurture.rules.words import _, ngettext
from nurture.web.rendering import number, percentage


def leak_words(leak: Mapping[str, Any]) -> str:
    """Why a column was left out, in a sentence or two."""
    share, reached = percentage(leak["figure"]), number(leak["figure"], 3)
    if leak["why"] == "by_hand":
        return _("Left out by a person.")
    said = {
        "filled_later": _(
            "%(share)s of its values were filled in after the hand-over: it knows the outcome."
        ),
        "often_empty": _(
            "Empty for many leads, yet it reaches an AUC of %(auc)s, and nothing says when it was filled in. "
            "Whoever works on a lead may fill it in."
        ),
        "one_outcome": _(
            "%(share)s of what it says occurs with one outcome only. Somebody fills it in when the outcome "
            "is known."
        ),
        "unlike_open": _(
            "It is not the same for leads still open: alone it tells those that have ended from them (AUC "
            "%(auc)s). Somebody fills it in on the way to the outcome."
        ),
        "filled_together": _("Filled in for the same leads as %(beside)s, which knows the outcome."),
        "too_good": _(
            "Too good to be true: alone it reaches an AUC of %(auc)s. Somebody fills it in when the outcome "
            "is known."
        ),
    }[leak["why"]]
    return said % {"share": share, "auc": reached, "beside": column_name(leak.get("beside", ""))}


def doubt_words(doubt: Mapping[str, Any]) -> str:
    """Why a person is asked about a column, in a sentence or two."""
    share, reached = percentage(doubt["figure"]), number(doubt["figure"], 3)
    said = {
        "one_value": _(
            "“%(value)s” and the like, %(share)s of all leads, stand with one outcome only. Was that written "
            "before the outcome was known?"
        )
        if doubt.get("value")
        else _("%(share)s of all leads have what stands with one outcome only. Was that known beforehand?"),
        "good": _(
            "Alone it reaches an AUC of %(auc)s, more than most columns do. It may be that good, or it may "
            "be written on the way to the outcome."
        ),
        "emptiness": _(
            "The mere fact that it is filled in tells how leads end (AUC %(auc)s). Who fills it in, and when?"
        ),
        "name": _(
            "Its name sounds like something that is written or goes on changing while sales works on a lead "
            "(alone: AUC %(auc)s). Does it stand still from the hand-over on?"
        ),
    }[doubt["why"]]
    return said % {"share": share, "auc": reached, "value": doubt.get("value", "")}


def kept_columns(report: Mapping[str, Any]) -> list[str]:
    """The columns it learnt from, the most telling first."""
    alone = report.get("alone", {})
    return sorted(report.get("columns", ()), key=lambda name: -alone.get(name, 0.0))


def nothing_words(barren: Sequence[Mapping[str, str]]) -> list[str]:
    """Which columns say nothing of other leads, by why."""
    said = {
        "same": _("the same for all"),
        "each": _("another value for each lead"),
        "day": _("a day that does not come again"),
        "hardly": _("known of fewer than ten"),
    }
    return [
        f"{words}: {', '.join(column_name(one['column']) for one in barren if one['why'] == why)}"
        for why, words in said.items()
        if any(one["why"] == why for one in barren)
    ]


def column_name(name: str) -> str:
    """What a column of the score is called, as the middle of a sentence."""
    if name.startswith("did "):
        return names.signal(name.removeprefix("did "))
    if name.startswith("tag "):
        return _("tag %(name)s") % {"name": name.removeprefix("tag ")}
    return names.field(name)


def value_words(column: str, value: Any) -> str:
    """What is known of a lead in a column, in words."""
    if column.startswith("did "):
        return _times(int(value)) if value else _("never")
    if column.startswith("tag "):
        return _("has it") if value else _("does not have it")
    if value is None or value == "":
        return _("not known")
    if not_chosen(word(value)):
        return _("not chosen (“%(written)s”)") % {"written": value}
    return (_("yes") if value else _("no")) if isinstance(value, bool) else names.value(column, str(value))


def _times(number: int) -> str:
    return ngettext("%(n)s time", "%(n)s times", number) % {"n": number}


def level_name(factor: Mapping[str, Any]) -> str:
    """What a factor says of a lead, in words."""
    column, level = factor["column"], factor["level"]
    if column.startswith("did "):
        return _("never") if level == "" else _("the more often")
    if column.startswith("tag "):
        return _("has it") if level else _("does not have it")
    if level is None:
        return _("the more")
    if not_chosen(level):
        return _("not chosen (“%(written)s”)") % {"written": level}
    return {UNKNOWN: _("not known"), ANOTHER: _("another value")}.get(
        level, names.value(column, factor.get("written") or level)
    )
