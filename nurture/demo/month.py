"""The month is lived: time passes, the flows turn, people read their mail and act on it."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from nurture.buffers.stream import Entry
from nurture.demo import habits, house
from nurture.demo.habits import Act
from nurture.demo.people import Person
from nurture.demo.sales import Desk
from nurture.demo.sink import Sink
from nurture.demo.words import IMAGE_PROXY
from nurture.flows.advance import advance
from nurture.flows.count_clicks import count_clicks
from nurture.flows.deliver import deliver
from nurture.flows.hand_over import hand_over
from nurture.flows.leads import DEMO, save_lead
from nurture.flows.leave_everything import leave_everything
from nurture.flows.membership import update_dirty
from nurture.flows.newsletters import send_newsletters
from nurture.flows.outbox import Outbox
from nurture.flows.rate import rate
from nurture.flows.record import record
from nurture.flows.rejudge import rejudge
from nurture.flows.take_signals import take_signals
from nurture.flows.touch import Touch, add_touch
from nurture.mail.smtp import Mailer
from nurture.mail.smtp_url import parse_smtp_url
from nurture.rules import hits
from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.tokens import read
from nurture.runtime import Runtime

_WORKING_HOURS = (5, 7, 8, 9, 11, 13, 16, 20)
_WEEKEND_HOURS = (6, 13, 20)
_EVENT_DAY, _NEWSLETTER_DAY, _VERSION_DAY, _BREAKFAST_CLOSES = 20, 13, 17, 19


class Hits:
    """What the tracking door would have written down: lines, taken once."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []

    def add(self, line: bytes) -> None:
        self._lines.append(line)

    def read(self, limit: int, after: str | None = None) -> list[Entry]:
        behind = int(after or 0)
        wanted = self._lines[behind : behind + limit]
        return [Entry(str(number), line) for number, line in enumerate(wanted, start=behind + 1)]

    def let_go(self, numbers: Sequence[str]) -> None:
        del self._lines[: len(numbers)]


