"""What has to happen from time to time. Several schedulers at once do no harm."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from redis import Redis

from nurture.files import uploads
from nurture.flows.forget_addresses import forget_addresses
from nurture.flows.hold_calls import forget_held, hand_over_known
from nurture.flows.inbound import forget_strangers
from nurture.flows.keep_nos import keep_nos
from nurture.flows.morning_digest import send_digests
from nurture.flows.website import forget_old_visits
from nurture.jobs import long, queues
from nurture.jobs.queues import TICK_SECONDS
from nurture.runtime import Runtime
from nurture.store import (
    bulk_jobs,
    demo,
    forecasts,
    imports,
    lead_figures,
    model_work,
    networks,
    pacing,
    partitions,
    simulations,
    target_scores,
    transports,
)
from nurture.store.views.reading import reading

log = structlog.get_logger()

_BEAT = 0.5
_UPLOADS_WAIT = timedelta(days=1)
_QUIET_SECONDS = 60.0  # a fault that lasts is said once a minute


@dataclass(frozen=True)
class Periodic:
    """Something done every `seconds`, first at once."""

    name: str
    seconds: float
    run: Callable[[], object]


def periodic(runtime: Runtime, redis: Redis) -> list[Periodic]:
    """The list."""
    return [
        Periodic("offer_turn", TICK_SECONDS, lambda: queues.offer_turn(redis)),
        Periodic("imports", 2, lambda: look_for_imports(runtime, redis)),
        Periodic("simulations", 1, lambda: look_for_simulations(runtime, redis)),
        Periodic("bulk_jobs", 1, lambda: look_for_bulk_jobs(runtime, redis)),
        Periodic("demo", 2, lambda: look_for_demo(runtime, redis)),
        Periodic("model_work", 2, lambda: look_for_model_work(runtime, redis)),
        Periodic("target", 300, lambda: ask_target_score(runtime, redis)),
        Periodic("mailbox", 60, lambda: look_into_mailbox(runtime, redis)),
        Periodic("enter_programs", 60, lambda: enter_programs_today(runtime, redis)),
        Periodic("entry_dates", 300, lambda: queues.offer_long(redis, long.enter_on_dates)),
        Periodic("digests", 60, lambda: tell_sales(runtime)),
        Periodic("domains", 3600, lambda: look_at_domains(runtime, redis)),
        Periodic("lead_figures", 60, lambda: count_leads(runtime, redis)),
        Periodic("forecast", 60, lambda: foresee(runtime, redis)),
        Periodic("duplicates", 3600, lambda: queues.offer_long(redis, long.find_duplicates)),
        Periodic("providers", 60, lambda: queues.offer_long(redis, long.providers_of_receivers)),
        Periodic("partitions", 6 * 3600, lambda: make_partitions(runtime)),
        Periodic("old_reports", 600, lambda: forget_strangers(runtime.sessions, now=runtime.now())),
        Periodic("nos", 5, lambda: keep_nos(runtime.sessions, runtime.pepper)),
        Periodic("old_addresses", 600, lambda: forget_addresses(runtime.sessions, now=runtime.now())),
        Periodic("old_uploads", 3600, lambda: forget_uploads(runtime)),
        Periodic("held_calls", 60, lambda: hand_over_known(runtime.sessions, now=runtime.now())),
        Periodic("old_calls", 600, lambda: forget_held(runtime.sessions, now=runtime.now())),
        Periodic("old_visits", 600, lambda: forget_old_visits(runtime.sessions, now=runtime.now())),
    ]


def keep_time(items: list[Periodic], stop: threading.Event) -> None:
    """Run each item when its time has come, until `stop`. One that fails is tried again a second later."""
    due = dict.fromkeys(items, 0.0)
    said: dict[str, float] = {}
    while not stop.is_set():
        for item in items:
            now = time.monotonic()
            if now >= due[item]:
                due[item] = now + (item.seconds if _runs(item, said) else min(1.0, item.seconds))
        stop.wait(_BEAT)


def look_for_imports(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of imports while an uploaded file of this host is unfinished."""
    uploaded = {path.stem for path in (runtime.settings.home / "uploads").glob("*")}
    if not uploaded:
        return
    with reading(runtime.sessions) as session:
        unfinished = {str(import_id) for import_id in imports.unfinished(session)}
    if uploaded & unfinished:
        queues.offer_long(redis, long.carry_out_imports)


