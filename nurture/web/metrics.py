"""/metrics: what Prometheus scrapes. Read from PostgreSQL and Redis at the scrape, so that it is counted
once, however many processes serve."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from nurture.buffers import workers
from nurture.buffers.stream import HitStream
from nurture.files.spool import folder_of, refusal
from nurture.runtime import Runtime
from nurture.store.views.lag import GAUGES, gauges, lag
from nurture.store.views.metrics import Sample, samples
from nurture.store.views.reading import reading

_QUEUES = ("steps", "deliveries", "webhooks", "signals")


def page(runtime: Runtime) -> bytes:
    """The scrape, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape([*_stored(runtime), *_remembered(runtime), _of_this_host(runtime)]))
    return generate_latest(registry)


class _Scrape(Collector):
    """Samples as families: those of one name together."""

    def __init__(self, found: list[Sample]) -> None:
        self._found = found

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterable[Metric]:
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        for one in self._found:
            kind = CounterMetricFamily if one.total else GaugeMetricFamily
            labels = list(one.labels)
            family = families.setdefault(one.name, kind(f"nurture_{one.name}", one.about, labels=labels))
            family.add_metric(list(one.labels.values()), one.value)
        return families.values()


def _stored(runtime: Runtime) -> Iterator[Sample]:
    now = runtime.now()
    with reading(runtime.sessions) as session:
        counts, behind = gauges(session, now=now), lag(session, now=now)
        for name, about in GAUGES:
            yield Sample(name, about, counts[name])
        for queue in _QUEUES:
            waited = getattr(behind, queue).total_seconds()
            yield Sample("lag_seconds", "How long the oldest due row has waited", waited, {"queue": queue})
        yield from samples(session, now=now)


def _of_this_host(runtime: Runtime) -> Sample:
    takes = refusal(folder_of(runtime.settings.home)) is None
    return Sample("spool_takes_hits", "1 while opens and clicks can be written down on this host", int(takes))


def _remembered(runtime: Runtime) -> Iterator[Sample]:
    """What Redis knows; without it everything else is told all the same."""
    try:
        alive, unread = workers.alive(runtime.redis), HitStream(runtime.redis).length()
    except RedisError:
        yield Sample("redis_up", "1 while Redis answers", 0)
        return
    yield Sample("redis_up", "1 while Redis answers", 1)
    for queue, number in alive.items():
        yield Sample("workers", "Worker processes that live, on all hosts", number, {"queue": queue})
    yield Sample("hits_unrecorded", "Opens and clicks that no pump has recorded yet", unread)
