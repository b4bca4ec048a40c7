"""A chain as the canvas draws it: the rows of the outline as a tree, and what happened at each step live.

A drawing holds words and keys, never the steps themselves: the canvas says what should happen to the draft
and draws what came of it, so whatever it does not know stays in the draft as it was written.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from nurture.flows.why import StepStats
from nurture.rules import why
from nurture.rules.words import _
from nurture.web import rendering
from nurture.web.admin.editor.rows import TOP, Row

# Nobody goes on below these.
_ENDS = ("exit", "goto")
# What is told of a step where it is more than nothing, in this order.
_TOLD = ("sent", "opened", "clicked", "failed", "skipped", "left")


def drawn(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The steps of a chain from top to bottom: `key`, `word`, `icon`, `title`, `problems`, `doubts`, `ends`,
    the `ways` out of each with their `place`, `label` and `steps`, and who goes `past` them."""
    lists: dict[str, list[dict[str, Any]]] = {str(TOP): []}
    steps: dict[str, dict[str, Any]] = {}
    for row in rows:
        place = str(row.place)
        if row.way:
            lists[place] = []
            steps[row.key]["ways"].append({"place": place, "label": row.title, "steps": lists[place]})
        else:
            steps[row.key] = _step(row)
            lists[place].append(steps[row.key])
    return lists[str(TOP)]


def counted(stats: Mapping[str, StepStats]) -> dict[str, dict[str, Any]]:
    """For each step of the live version at which something happened: its counts in words, those that tell of
    a fault apart, and who waits for what."""
    told = {key: _counts(one) for key, one in stats.items()}
    return {key: one for key, one in told.items() if one["counts"] or one["faults"] or one["why"]}


def _step(row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "word": row.word,
        "icon": row.icon,
        "title": row.title,
        "problems": list(row.problems),
        "doubts": list(row.doubts),
        "ends": row.word in _ENDS,
        "ways": [],
        "past": row.past,
    }


def _counts(one: StepStats) -> dict[str, Any]:
    waiting = max(0, one.counts.get("entered", 0) - one.counts.get("left", 0))
    found = {"waiting": waiting, **{name: one.counts.get(name, 0) for name in _TOLD}}
    return {
        "counts": [_words(name, n, found["sent"]) for name, n in found.items() if n and name != "failed"],
        "faults": [_words("failed", found["failed"], 0)] if found["failed"] else [],
        "why": why.reasons_sentence(one.reasons, rendering.moment),
    }


def _words(name: str, n: int, sent: int) -> str:
    text = {
        "waiting": _("%(n)s waiting"),
        "sent": _("%(n)s sent"),
        "opened": _("%(n)s opened"),
        "clicked": _("%(n)s clicked"),
        "failed": _("%(n)s failed"),
        "skipped": _("%(n)s skipped"),
        "left": _("%(n)s left"),
    }[name]
    share = name in ("opened", "clicked") and sent
    return text % {"n": rendering.share(n, sent) if share else rendering.number(n)}
