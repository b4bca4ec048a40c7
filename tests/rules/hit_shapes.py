"""A made-up log of tracked mails: who hits them, when, from where and with what, and who it really was.

Shapes of scanners and of people as they are known from the field, and others that a rule written for the
known ones alone would get wrong. Everything is drawn from one seeded source.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from nurture.rules.crowds import Trace, door_of
from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.ids import millis_of, uuid7
from nurture.rules.robots import Context, Verdict, judge, says_robot
from nurture.rules.surroundings import Surroundings, company_of, gate_of
from nurture.rules.visitors import is_near
from tests.rules.known_user_agents import BROWSERS, ROBOTS

NO_HEADERS: Mapping[str, str] = {}
START = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


@dataclass(frozen=True)
class Told:
    """A hit and the truth about it."""

    hit: Hit
    bot: bool
    shape: str


@dataclass
class Mail:
    """One delivery: its links, when it was accepted, at whose gate, behind which address people sit."""

    number: int
    sent: datetime
    links: int
    address: str
    office: str
    gate: str

    def link(self, place: int) -> int:
        return self.number * 100 + place


@dataclass
class Log:
    """Draws mails and hits; `told` holds the hits."""

    seed: int = 1
    told: list[Told] = field(default_factory=list)
    mails: dict[int, Mail] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.any = random.Random(self.seed)

    def company(self, people: int, at: datetime) -> list[Mail]:
        """Mails to people of one company, accepted within a minute."""
        name = len(self.mails)
        office, gate = self.address(), self.address()
        links = self.any.choice((1, 2, 3, 4, 5, 6, 8, 8, 10, 12))
        made = []
        for person in range(people):
            number = len(self.mails) + 1
            sent = at + timedelta(seconds=self.any.uniform(0, 40))
            mail = Mail(number, sent, links, f"p{person}@company{name}.example", office, gate)
            self.mails[number] = mail
            made.append(mail)
        return made

    def address(self) -> str:
        """Any but those of private networks."""
        found = ".".join(str(self.any.randint(1, 254)) for _ in range(4)).replace("10.", "11.", 1)
        return f"11.{found.partition('.')[2]}" if is_near(found) else found

    def home(self) -> str:
        return f"84.{self.any.randint(1, 254)}.{self.any.randint(1, 254)}.{self.any.randint(1, 254)}"

    def hit(
        self,
        mail: Mail,
        after: float,
        shape: str,
        *,
        bot: bool,
        place: int | None = 0,
        ip: str,
        ua: str,
        method: str = "GET",
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        """A hit `after` seconds from acceptance; `place` None is an open."""
        at = mail.sent + timedelta(seconds=after)
        number = uuid7(millis_of(at), self.any.randbytes(10))
        kind = OPEN if place is None else CLICK
        link = None if place is None else mail.link(place)
        self.told.append(Told(Hit(number, kind, mail.number, link, method, ua, ip, headers), bot, shape))

    def browser(self) -> str:
        return self.any.choice(BROWSERS)

    def scan_moment(self) -> float:
        """Seconds until a scanner comes: most within a minute, nearly all within five."""
        draw = self.any.random()
        if draw < 0.66:
            return self.any.uniform(20, 60)
        return self.any.uniform(60, 300) if draw < 0.94 else self.any.uniform(300, 3600)

    def reading_moment(self) -> float:
        """Seconds until a person comes to it: an hour or two for half of them, days for some."""
        return max(6.0, min(self.any.lognormvariate(8.5, 1.7), 20 * 86_400))

    def verdicts(self) -> Iterator[tuple[Told, Verdict]]:
        """Every hit with the verdict it has when all of them are known."""
        links = {number: mail.links for number, mail in self.mails.items()}
        since = {one.hit.id: self._since(one.hit) for one in self.told}
        surroundings = Surroundings([self._trace(one.hit, since[one.hit.id]) for one in self.told], links)
        for one in self.told:
            context = Context(since[one.hit.id], surroundings.signs(one.hit.id))
            yield one, judge(one.hit, context)

    def _since(self, hit: Hit) -> float:
        return (hit.at - self.mails[hit.delivery_id].sent).total_seconds()

    def _trace(self, hit: Hit, since: float) -> Trace:
        company = company_of(self.mails[hit.delivery_id].address)
        return Trace(
            hit.id, hit.delivery_id, hit.kind, hit.link_id, door_of(hit.ip, hit.ua), hit.at, hit.ua,
            trap=hit.link_id is not None and hit.link_id % 100 == 99,
            robot=says_robot(hit), since_sent=since, domain=gate_of(hit.kind, company, since),
            company=company, strangers=company is None,
        )  # fmt: skip


Shape = Callable[[Log, Mail], None]


def _walk(log: Log, mail: Mail, shape: str, start: float, gaps: Callable[[], float], **rest: str) -> None:
    """A robot goes through all links in order."""
    for place in range(mail.links):
        log.hit(mail, start, shape, bot=True, place=place, **({"ip": mail.gate} | rest))  # type: ignore[arg-type]
        start += gaps()


def sweep(log: Log, mail: Mail) -> None:
    start, ua = log.scan_moment(), log.browser()
    log.hit(mail, 9, "sweep", bot=True, place=None, ip=mail.gate, ua=ua)
    _walk(log, mail, "sweep", start, lambda: log.any.uniform(0.01, 0.12), ua=ua)


def orderly(log: Log, mail: Mail) -> None:
    _walk(
        log,
        mail,
        "orderly",
        log.scan_moment(),
        lambda: 4.5 / mail.links * log.any.uniform(0.6, 1),
        ua=log.browser(),
    )


def staggered(log: Log, mail: Mail) -> None:
    _walk(
        log, mail, "staggered", log.any.uniform(20, 120), lambda: log.any.uniform(1.5, 12), ua=log.browser()
    )


def strolling(log: Log, mail: Mail) -> None:
    _walk(log, mail, "strolling", log.any.uniform(30, 240), lambda: log.any.uniform(15, 50), ua=log.browser())


def metronome(log: Log, mail: Mail) -> None:
    step = log.any.uniform(2, 45)
    _walk(
        log, mail, "metronome", log.any.uniform(600, 90_000),
        lambda: step + log.any.uniform(-0.05, 0.05), ua=log.browser(),
    )  # fmt: skip


def rotating(log: Log, mail: Mail) -> None:
    start, ua = log.scan_moment(), log.browser()
    for place in range(mail.links):
        log.hit(mail, start, "rotating", bot=True, place=place, ip=log.address(), ua=ua)
        start += log.any.uniform(0.02, 0.25)


def looking_twice(log: Log, mail: Mail) -> None:
    start, ua = log.scan_moment(), log.browser()
    for place in range(mail.links):
        log.hit(mail, start, "head first", bot=True, place=place, ip=mail.gate, ua=ua, method="HEAD")
        log.hit(mail, start + 0.2, "head first", bot=True, place=place, ip=mail.gate, ua=ua)
        start += log.any.uniform(0.5, 4)


def half_a_sweep(log: Log, mail: Mail) -> None:
    start, ua = log.scan_moment(), log.browser()
    for place in log.any.sample(range(mail.links), min(mail.links, 3)):
        log.hit(mail, start, "half a sweep", bot=True, place=place, ip=mail.gate, ua=ua)
        start += log.any.uniform(0.05, 0.8)


def says_so(log: Log, mail: Mail) -> None:
    ua = log.any.choice(ROBOTS)
    start = log.any.uniform(3, 90_000)
    for place in range(log.any.randint(1, mail.links)):
        log.hit(mail, start, "says so", bot=True, place=place, ip=log.address(), ua=ua)
        start += log.any.uniform(0.1, 30)


def at_the_door(log: Log, mail: Mail) -> None:
    log.hit(mail, log.any.uniform(0.1, 1.8), "at the door", bot=True, ip=mail.gate, ua=log.browser())


def trapped(log: Log, mail: Mail) -> None:
    start, ua = log.scan_moment(), log.browser()
    for place in (*log.any.sample(range(mail.links), min(2, mail.links)), 99):
        log.hit(mail, start, "trapped", bot=True, place=place, ip=mail.gate, ua=ua)
        start += log.any.uniform(1, 60)


def swept_again(log: Log, mail: Mail) -> None:
    for start in (log.scan_moment(), log.any.uniform(7_000, 90_000)):
        _walk(log, mail, "swept again", start, lambda: log.any.uniform(0.01, 0.3), ua=log.browser())


def lone_look(log: Log, mail: Mail) -> None:
    """One link, a browser's name, an address of its own: nobody can tell."""
    log.hit(mail, log.scan_moment(), "lone look", bot=True, ip=log.address(), ua=log.browser())


