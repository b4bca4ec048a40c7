"""The target score as pages and the API show it: how it stands, and what it says of one lead."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.errors import Conflict
from nurture.flows.train import EACH_AT_LEAST, MOST, row_of
from nurture.rules.target import Factor
from nurture.rules.target.score import for_and_against, read
from nurture.rules.words import _
from nurture.store import facts, model_work, outcomes, target_scores
from nurture.store.model_work import Work
from nurture.store.target_scores import Trained

_MOST_SAID = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """How many outcomes there are and how many of the rarer kind are missing, the last training and its
    work."""

    won: int
    lost: int
    missing_won: int
    missing_lost: int
    trained: Trained | None
    work: Work | None

    @property
    def may_train(self) -> bool:
        return not self.missing_won and not self.missing_lost

    @property
    def sentence(self) -> str:
        """What is missing before anything can be learnt; "" when nothing is."""
        return "" if self.may_train else too_few(self.won, self.lost)


@dataclass(frozen=True, slots=True)
class OfLead:
    """The chance of one lead (0 to 1), and what speaks for and against it most."""

    chance: float
    speaks_for: list[Factor]
    speaks_against: list[Factor]


def standing(session: Session) -> Standing:
    won, lost = outcomes.counts(session, limit=MOST)
    return Standing(
        won=won,
        lost=lost,
        missing_won=max(0, EACH_AT_LEAST - won),
        missing_lost=max(0, EACH_AT_LEAST - lost),
        trained=target_scores.newest(session),
        work=model_work.newest(session, "training", None),
    )


def of_lead(session: Session, lead_id: int, *, now: datetime) -> OfLead | None:
    """What the score says of a lead; None while no score is in use, or for one that does not exist."""
    trained = target_scores.active(session)
    known = facts.load(session, [lead_id], now=now, asked={}) if trained is not None else {}
    if trained is None or lead_id not in known:
        return None
    scorer = read(trained.spec)
    row = row_of(known[lead_id], outcomes.signals(session, {lead_id: now}).get(lead_id, {}))
    good, bad = for_and_against(scorer.factors(row))
    return OfLead(scorer.chance(row), good, bad)


def asked_about(session: Session) -> list[str]:
    """The columns that the last training asks a person about."""
    newest = target_scores.newest(session)
    return [one["column"] for one in newest.report.get("asked", ())] if newest is not None else []


def too_few(won: int, lost: int) -> str:
    """What is missing before anything can be learnt."""
    if won + lost and not (won and lost):
        known = _("All %(n)s known outcomes are won.") if won else _("All %(n)s known outcomes are lost.")
        sentence = (
            known % {"n": won + lost} + " " + _("What sets won apart from lost can only be learnt from both.")
        )
    else:
        sentence = _("There are %(won)s won and %(lost)s lost.") % {"won": won, "lost": lost}
    return sentence + " " + _("It takes %(n)s of each.") % {"n": EACH_AT_LEAST}


def ask_training(
    session: Session, *, now: datetime, by: str, use: Collection[str] = (), leave_out: Collection[str] = ()
) -> Work:
    """Have the score be trained. `use` names columns that are to be used though they look too good, or were
    left out by hand; `leave_out` others that are not to be; what was said before holds on.

    Raises Conflict while there are too few outcomes.
    """
    won, lost = outcomes.counts(session, limit=MOST)
    if min(won, lost) < EACH_AT_LEAST:
        raise Conflict(too_few(won, lost))
    newest = target_scores.newest(session)
    said = newest.report.get("said", {}) if newest is not None else {}
    spec = {
        "by": by,
        "use": sorted({*said.get("use", ()), *use} - set(leave_out))[:_MOST_SAID],
        "leave_out": sorted({*said.get("leave_out", ()), *leave_out} - set(use))[:_MOST_SAID],
    }
    return model_work.add(session, "training", None, spec, total=won + lost, now=now, by=by)
