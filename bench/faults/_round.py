"""One round under fire: an installation of its own, leads with a chain of two mails, and a seeded order of
kills, stops, emptied and killed servers, and people who leave, until everything has come to its end."""

import email
import email.policy
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
from redis import RedisError

from bench.faults import _hours
from bench.faults._checker import ENDED, Story, breaches, unresolved
from bench.faults._readers import Readers
from bench.faults._server import FaultyServer
from bench.faults._setting import BOUNCE_DOMAIN, bring_in, prepare
from bench.faults._signals import unsettled
from nurture.embedded.home import Home
from nurture.files import clock_file
from nurture.files.secrets import load_ring
from nurture.files.spool import folder_of, waiting_bytes
from nurture.rules.tokens import mint
from tests.stories.office import Office, links

STEPS = 2
_SPEED = 60.0
_WAVES = 3  # leads come in portions, so that mails are on their way all the time
_IN_DOUBT = "SELECT message_id::text FROM delivery WHERE state = 'uncertain'"


@dataclass
class Fire:
    """A running round. `hits` counts what was killed, stopped or emptied."""

    office: Office
    server: FaultyServer
    dice: random.Random
    lease: float
    say: Callable[[str], None]
    hits: int = 0
    left: dict[str, float] = field(default_factory=dict)
    stopped: list[tuple[float, int]] = field(default_factory=list)

    def strike(self) -> None:
        """One fault of the seeded order."""
        self._wake_up()
        blow = self.dice.choices(
            (
                self.kill_horse,
                self.kill_parent,
                self.flush,
                self.kill_redis,
                self.kill_postgres,
                self.kill_door,
                self.stop_horse,
                self.leave,
            ),
            weights=(5, 3, 2, 1, 1, 1, 3, 8),
        )[0]
        try:
            if blow():
                self.hits += blow != self.leave
                self.say(f"  {blow.__name__}")
        except (psycopg.OperationalError, httpx.TransportError, RedisError, OSError):
            self.say(f"  {blow.__name__}: nobody there just now")

    def workers(self) -> list[int]:
        return self.office.pids("worker", "pump")

    def kill_horse(self) -> bool:
        return _kill(self._horses())

    def kill_parent(self) -> bool:
        return _kill(self._parents(), self.dice)

    def flush(self) -> bool:
        self.office.redis().flushall()
        return True

    def kill_redis(self) -> bool:
        pid = Home(self.office.home).redis().running()
        return _kill([pid] if pid else [])

    def kill_door(self) -> bool:
        """A process that answers readers, or the one that looks after those."""
        return _kill(self.office.pids("web"), self.dice)

    def kill_postgres(self) -> bool:
        pid = Home(self.office.home).postgres().running()
        return _kill([pid] if pid else [])

    def stop_horse(self) -> bool:
        """Let the processes that send stand still until their leases are over, all but one, which takes up
        what they held; then let them go on."""
        horses = [pid for pid in self._horses() if pid not in {one for _, one in self.stopped}]
        in_hand = self.office.number("SELECT count(*) FROM delivery WHERE state = 'sending'")
        if len(horses) < 2 or not in_hand:
            return False
        for pid in horses[1:]:
            os.kill(pid, signal.SIGSTOP)
            self.stopped.append((time.monotonic() + self.lease, pid))
        return True

    def stop_at_the_height(self, *, patience: float = 8.0) -> None:
        """Stop processes in the middle of what has just come in: by the die alone that is rare, for a wave
        is out within seconds."""
        until = time.monotonic() + patience
        while time.monotonic() < until:
            with suppress(psycopg.OperationalError, OSError):
                if self.stop_horse():
                    self.hits += 1
                    self.say("  stop_horse, at the height of the wave")
                    return
            time.sleep(0.05)

    def leave(self) -> bool:
        """Somebody who still waits for a mail, longest if it was put off, asks by one click to be left
        alone."""
        rows = self.office.rows(
            "SELECT d.id, d.lead_id, l.email_norm FROM delivery d JOIN lead l ON l.id = d.lead_id"
            " WHERE d.state IN ('scheduled', 'ready', 'deferred', 'sending', 'sent')"
            " AND l.email_norm NOT LIKE 'never-%%'"
            " ORDER BY (d.state = 'deferred') DESC, (d.state = 'ready') DESC, random() LIMIT 1"
        )
        if not rows or rows[0][2] in self.left or len(self.left) > 40:
            return False
        delivery_id, lead_id, email = rows[0]
        token = mint(load_ring(self.office.home, None), "unsubscribe", lead_id, delivery_id)
        answer = self.office.web.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"})
        if answer.status_code != 200:
            return False
        self.left[email] = time.monotonic()
        return True

    def calm(self) -> None:
        """No more faults: whoever stands still goes on."""
        self.server.calm = True
        self._wake_up(all_=True)

    def _wake_up(self, *, all_: bool = False) -> None:
        for due, pid in list(self.stopped):
            if all_ or time.monotonic() >= due:
                self.stopped.remove((due, pid))
                with suppress(OSError):
                    os.kill(pid, signal.SIGCONT)

    def _parents(self) -> list[int]:
        pids = self.workers()
        return [pid for pid in pids if _parent_of(pid) not in pids]

    def _horses(self) -> list[int]:
        pids = self.workers()
        return [pid for pid in pids if _parent_of(pid) in pids]