def one_click(log: Log, mail: Mail) -> None:
    after, ua, ip = log.reading_moment(), log.browser(), log.any.choice((mail.office, log.home()))
    if log.any.random() < 0.7:
        log.hit(
            mail, max(5, after - log.any.uniform(2, 90)), "one click", bot=False, place=None, ip=ip, ua=ua
        )
    log.hit(mail, after, "one click", bot=False, place=log.any.randrange(mail.links), ip=ip, ua=ua)


def some_clicks(log: Log, mail: Mail) -> None:
    after, ua, ip = log.reading_moment(), log.browser(), log.any.choice((mail.office, log.home()))
    for place in log.any.sample(range(mail.links), min(mail.links, log.any.choice((2, 2, 3, 4)))):
        log.hit(mail, after, "some clicks", bot=False, place=place, ip=ip, ua=ua)
        after += 3 + log.any.expovariate(1 / 45)


def double_click(log: Log, mail: Mail) -> None:
    after, ua, ip = log.reading_moment(), log.browser(), log.home()
    for gap in (0, log.any.uniform(0.05, 1.5)):
        log.hit(mail, after + gap, "double click", bot=False, ip=ip, ua=ua)


def two_devices(log: Log, mail: Mail) -> None:
    after = log.reading_moment()
    log.hit(mail, after, "two devices", bot=False, ip=log.home(), ua=log.browser())
    log.hit(
        mail, after + log.any.uniform(30, 40_000), "two devices", bot=False, ip=mail.office, ua=log.browser()
    )


