"""Heat models: kept as new versions, published, every lead rated anew where the heat would differ."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from nurture.files.models import read_model
from nurture.files.yaml_lines import Faults
from nurture.flows.bring_over import Brought, bring
from nurture.rules import heat as heat_rules
from nurture.rules.model import HeatModel
from nurture.store import approvals, heat, models, ripening, scores
from nurture.store.audit import audit
from nurture.store.models import LiveModel

BATCH = 500


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model and its text as written."""

    model: HeatModel
    source: str


@dataclass(frozen=True, slots=True)
class Switch:
    """What publishing did. `hot` and `ready` are the leads that became hot, or ripe, by the switch alone: the
    ripe are listed for a person to decide on, none of them is handed over by it."""

    model_id: int
    version_id: int
    no: int
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


def lay_by(session: Session, file: ModelFile, *, now: datetime, by: str = "") -> None:
    """Keep a model for programs to come: it rates from the moment on which one that names it goes live, so
    that nobody is rated for nothing. The default one rates at once."""
    if file.model.key == models.DEFAULT:
        load_model(session, file, now=now, by=by)
    else:
        models.add_version(session, file.model, file.source, now=now, by=by)


def let_rate(session: Session, model_id: int, *, now: datetime, by: str) -> None:
    """Let a model rate that was only kept so far: every lead is rated under it, in the caller's
    transaction."""
    if any(one.id == model_id for one in models.live(session)):
        return
    kept = next(one for one in models.known(session) if one.id == model_id)
    begin_switch(session, model_id, kept.version_id, now=now, by=by)
    while bring_portion(session, model_id, now=now) is not None:
        pass


def publish_model(session: Session, file: ModelFile, *, now: datetime, by: str = "") -> Switch:
    """Let a model rate from now on and bring every lead over, all in the caller's transaction; rating waits
    until it is over. Rolled back, it tells what a switch would do."""
    model_id, version_id, no = models.add_version(session, file.model, file.source, now=now, by=by)
    live = begin_switch(session, model_id, version_id, now=now, by=by)
    if live is None:
        return Switch(model_id, version_id, no, 0, (), ())
    brought = Brought()
    while (portion := bring_portion(session, model_id, now=now)) is not None:
        brought.add(portion)
    return Switch(model_id, version_id, no, brought.changed, tuple(brought.hot), tuple(brought.ready))


def begin_switch(
    session: Session, model_id: int, version_id: int, *, now: datetime, by: str
) -> LiveModel | None:
    """Make a version live; None when it is already. What it takes to bring a portion of the leads over to
    it is `bring_portion`, until that says None. Rating waits only until the caller's transaction ends."""
    models.stop_rating(session)
    old = next((one for one in models.live(session) if one.id == model_id), None)
    if old is not None and old.version_id == version_id:
        return None
    models.set_live(session, version_id, now=now)
    models.note_switch(session, model_id, 0)
    ripening.arm(session, approvals.lapse(session, model_id, now=now))
    new = next(one for one in models.live(session) if one.id == model_id)
    if old is not None and old.model.half_life.elapsed != new.model.half_life.elapsed:
        _move_logs(session, old, new, now)
    audit(
        session, by or "terminal", "model.published", f"model:{model_id}", now=now, detail={"version": new.no}
    )
    return new


def bring_portion(session: Session, model_id: int, *, now: datetime, limit: int = BATCH) -> Brought | None:
    """Bring the next leads over, in the caller's transaction; None when all have been."""
    live = models.rate_under(session)
    model = next((one for one in live if one.id == model_id), None)
    if model is None or model.switching_after is None:
        return None
    lead_ids = heat.following_leads(session, after=model.switching_after, limit=limit)
    if not lead_ids:
        models.note_switch(session, model_id, None)
        return None
    leads = scores.lock(session, lead_ids)
    stale = heat.stale(session, model_id, model.version_id, leads, after=model.switching_after)
    brought = bring(session, live, model, {lead_id: leads[lead_id] for lead_id in stale}, now=now)
    models.note_switch(session, model_id, lead_ids[-1])
    brought.leads = len(lead_ids)
    return brought


def _move_logs(session: Session, old: LiveModel, new: LiveModel, now: datetime) -> None:
    """Until a lead is brought over, it is worth under the new half-life what it was worth a moment ago. One
    that an unfinished switch had not reached yet has been moved twice: it is counted from its signals."""
    seconds = heat_rules.seconds(now)
    by = seconds / new.model.half_life_s - seconds / old.model.half_life_s
    heat.move_logs(session, new.id, by, default=new.is_default)
    if old.switching_after is not None:
        heat.forget_versions(session, new.id, but=old.version_id)
