"""What a draft of a model would do, told on real leads before it is published: nothing is written, and test
leads are not counted.

Every lead is judged twice by the functions that rating itself uses, by the live version and by the draft, in
batches and a transaction for each. Deals that ended are then gone through signal by signal.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import warm
from nurture.flows.bring_over import held_against
from nurture.flows.judge import Judged, assess
from nurture.flows.warm import Warmed
from nurture.rules import caps, effect, heat
from nurture.rules.effect import Effect, PastDeal, PastSignal, Stand
from nurture.rules.facts import SignalFact
from nurture.rules.model import HeatModel
from nurture.store import approvals, facts, past_deals, scores, unrated
from nurture.store import heat as heats
from nurture.store.heat import Pair
from nurture.store.models import LiveModel
from nurture.store.past_deals import Ended
from nurture.store.scores import LeadState
from nurture.store.views.reading import reading

BATCH = 500
DEALS = 600
_DEALS_AT_ONCE = 50
_SIGNALS_PER_DEAL = 400
_REASON = "preview"
Told = Callable[[int], bool]


class Unwanted(Exception):
    """Nobody waits for the answer any more."""


def preview(
    sessions: sessionmaker[Session],
    live: LiveModel | None,
    draft: LiveModel,
    *,
    now: datetime,
    told: Told,
) -> dict[str, Any]:
    """What `draft` would do to all leads at `now`, beside the live version, and what both would have meant
    for past deals. `told(done)` after each portion; Unwanted when it says False."""
    found, done = Effect(), 0
    for lead_ids in _all_leads(sessions):
        with reading(sessions) as session:
            _count(session, found, live, draft, lead_ids, now)
        done += len(lead_ids)
        _tell(told, done)
    result = found.plain()
    if draft.is_default:
        result["past"] = _past(sessions, live, draft, lambda: _tell(told, done))
    return result


def _tell(told: Told, done: int) -> None:
    if not told(done):
        raise Unwanted


def _all_leads(sessions: sessionmaker[Session]) -> Iterator[list[int]]:
    after = 0
    while True:
        with reading(sessions) as session:
            lead_ids = heats.following_leads(session, after=after, limit=BATCH)
        if not lead_ids:
            return
        yield lead_ids
        after = lead_ids[-1]


def _count(
    session: Session,
    found: Effect,
    live: LiveModel | None,
    draft: LiveModel,
    lead_ids: Sequence[int],
    now: datetime,
) -> None:
    known = scores.states(session, lead_ids)
    leads = {lead_id: lead for lead_id, lead in known.items() if not lead.is_test}
    stored = heats.load(session, leads, [draft.id])
    old = {} if live is None else warm.cool([live], stored.values(), now=now)
    new = _under(session, draft, live, stored, list(leads), now)
    judged_old = {} if live is None else assess(session, [live], leads, old, now=now)
    judged_new = assess(session, [draft], _asked_no_more(session, draft, leads), new, now=now)
    for lead_id in leads:
        pair = (lead_id, draft.id)
        found.add(
            lead_id,
            _stand(old.get(pair), judged_old.get(lead_id)),
            _stand(new.get(pair), judged_new.get(lead_id)),
        )


def _asked_no_more(
    session: Session, draft: LiveModel, leads: Mapping[int, LeadState]
) -> Mapping[int, LeadState]:
    """Leads as a switch would meet them: who waits for a decision about the version before is looked at
    anew (flows/models.begin_switch)."""
    waiting = approvals.waiting_among(session, draft.id, list(leads))
    return {**leads, **{lead_id: replace(leads[lead_id], armed=True) for lead_id in waiting}}


def _under(
    session: Session,
    draft: LiveModel,
    live: LiveModel | None,
    stored: Mapping[Pair, heats.StoredHeat],
    lead_ids: Sequence[int],
    now: datetime,
) -> dict[Pair, Warmed]:
    if live is not None and live.model.rates_like(draft.model):
        return held_against(session, draft, list(stored.values()), _REASON, now=now)
    kept = warm.kept_signals(session, draft, lead_ids, now)
    return warm.told_by(draft, stored, kept, lead_ids, _REASON, now=now)


def _stand(warmed: Warmed | None, judged: Judged | None) -> Stand:
    temperature = warmed.after.temperature if warmed is not None else "cold"
    if judged is None:
        return Stand(temperature)
    return Stand(temperature, judged.grade.grade, judged.readiness.score, judged.crossing == "cross")


def _past(
    sessions: sessionmaker[Session], live: LiveModel | None, draft: LiveModel, told: Callable[[], None]
) -> dict[str, Any]:
    with reading(sessions) as session:
        ended = past_deals.lately(session, limit=DEALS)
    versions = {"draft": draft.model} | ({} if live is None else {"live": live.model})
    ripe: dict[str, list[tuple[PastDeal, datetime | None]]] = {name: [] for name in versions}
    for start in range(0, len(ended), _DEALS_AT_ONCE):
        portion = ended[start : start + _DEALS_AT_ONCE]
        with reading(sessions) as session:
            _look_back(session, portion, versions, ripe)
        told()
    return {name: effect.of_all(found) for name, found in ripe.items()}


def _look_back(
    session: Session,
    ended: Sequence[Ended],
    versions: Mapping[str, HeatModel],
    ripe: Mapping[str, list[tuple[PastDeal, datetime | None]]],
) -> None:
    ids = [one.lead_id for one in ended]
    latest = max(one.ended_at for one in ended)
    known = facts.load(session, ids, now=latest, asked={})
    longest = max(model.half_life_s for model in versions.values())
    since = heat.remembered_since(min(one.handed_at for one in ended), longest)
    signals: dict[int, list[unrated.SeenSignal]] = {}
    for signal in unrated.of_leads(session, ids, since=since):
        signals.setdefault(signal.lead_id, []).append(signal)
    for one in ended:
        if one.lead_id not in known:
            continue
        deal = PastDeal(
            lead_id=one.lead_id,
            won=one.won,
            handed_at=one.handed_at,
            ended_at=one.ended_at,
            facts=known[one.lead_id],
            bant={part: _answer(given) for part, given in one.bant.items()},
            override=one.grade_override,
        )
        seen = [sig for sig in signals.get(one.lead_id, []) if sig.at <= one.ended_at][-_SIGNALS_PER_DEAL:]
        for name, model in versions.items():
            past = [
                PastSignal(
                    caps.rated(model, sig.id, sig.at, sig.kind, sig.mail, sig.data),
                    SignalFact(sig.kind, sig.at, sig.mail, sig.data),
                )
                for sig in seen
            ]
            ripe[name].append((deal, effect.ripe_at(model, deal, past)))


def _answer(given: Any) -> tuple[str, datetime | None]:
    if not isinstance(given, Mapping):
        return str(given), None
    at = given.get("at")
    try:
        since = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        since = None
    return str(given.get("answer", "unknown")), since if since is not None and since.tzinfo else None
