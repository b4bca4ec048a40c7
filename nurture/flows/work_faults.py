"""Why work of models failed, in a sentence for whoever waits for it: what it was, and what to do."""

from sqlalchemy.exc import DataError, OperationalError

from nurture.errors import Refusal
from nurture.rules.words import _

_N = str
_WHAT = {
    "training": _N("The score that was in use stays in use."),
    "preview": _N("Nothing was written."),
    "switch": _N("Leads that were not brought over yet are brought over when they next send a signal."),
}


def sentence_of(fault: Exception, kind: str, work_id: int) -> str:
    """A refusal speaks for itself; of anything else the kind of fault is told, never the values in it."""
    said = str(fault) if isinstance(fault, Refusal) else _said(fault, work_id)
    return f"{said} {_(_WHAT[kind])}"


def _said(fault: Exception, work_id: int) -> str:
    if isinstance(fault, OperationalError):
        return _("The database broke off, or was away. Begin again in a moment.")
    if isinstance(fault, DataError):
        return _(
            "A value on a lead or in a column is one that cannot be reckoned with or kept, such as a number"
            " beyond all measure. Leave out the columns that were brought in last, one at a time, and begin"
            " again; the log names the place under work {no}."
        ).format(no=work_id)
    if isinstance(fault, MemoryError):
        return _(
            "There is not enough memory for so many leads and columns. Leave out columns, or add memory."
        )
    return _(
        "Something happened that is not foreseen ({fault}). Begin again; if it fails the same way, the log"
        " tells your operator more under work {no}."
    ).format(fault=type(fault).__name__, no=work_id)
