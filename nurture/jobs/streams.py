"""The streams of work that a pump serves, in the order in which one feeds the next."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from redis import RedisError

from nurture.buffers.stream import HitStream
from nurture.flows.advance import advance
from nurture.flows.count_clicks import count_clicks
from nurture.flows.courier import Courier
from nurture.flows.hand_over import hand_over
from nurture.flows.judge_by_hand import wake_future
from nurture.flows.judge_leads import judge_noted
from nurture.flows.membership import update_dirty
from nurture.flows.newsletters import send_newsletters
from nurture.flows.outbox import Outbox
from nurture.flows.overrule import apply_patterns
from nurture.flows.post_webhooks import post_webhooks
from nurture.flows.rate import rate
from nurture.flows.record import record
from nurture.flows.recycle import recycle_lost
from nurture.flows.rejudge import rejudge
from nurture.flows.sweep import sweep
from nurture.flows.warm_companies import warm_companies
from nurture.flows.watch_response import watch_response
from nurture.runtime import Runtime
from nurture.store import deliveries, pulse

Serve = Callable[[datetime], int]

_SWEEP_SECONDS = 15.0
_FUTURE_SECONDS = 30.0
_RECYCLE_SECONDS = 60.0
_BEAT_SECONDS = 5.0


@dataclass(frozen=True)
class Stream:
    """One kind of work: `serve(now)` does a bounded portion of it and says how much; 0 means none is due."""

    name: str
    serve: Serve


class Streams(list[Stream]):
    """The streams of a turn. `drain()`, asked when its time is over, says whether something is still
    under way that has to be waited for, and begins nothing more of that kind. `moving()`: something goes on
    by itself and soon wants to be looked at."""

    def __init__(
        self, streams: Iterable[Stream], drain: Callable[[], bool], moving: Callable[[], bool]
    ) -> None:
        super().__init__(streams)
        self.drain = drain
        self.moving = moving


@contextmanager
def streams(runtime: Runtime) -> Iterator["Streams"]:
    """All of them, over this runtime; what they keep open is closed at the end."""
    sessions, base_url = runtime.sessions, runtime.settings.base_url
    with ExitStack() as kept:
        poster = runtime.make_poster()
        kept.callback(poster.close)
        # What goes to the catcher reaches nobody: it need not wait for the go-live switch.
        caught = runtime.settings.smtp_url is None
        live = runtime.settings.live or caught
        outbox = Outbox(
            runtime.ring,
            runtime.pepper,
            base_url,
            runtime.settings.home,
            live=live,
            invented="send" if caught else "skip",
            bounce_domain=runtime.settings.bounce_domain,
            softs=runtime.settings.soft_bounces,
            vault=runtime.vault,
        )
        kept.callback(outbox.close)
        courier = Courier(sessions, outbox, runtime.makers(), runtime.make_turnstile)
        kept.callback(lambda: courier.close(runtime.now()))
        hits = HitStream(runtime.redis)
        work = [
            Stream("record", _record(runtime, hits)),
            Stream("count_clicks", lambda now: count_clicks(sessions, now=now)),
            Stream("apply_patterns", lambda now: apply_patterns(sessions, now=now)),
            Stream("rejudge", lambda now: rejudge(sessions, now=now)),
            Stream("rate", lambda now: rate(sessions, now=now, backlog=_backlog(hits))),
            Stream("judge", lambda now: judge_noted(sessions, now=now)),
            Stream("companies", lambda now: warm_companies(sessions, now=now)),
            Stream("segments", lambda now: update_dirty(sessions, now=now)),
            Stream("hand_over", lambda now: hand_over(sessions, runtime.ring, base_url, now=now)),
            Stream("watch_response", lambda now: watch_response(sessions, runtime.ring, base_url, now=now)),
            Stream("post_webhooks", lambda now: post_webhooks(sessions, poster, runtime.vault, now=now)),
            Stream("advance", lambda now: advance(sessions, runtime.pepper, now=now)),
            Stream("newsletters", lambda now: send_newsletters(sessions, runtime.pepper, now=now)),
            Stream("deliver", courier.serve),
            Stream("wake_future", _seldom(lambda now: wake_future(sessions, now=now), _FUTURE_SECONDS)),
            Stream("recycle_lost", _seldom(lambda now: recycle_lost(sessions, now=now), _RECYCLE_SECONDS)),
            # Each host sweeps for itself: the journal that tells sent from unsent lies on its disk.
            Stream("beat", _seldom(lambda now: _beat(runtime, outbox.host, live, now), _BEAT_SECONDS)),
            Stream("sweep", _seldom(lambda now: sweep(sessions, outbox, now=now), _SWEEP_SECONDS)),
        ]
        yield Streams(work, courier.drain, lambda: courier.moving)


def _beat(runtime: Runtime, host: str, live: bool, now: datetime) -> int:
    """Write down that somebody is at work, and how far it is behind; that is no work itself."""
    with runtime.sessions.begin() as session:
        state = deliveries.sending(session)
        found = pulse.behind(session, may_send=not state.stopped and (live or state.live), now=now)
        pulse.beat(session, host, found)
    return 0


def _backlog(hits: HitStream) -> int:
    """How many hits wait to be recorded, as far as Redis can tell."""
    try:
        return hits.length()
    except RedisError:
        return 0


def _record(runtime: Runtime, hits: HitStream) -> Serve:
    spools = [runtime.settings.home / "spool"]
    stall = runtime.settings.click_stall
    return lambda now: record(runtime.sessions, hits, spools, now=now, stall=stall)


def _seldom(serve: Serve, seconds: float) -> Serve:
    """Serve at the first call, then at most every `seconds`."""
    due = 0.0

    def now_and_then(now: datetime) -> int:
        nonlocal due
        if time.monotonic() < due:
            return 0
        due = time.monotonic() + seconds
        return serve(now)

    return now_and_then