def forget_uploads(runtime: Runtime) -> None:
    """Remove files of this host that somebody sent and then left alone for a day."""
    uploads.forget_old(runtime.settings.home, before=runtime.real_now() - _UPLOADS_WAIT)


def look_for_simulations(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of simulations while one waits or was interrupted."""
    with reading(runtime.sessions) as session:
        unfinished = simulations.unfinished(session)
    if unfinished:
        queues.offer_long(redis, long.carry_out_simulations)


def look_for_bulk_jobs(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of changes of many leads while one waits or was interrupted."""
    with reading(runtime.sessions) as session:
        unfinished = bulk_jobs.unfinished(session)
    if unfinished:
        queues.offer_long(redis, long.carry_out_bulk_jobs)


def look_for_demo(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of demo data while some is wanted, or not wanted any more."""
    with reading(runtime.sessions) as session:
        state = demo.get(session).state
    if state in ("wanted", "making", "unwanted", "removing"):
        queues.offer_long(redis, long.carry_out_demo)


def look_for_model_work(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of models while one waits for a look ahead, a switch or a training."""
    with reading(runtime.sessions) as session:
        waits = bool(model_work.waiting(session))
    if waits:
        queues.offer_long(redis, long.carry_out_model_work)


def ask_target_score(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of the target score, where one is in use."""
    with reading(runtime.sessions) as session:
        in_use = target_scores.active(session) is not None
    if in_use:
        queues.offer_long(redis, long.score_leads)


def look_into_mailbox(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of the bounce mailbox, where there is one."""
    if runtime.settings.bounce_imap_url is not None:
        queues.offer_long(redis, long.read_bounce_mailbox)


def enter_programs_today(runtime: Runtime, redis: Redis) -> None:
    """The long job of this day, unless it was queued already."""
    queues.start_long(redis, long.enter_programs, runtime.now().toordinal())


def tell_sales(runtime: Runtime) -> None:
    """The digest of everybody of sales whose working day has begun."""
    if send_digests(runtime.sessions, runtime.settings.base_url, now=runtime.now()):
        runtime.wake("deliver")


def look_at_domains(runtime: Runtime, redis: Redis) -> None:
    """The long job of this day, unless it was queued already: what the DNS says of the sending domains."""
    queues.start_long(redis, long.check_domains, runtime.now().toordinal())


def count_leads(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of figures over all leads, where there are too many to count on a page."""
    with reading(runtime.sessions) as session:
        large = lead_figures.is_large(session)
    if large:
        queues.offer_long(redis, long.keep_figures)


def foresee(runtime: Runtime, redis: Redis) -> None:
    """Offer the long job of the calendar, where too many leads stand in chains for its page."""
    with reading(runtime.sessions) as session:
        large = forecasts.is_large(session)
    if large:
        queues.offer_long(redis, long.keep_calendar)


def make_partitions(runtime: Runtime) -> None:
    """Partitions of signals and hits, months ahead of their first row."""
    with runtime.sessions.begin() as session:
        partitions.ensure(session, now=runtime.now())
        pacing.forget_minutes(session, now=runtime.now())
        transports.forget_minutes(session, now=runtime.now())
        networks.forget_old(session, now=runtime.now())
        strays = [table for table, found in partitions.stray_rows(session).items() if found]
    if strays:
        log.error("partitions.stray_rows", tables=strays, todo="move the rows out of the default partition")


def _runs(item: Periodic, said: dict[str, float]) -> bool:
    try:
        item.run()
    except Exception as fault:
        if time.monotonic() - said.get(item.name, -_QUIET_SECONDS) >= _QUIET_SECONDS:
            said[item.name] = time.monotonic()
            log.error("schedule.failed", item=item.name, error=type(fault).__name__, exc_info=fault)
        return False
    said.pop(item.name, None)
    return True
