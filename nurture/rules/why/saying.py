"""Answers to why as sentences of the reader's language."""

from collections.abc import Callable
from datetime import datetime

from nurture.rules.why import values as states
from nurture.rules.why import wording
from nurture.rules.why.values import Answer
from nurture.rules.words import _


def sentence(given: Answer, moment: Callable[[datetime], str]) -> str:
    """The answer in one sentence of the reader's language. `moment` writes an instant."""
    values = {name: _(text) if name in wording.FILLERS else text for name, text in given.detail.items()}
    values["when"] = moment(given.at) if given.at is not None else ""
    for name in ("signal", "step", "chain", "condition", "temperature", "more", "name"):
        values.setdefault(name, "")
    if given.state == states.SENT:
        return _(wording.SENT[given.reason]).format(**values)
    if given.state == states.DONE:
        return _("Done {when}.").format(**values)
    if given.state == states.NOT_YET:
        clause = _(wording.WAITS[given.reason]).format(**values)
        return _("Not yet: {why}.").format(why=clause)
    clause = _(wording.NOT_SENT[given.reason]).format(**values).strip(" :")
    return (_("Not sent: {why}.") if given.mail else _("Not taken: {why}.")).format(why=clause)