def run(
    folder: Path, seed: int, seconds: float, leads: int, lease: float, say: Callable[[str], None]
) -> list[str]:
    """The breaches of one round, [] for none."""
    dice = random.Random(seed)
    server = FaultyServer(seed)
    server.calm = True
    settings = {
        "NURTURE_WORKERS": "3",
        "NURTURE_SMTP_URL": server.url,
        "NURTURE_LIVE": "1",
        "NURTURE_BOUNCE_DOMAIN": BOUNCE_DOMAIN,
        "NURTURE_CLOCK_START": _hours.START.isoformat(),
        "NURTURE_CLOCK_SPEED": str(_SPEED),
    }
    with _installation(folder, settings) as office:
        set_up = prepare(office, folder, _clock(office))
        fire = Fire(office, server, dice, lease, say)
        readers = Readers(office, server, random.Random(seed))
        server.calm = False
        for wave in range(_WAVES):
            bring_in(office, folder, range(wave, leads, _WAVES))
            fire.stop_at_the_height()
            until = time.monotonic() + seconds / _WAVES
            while time.monotonic() < until:
                time.sleep(dice.uniform(0.2, 1.2))
                readers.turn()
                fire.strike()
        fire.calm()
        ended = time.monotonic()
        set_up.end_the_warm_up()
        # The hour of a quota takes a minute by the fast clock, and tries that were struck count in it, too.
        _come_to_an_end(fire, leads, patience=150 + 2 * lease)
        calendar = _hours.Calendar(set_up.clock, set_up.opens, ended)
        story = Story(
            list(server.taken),
            fire.left,
            set_up.records,
            fire.hits,
            leads,
            STEPS,
            _SPEED,
            calendar,
            readers.looks,
            load_ring(office.home, None),
        )
        found = breaches(office.rows, story)
        _follow_what_is_in_doubt(office, story)
        found += unresolved(office.rows, story)
        kinds = f"{sum(server.faults.values())} faults of {len(server.faults)} kinds"
        mails = f"{len(server.taken)} mails accepted, {len(readers.looks)} looks"
        say(f"  {mails}, {fire.hits} hits, {len(fire.left)} left, {kinds}")
    server.close()
    return found


@contextmanager
def _installation(folder: Path, settings: dict[str, str]) -> Iterator[Office]:
    with Office(folder, **settings) as office:
        office.set_up()
        yield office


def _clock(office: Office) -> _hours.Clock:
    """What the clock of the program showed at a moment of monotonic seconds."""
    real = datetime.now(UTC)
    course, began = clock_file.course(office.home, None, 1.0, real=real), real.timestamp() - time.monotonic()
    return lambda at: course.at(datetime.fromtimestamp(began + at, UTC))


def _come_to_an_end(fire: Fire, leads: int, *, patience: float) -> None:
    """Wait until nothing moves any more, or patience is over: the checker says what is missing."""
    until = time.monotonic() + patience
    quiet = 0
    while time.monotonic() < until and quiet < 3:
        time.sleep(1.0)
        try:
            [(ended, open_, waiting)] = fire.office.rows(
                "SELECT (SELECT count(*) FROM delivery WHERE state = ANY(%(ended)s)),"
                " (SELECT count(*) FROM delivery WHERE NOT state = ANY(%(ended)s)),"
                " (SELECT count(*) FROM enrollment WHERE state = 'active')",
                ended=list(ENDED),
            )
        except psycopg.OperationalError:
            continue
        unread = waiting_bytes(folder_of(fire.office.home)) + unsettled(fire.office.rows)
        quiet = quiet + 1 if ended >= leads and not (open_ or waiting or unread) else 0


def _follow_what_is_in_doubt(office: Office, story: Story, *, patience: float = 60) -> None:
    """Every reader whose mail is in doubt, and came, follows the link in it."""
    in_doubt = {key for (key,) in office.rows(_IN_DOUBT)}
    for one in story.taken:
        message = email.message_from_bytes(one.data, policy=email.policy.default)
        if str(message["Message-ID"]).strip("<>").partition("@")[0] in in_doubt:
            office.web.get(urlsplit(links(message, "c")[0]).path)
    until = time.monotonic() + patience
    while time.monotonic() < until and unresolved(office.rows, story):
        time.sleep(1.0)


def _kill(pids: list[int], dice: random.Random | None = None) -> bool:
    if not pids:
        return False
    os.kill(dice.choice(pids) if dice else pids[-1], signal.SIGKILL)
    return True


def _parent_of(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])
