"""An answer of BANT is taken back before sales took the lead on: what was handed over for it does not stand.

The same law as for signals that turn out not to be theirs: a hand-off that waits is withdrawn, one that has
reached sales stays there, is marked, and `handoff.revised` tells them. Once sales has accepted the lead, what
is known of its budget is for sales to say.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.flows.ripen import withdraw
from nurture.rules.conditions import Bant, holds
from nurture.rules.facts import Facts
from nurture.rules.model import HeatModel
from nurture.store import ripening

_N = str
REASON = _N("an answer of BANT that it was handed over for was taken back")
_CAUSE = "bant"


def unsay_bant(
    session: Session, model: HeatModel, leads: Mapping[int, tuple[Facts, bool]], *, now: datetime
) -> None:
    """Take back what was made of BANT answers that do not stand any more. `leads` are locked and stand in the
    line for sales: their facts, and whether they are ripe by their score all the same. Such a one keeps its
    place by that, behind those who are urgent."""
    rules = [rule for rule in model.readiness.always if isinstance(rule, Bant)]
    suspects = {one: known for one, (known, _ripe) in leads.items() if not _any(rules, known, now)}
    if not suspects or not rules:
        return
    unsaid = [
        one
        for one in ripening.unaccepted(session, list(suspects), _CAUSE)
        if _any(rules, replace(suspects[one.lead_id], bant=one.bant), now)
    ]
    ripening.keep_answers(session, [one.id for one in unsaid])
    still = [one.id for one in unsaid if leads[one.lead_id][1] and one.state == "waiting"]
    ripening.rest_on_score(session, still)
    fallen = [one.lead_id for one in unsaid if one.id not in still]
    withdraw(session, fallen, REASON, now=now, causes=(_CAUSE,), told=("released",))


def _any(rules: list[Bant], known: Facts, now: datetime) -> bool:
    return any(holds(rule, known, now) for rule in rules)