class Month:
    """One month of invented people. `live(since, until)` yields after each day that has passed."""

    def __init__(self, runtime: Runtime, people: Sequence[Person], sink: Sink, chance: Random, home: Path):
        self._runtime = runtime
        self._people = people
        self._by_email = {person.email: person for person in people}
        self._sink = sink
        self._chance = chance
        self._hits = Hits()
        self._desk = Desk(chance)
        self._ids: dict[int, int] = {}
        self._arrived: dict[int, datetime] = {}
        self._letters: Counter[int] = Counter()
        self._queue: list[tuple[datetime, int, Act]] = []
        self._order = count()
        self._outbox = Outbox(
            runtime.ring, runtime.pepper, runtime.settings.base_url, home, live=True, invented="only"
        )
        self._mailer = Mailer(parse_smtp_url(f"smtp://127.0.0.1:{sink.port}"))

    def close(self) -> None:
        self._mailer.close()
        self._outbox.close()

    def live(self, since: datetime, until: datetime) -> Iterator[int]:
        """Each day's number when it is over; the last ends at `until`."""
        for person in self._people:
            self._plan(Act(since + person.arrives, "arrive", person))
        days = (until - since).days + 1
        for day in range(days):
            begins = since + timedelta(days=day)
            self._calendar(day, begins)
            for moment in self._moments(begins):
                if moment < until:
                    self._act(moment)
            yield day
        self._act(until)

    def _moments(self, begins: datetime) -> Iterator[datetime]:
        """When somebody looks after the house on a day that begins at `begins`."""
        hours = _WORKING_HOURS if begins.weekday() < 5 else _WEEKEND_HOURS
        for hour in hours:
            yield begins + timedelta(hours=hour, seconds=self._chance.randrange(1500))

    def _calendar(self, day: int, begins: datetime) -> None:
        """What is set for this day: the event, the newsletter, a new version of the program."""
        if day == _NEWSLETTER_DAY:
            house.send_newsletter(self._runtime, begins + timedelta(hours=9))
        if day == _VERSION_DAY:
            house.publish_version(self._runtime, begins + timedelta(hours=11), changed=True)
        if day == _EVENT_DAY:
            for person in self._people:
                if person.came_by == "breakfast" and person.number in self._ids:
                    self._plan(*habits.at_the_event(self._chance, person, begins + timedelta(hours=10)))
        if begins.weekday() < 5:
            for person in self._people:
                if person.number in self._ids and not self._has_faded(person, begins):
                    self._plan(*habits.in_between(self._chance, person, begins + timedelta(hours=7)))

    def _act(self, now: datetime) -> None:
        """Everything that has happened until now, then the flows, then what people make of their mail."""
        while self._queue and self._queue[0][0] <= now:
            self._do(heapq.heappop(self._queue)[2], now)
        self._turn(now)
        self._desk.work(self._runtime, now)
        for letter in self._sink.take():
            person = self._by_email[letter.to]
            self._letters[person.number] += 1
            self._plan(
                *habits.on_letter(
                    self._chance,
                    person,
                    letter,
                    now,
                    number=self._letters[person.number],
                    lost_interest=self._has_faded(person, now),
                )
            )

    def _turn(self, now: datetime) -> None:
        """The flows, as a pump would turn them, until nothing is due."""
        runtime, sessions = self._runtime, self._runtime.sessions
        while True:
            done = record(sessions, self._hits, [], now=now, stall=runtime.settings.click_stall)
            done += count_clicks(sessions, now=now)
            done += rejudge(sessions, now=now)
            done += rate(sessions, now=now)
            done += update_dirty(sessions, now=now)
            done += hand_over(sessions, runtime.ring, runtime.settings.base_url, now=now)
            done += advance(sessions, runtime.pepper, now=now)
            done += send_newsletters(sessions, runtime.pepper, now=now)
            done += deliver(sessions, self._mailer, self._outbox, now=now)
            if not done:
                return

    def _plan(self, *acts: Act) -> None:
        for act in acts:
            heapq.heappush(self._queue, (act.at, next(self._order), act))

    def _has_faded(self, person: Person, now: datetime) -> bool:
        return habits.fades(person, now - self._arrived.get(person.number, now))

    def _do(self, act: Act, now: datetime) -> None:
        match act.what:
            case "arrive":
                self._arrive(act)
            case "open" | "click" | "proxy" | "scan":
                self._hit(act)
            case "signal":
                self._signal(act, now)
            case "touch":
                self._touch(act, now)
            case "leave":
                self._leave(act)

    def _arrive(self, act: Act) -> None:
        with self._runtime.sessions.begin() as session:
            saved = save_lead(
                session,
                act.person.answers,
                now=act.at,
                by=house.BY,
                pepper=self._runtime.pepper,
                base_url=self._runtime.settings.base_url,
                source_kind=DEMO,
            )
        self._ids[act.person.number], self._arrived[act.person.number] = saved.id, act.at
        self._plan(*habits.on_arrival(self._chance, act.person, act.at))

    def _hit(self, act: Act) -> None:
        kind = act.kind if act.what == "scan" else CLICK if act.what == "click" else OPEN
        ids = read(self._runtime.ring, kind, act.token, 2 if kind == CLICK else 1)
        if ids is None:
            raise ValueError("a letter of ours with a token that is not ours")
        agents = {"scan": act.person.firm.gateway or "", "proxy": IMAGE_PROXY}
        self._hits.add(
            hits.write(
                Hit(
                    id=uuid7(millis_of(act.at), self._chance.randbytes(NOISE_BYTES)),
                    kind=kind,
                    delivery_id=ids[0],
                    link_id=ids[1] if kind == CLICK else None,
                    method="GET",
                    ua=agents.get(act.what, act.person.browser),
                    ip="2001:db8:ffff::25" if act.what == "scan" else act.person.ip,
                    headers={"accept-language": "en"},
                )
            )
        )

    def _signal(self, act: Act, now: datetime) -> None:
        said = {
            "lead_id": self._ids[act.person.number],
            "kind": act.kind,
            "occurred_at": act.at,
            "key": f"{act.person.number}:{act.kind}:{act.at.isoformat()}",
            "data": act.data,
        }
        with self._runtime.sessions.begin() as session:
            take_signals(session, [said], source=DEMO, now=now)

    def _touch(self, act: Act, now: datetime) -> None:
        data = act.data or {}
        touch = Touch(act.kind, data["direction"], data["note"], act.at)
        with self._runtime.sessions.begin() as session:
            add_touch(session, self._ids[act.person.number], touch, by=house.BY, now=now)

    def _leave(self, act: Act) -> None:
        with self._runtime.sessions.begin() as session:
            leave_everything(
                session,
                self._ids[act.person.number],
                how="one_click",
                proof={"by": house.BY},
                pepper=self._runtime.pepper,
                now=act.at,
            )
