"""Heat models: kept as new versions, published, every lead rated anew where the heat would differ."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nurture.files.models import read_model
from nurture.files.yaml_lines import Faults
from nurture.flows import warm
from nurture.flows.judge import Judged, follow
from nurture.flows.warm import Warmed
from nurture.rules.model import HeatModel
from nurture.store import heat, models, scores
from nurture.store.audit import audit
from nurture.store.heat import Pair
from nurture.store.models import LiveModel
from nurture.store.scores import LeadState

BATCH = 500


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model and its text as written."""

    model: HeatModel
    source: str


@dataclass(frozen=True, slots=True)
class Switch:
    """What publishing did. `hot` and `ready` are the leads that became hot, or ripe, by the switch
    alone: they are listed for a person to decide on, none of them is handed over by it."""

    model_id: int
    version_id: int
    no: int
    rated_anew: int
    changed: int
    hot: tuple[int, ...]
    ready: tuple[int, ...]


def read_models(folder: Path, faults: Faults) -> dict[str, ModelFile]:
    """The models of a campaigns folder (`models/*.yaml`), by key; faults go to `faults`."""
    found: dict[str, ModelFile] = {}
    for path in sorted((folder / "models").glob("*.yaml")):
        read = read_model(path, faults.beside(f"models/{path.name}"))
        if read is not None:
            found[read[0].key] = ModelFile(*read)
    return found


def load_model(session: Session, file: ModelFile, *, now: datetime, by: str = "") -> tuple[int, int]:
    """Keep a model as a version, live at once where the model has none yet; (model id, version id)."""
    model_id, version_id, _no = models.add_version(session, file.model, file.source, now=now, by=by)
    if all(live.id != model_id for live in models.live(session)):
        publish_model(session, file, now=now, by=by)
    return model_id, version_id


def publish_model(session: Session, file: ModelFile, *, now: datetime, by: str = "") -> Switch:
    """Let a model rate from now on, in the caller's transaction; rating waits until it is over.

    Where weights, caps, floors or half-life differ, every lead's heat is computed anew from its signals;
    otherwise its temperature and scores are judged anew. Rolled back, it tells what a switch would do.
    """
    models.stop_rating(session)
    before = {live.id: live for live in models.live(session)}
    model_id, version_id, no = models.add_version(session, file.model, file.source, now=now, by=by)
    old = before.get(model_id)
    if old is not None and old.version_id == version_id:
        return Switch(model_id, version_id, no, 0, 0, (), ())
    models.set_live(session, version_id, now=now)
    audit(session, by or "terminal", "model.published", f"model:{model_id}", now=now, detail={"version": no})
    return _rate_all(session, LiveModel(model_id, version_id, no, file.model), old, now)


def _rate_all(session: Session, new: LiveModel, old: LiveModel | None, now: datetime) -> Switch:
    live = models.live(session)
    rated = changed = 0
    hot: list[int] = []
    ready: list[int] = []
    for lead_ids in _all_leads(session):
        leads = scores.lock(session, lead_ids)
        warmed = _under_new(session, new, old, leads, now)
        found = follow(
            session,
            live,
            leads,
            {**_others(session, live, new, leads, now), **warmed},
            now=now,
            hand_over=False,
        )
        rated += len(warmed)
        changed += sum(one.changed for one in warmed.values())
        hot += [
            one.after.lead_id for one in warmed.values() if one.changed and one.after.temperature == "hot"
        ]
        ready += _ready(found)
    return Switch(new.id, new.version_id, new.no, rated, changed, tuple(hot), tuple(ready))


def _all_leads(session: Session) -> Iterator[list[int]]:
    after = 0
    while lead_ids := heat.rated_leads(session, after=after, limit=BATCH):
        yield lead_ids
        after = lead_ids[-1]


def _under_new(
    session: Session, new: LiveModel, old: LiveModel | None, leads: Mapping[int, LeadState], now: datetime
) -> dict[Pair, Warmed]:
    reason = f"model {new.model.key}, version {new.no}"
    if old is None or not old.model.rates_like(new.model):
        return warm.rebuild(session, new, list(leads), reason, now=now)
    stored = heat.load(session, leads, [new.id])
    return {row.pair: warm.judged(new, row, row.heat, row.floors, now, reason) for row in stored.values()}


def _others(
    session: Session, live: Sequence[LiveModel], new: LiveModel, leads: Mapping[int, LeadState], now: datetime
) -> dict[Pair, Warmed]:
    """Their rows under the other models, as they stand: scores are judged under the default one."""
    ids = [model.id for model in live if model.id != new.id]
    return warm.cool(live, heat.load(session, leads, ids).values(), now=now)


def _ready(found: Mapping[int, Judged]) -> list[int]:
    return [lead_id for lead_id, one in found.items() if one.crossing == "cross"]
