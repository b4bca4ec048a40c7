"""A new program is made from what was typed; what stands against it goes beside its field."""

from collections.abc import Mapping, Sequence

from nurture.errors import Conflict, FileFault, Invalid
from nurture.flows import new_programs
from nurture.web.request import now, runtime, signed_in

Faults = Mapping[str, Sequence[str]]


def make(answers: Mapping[str, str], like: int | None) -> tuple[int | None, Faults]:
    """The id of a program with the key and name of `answers`, a copy of `like` if given; or None and the
    sentences by field."""
    by = signed_in().actor
    try:
        with runtime().sessions.begin() as session:
            made = new_programs.create(session, answers["key"], answers["name"], like=like, by=by, now=now())
    except Invalid as refusal:
        return None, refusal.errors
    except Conflict as refusal:
        return None, {"key": [str(refusal)]}
    except FileFault as refusal:
        return None, {"name": refusal.faults}
    return made, {}
