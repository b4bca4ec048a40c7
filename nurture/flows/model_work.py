"""The work that models make is carried out: by a worker of long jobs, or at once where there is little."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.models import bring_portion
from nurture.flows.preview_model import Unwanted, preview
from nurture.flows.score_leads import score_leads
from nurture.flows.train import train
from nurture.flows.work_faults import sentence_of
from nurture.rules.model import read
from nurture.store import model_work, models
from nurture.store.model_work import Work
from nurture.store.models import LiveModel

log = structlog.get_logger()

# So few leads that nobody needs to wait for a worker.
AT_ONCE = 2_000
Clock = Callable[[], datetime]


def carry_out_all(sessions: sessionmaker[Session], engine: Engine, clock: Clock) -> int:
    """Carry out what waits, the oldest first; how many."""
    done = 0
    with sessions() as session:
        waiting = model_work.waiting(session)
    for work in waiting:
        done += carry_out(sessions, engine, work.id, clock)
    return done


def carry_out(sessions: sessionmaker[Session], engine: Engine, work_id: int, clock: Clock) -> bool:
    """Carry out one piece of work, unless somebody else is at it or it is wanted no more."""
    with model_work.alone_with(engine, work_id) as alone:
        with sessions() as session:
            work = model_work.find(session, work_id)
        if not alone or work is None or not work.is_open:
            return False
        try:
            _DO[work.kind](sessions, work, clock)
        except Unwanted:
            return False
        except Exception as fault:
            sentence = sentence_of(fault, work.kind, work.id)
            log.error("model_work.failed", work=work.id, kind=work.kind, exc_info=fault)
            with sessions.begin() as session:
                model_work.end(session, work.id, "failed", now=clock(), sentence=sentence)
        return True


def _preview(sessions: sessionmaker[Session], work: Work, clock: Clock) -> None:
    model = read(dict(work.spec))
    with sessions() as session:
        live = next((one for one in models.live(session) if one.id == work.model_id), None)
    draft = LiveModel(work.model_id or 0, 0, 0, model)
    result = preview(sessions, live, draft, now=clock(), told=lambda done: _tell(sessions, work, done))
    with sessions.begin() as session:
        model_work.end(session, work.id, "done", now=clock(), result=result)


def _switch(sessions: sessionmaker[Session], work: Work, clock: Clock) -> None:
    done = changed = ready = 0
    while True:
        with sessions.begin() as session:
            portion = bring_portion(session, work.model_id or 0, now=clock())
        if portion is None:
            break
        done, changed, ready = done + portion.leads, changed + portion.changed, ready + len(portion.ready)
        if not _tell(sessions, work, done):
            raise Unwanted
    with sessions.begin() as session:
        result = {"leads": done, "changed": changed, "ready": ready}
        model_work.end(session, work.id, "done", now=clock(), result=result)


def _training(sessions: sessionmaker[Session], work: Work, clock: Clock) -> None:
    learnt = 0

    def tell(done: int) -> bool:
        return _tell(sessions, work, learnt + done)

    said = {name: work.spec.get(name, ()) for name in ("use", "leave_out")}
    report = train(sessions, now=clock(), by=work.asked_by, told=tell, **said)
    learnt = report["won"] + report["lost"]
    score_leads(sessions, now=clock(), told=tell, anew=True)
    with sessions.begin() as session:
        model_work.end(session, work.id, "done", now=clock(), result={"enough": report["enough"]})


def _tell(sessions: sessionmaker[Session], work: Work, done: int) -> bool:
    with sessions.begin() as session:
        return model_work.tell(session, work.id, done)


_DO: dict[str, Callable[[sessionmaker[Session], Work, Clock], None]] = {
    "preview": _preview,
    "switch": _switch,
    "training": _training,
}