def forwarded(log: Log, mail: Mail) -> None:
    after = log.reading_moment()
    for _colleague in range(log.any.randint(2, 8)):
        after += log.any.expovariate(1 / 900)
        place = log.any.randrange(mail.links)
        log.hit(mail, after, "forwarded", bot=False, place=place, ip=log.home(), ua=log.browser())


def tabs(log: Log, mail: Mail) -> None:
    after, ua, ip = log.reading_moment(), log.browser(), log.home()
    for place in range(min(mail.links - 1, log.any.randint(2, 4)) or 1):
        log.hit(mail, after, "tabs", bot=False, place=place, ip=ip, ua=ua)
        after += log.any.uniform(1.1, 5)


def thorough(log: Log, mail: Mail) -> None:
    after, ua, ip = log.reading_moment(), log.browser(), log.home()
    for place in range(mail.links):
        log.hit(mail, after, "thorough", bot=False, place=place, ip=ip, ua=ua)
        after += 20 + log.any.expovariate(1 / 120)


def checked_on_the_way(log: Log, mail: Mail) -> None:
    """A filter looks at the address when the person follows it, then lets the person through."""
    after, place = log.reading_moment(), log.any.randrange(mail.links)
    log.hit(mail, after, "checked", bot=True, place=place, ip=log.address(), ua=log.browser())
    gap = log.any.uniform(0.3, 2.5)
    log.hit(mail, after + gap, "checked", bot=False, place=place, ip=mail.office, ua=log.browser())


def hidden_opens(log: Log, mail: Mail) -> None:
    log.hit(
        mail,
        log.any.uniform(1, 4000),
        "hidden open",
        bot=True,
        place=None,
        ip=log.address(),
        ua="Mozilla/5.0",
    )
    log.hit(mail, log.any.uniform(1, 90_000), "hidden open", bot=True, place=None, ip=log.address(), ua=PROXY)


# With their weights: what a gate does to the mails of its company, and what people do.
GATES: tuple[tuple[Shape, float], ...] = (
    (sweep, 40), (orderly, 8), (staggered, 8), (strolling, 3), (metronome, 4), (rotating, 6),
    (looking_twice, 6), (half_a_sweep, 6), (says_so, 10), (at_the_door, 4), (trapped, 4), (swept_again, 4),
)  # fmt: skip
PEOPLE: tuple[tuple[Shape, float], ...] = (
    (one_click, 50), (some_clicks, 18), (double_click, 6), (two_devices, 6), (forwarded, 3), (tabs, 6),
    (thorough, 3), (checked_on_the_way, 5), (hidden_opens, 12),
)  # fmt: skip


def a_log(mails: int, seed: int = 1) -> Log:
    """Companies of one to two hundred people, some behind gates; a good third of the people click."""
    log, at = Log(seed), START
    while len(log.mails) < mails:
        at += timedelta(seconds=log.any.uniform(1, 20))
        people = log.any.choice((1, 1, 1, 1, 2, 2, 3, 4, 6, 10, 25, 60, 200))
        company = log.company(min(people, mails - len(log.mails)), at)
        _gate(log, company)
        for mail in company:
            if log.any.random() < 0.35:
                _drawn(log, PEOPLE)(log, mail)
    return log


def _gate(log: Log, company: list[Mail]) -> None:
    draw = log.any.random()
    if draw < 0.45:
        return
    if draw < 0.52 and len(company) >= 25:
        _one_link_each(log, company, rotating_addresses=draw < 0.48)
        return
    shape = _drawn(log, GATES)
    for mail in company:
        # Where a mail has one link there is nothing to sweep, and what is left looks like a person.
        if mail.links == 1 and shape not in (says_so, at_the_door, looking_twice, trapped):
            if log.any.random() < 0.04:
                lone_look(log, mail)
            continue
        shape(log, mail)


def _one_link_each(log: Log, company: list[Mail], *, rotating_addresses: bool) -> None:
    """One link of every mail of the company, within less than a minute for forty of them."""
    after = log.scan_moment()
    for place, mail in enumerate(company):
        early = (company[0].sent - mail.sent).total_seconds()
        ip = log.address() if rotating_addresses else mail.gate
        log.hit(
            mail, max(2.5, after + early + place * 1.2), "one link each", bot=True, ip=ip, ua=log.browser()
        )


def _drawn(log: Log, shapes: tuple[tuple[Shape, float], ...]) -> Shape:
    return log.any.choices([shape for shape, _ in shapes], [weight for _, weight in shapes])[0]
