"""A week in the life of products and people, drawn by who they are instead of by what their hits look like:
every house has a product at its gate with addresses of its own, every person a device, a network and habits,
and all of them meet the same mails.

Written without a look at the rules, to tell how they do with what nobody had in mind. Some of it nobody can
tell from one hit: a sandbox that follows one link of a mail, with a browser's name, from a cloud.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tests.rules.hit_shapes import NO_HEADERS, START, Log, Mail
from tests.rules.lived_programs import (
    ANDROID,
    APPLE,
    CHROME,
    CLICKABLE,
    EDGE,
    GMAIL,
    GMAIL_AHEAD,
    IE,
    IPHONE,
    OLD_EDGE,
    SAYING_SO,
    YAHOO,
)

TRAP = 99


@dataclass(frozen=True)
class House:
    """A company: its mails by person, what stands at its gate, and how its people reach the net."""

    mails: Sequence[Mail]
    product: str
    pool: Sequence[str]
    exits: Sequence[str]


@dataclass(frozen=True)
class Person:
    """Device and place, and what is sent along."""

    ua: str
    ip: str
    headers: Mapping[str, str]


class Life(Log):
    """Draws the week."""

    def network(self, size: int, ranges: int = 1) -> list[str]:
        """Addresses of a data centre: `size` of them out of so many ranges."""
        heads = [self.address().rpartition(".")[0] for _ in range(ranges)]
        return [f"{self.any.choice(heads)}.{self.any.randint(1, 254)}" for _ in range(size)]

    def person(self, house: House) -> Person:
        ua = self.any.choice(CLICKABLE)
        at_work = self.any.random() < 0.55
        headers = {"dnt": "1"} if "Firefox" in ua and self.any.random() < 0.3 else NO_HEADERS
        return Person(ua, self.any.choice(house.exits) if at_work else self.home(), headers)

    def does(
        self, person: Person, mail: Mail, after: float, place: int | None, habit: str, ip: str = ""
    ) -> None:
        self.hit(
            mail,
            after,
            habit,
            bot=False,
            place=place,
            ip=ip or person.ip,
            ua=person.ua,
            headers=person.headers,
        )

    def product(
        self, mail: Mail, after: float, place: int | None, name: str, ip: str, ua: str, **more: str
    ) -> None:
        self.hit(mail, after, name, bot=True, place=place, ip=ip, ua=ua, **more)  # type: ignore[arg-type]


# What stands at gates.


def safelinks(life: Life, house: House, mail: Mail) -> None:
    """Detonation at delivery: Edges and Chromes from a cloud, most links, in no order, within a minute."""
    start = life.any.uniform(4, 150)
    for place in life.any.sample(range(mail.links), max(1, round(mail.links * life.any.uniform(0.6, 1)))):
        number = life.any.randint(90, 131)
        ua = life.any.choice((EDGE.format(number, number), CHROME.format(number), OLD_EDGE))
        life.product(mail, start, place, "safelinks", life.any.choice(house.pool), ua)
        start += life.any.expovariate(1 / 1.2)


def barracuda(life: Life, house: House, mail: Mail) -> None:
    """Everything there is, hidden links too, HEAD before GET, in one breath."""
    start, ip = life.any.uniform(8, 70), life.any.choice(house.pool)
    for place in (*range(mail.links), TRAP):
        life.product(mail, start, place, "barracuda", ip, CHROME.format(79), method="HEAD")
        life.product(mail, start + 0.05, place, "barracuda", ip, CHROME.format(79))
        start += life.any.uniform(0.02, 0.3)


def proofpoint(life: Life, house: House, mail: Mail) -> None:
    """A sandbox in a cloud looks at a link or three of every mail within a quarter of an hour; each visit
    loads the page with a browser of its own."""
    start = life.any.uniform(20, 900)
    for place in life.any.sample(range(mail.links), min(mail.links, life.any.randint(1, 3))):
        ip, ua = life.any.choice(house.pool), CHROME.format(life.any.randint(100, 125))
        life.product(mail, start, place, "proofpoint", ip, ua)
        start += life.any.uniform(3, 60)


def cisco(life: Life, house: House, mail: Mail) -> None:
    """HEAD alone, by something without a name or with that of an old browser, as soon as the mail is in."""
    start, ua = life.any.uniform(1, 25), life.any.choice(("", IE))
    for place in range(mail.links):
        life.product(mail, start, place, "cisco", house.pool[0], ua, method="HEAD")
        start += life.any.uniform(0.1, 2)


def trend(life: Life, house: House, mail: Mail) -> None:
    """An Internet Explorer goes through the links a few minutes later, and again in the night."""
    for start in (life.any.uniform(60, 400), life.any.uniform(20_000, 60_000)):
        at = start
        for place in range(mail.links):
            life.product(mail, at, place, "trend", life.any.choice(house.pool), IE)
            at += life.any.uniform(0.3, 4)


def symantec(life: Life, house: House, mail: Mail) -> None:
    """Each link with another browser from another address, all within ten seconds."""
    start = life.any.uniform(15, 240)
    for place in range(mail.links):
        moment = start + life.any.uniform(0, 10)
        life.product(
            mail, moment, place, "symantec", life.any.choice(house.pool), life.any.choice(CLICKABLE[:20])
        )


def nothing(life: Life, house: House, mail: Mail) -> None:
    """No gate."""


PRODUCTS = {
    "safelinks": (safelinks, 40, 6), "barracuda": (barracuda, 3, 1), "proofpoint": (proofpoint, 8, 2),
    "cisco": (cisco, 1, 1), "trend": (trend, 6, 1), "symantec": (symantec, 12, 3), "nothing": (nothing, 1, 1),
    "mimecast": (nothing, 12, 2),
}  # fmt: skip
_CHECK_AT_CLICK = frozenset({"safelinks", "mimecast", "proofpoint"})


# What people do.


def one_look(life: Life, house: House, mail: Mail, who: Person) -> None:
    """Opens it and follows a link, perhaps a second."""
    after = life.reading_moment()
    life.does(who, mail, after, None, "one look")
    for place in life.any.sample(range(mail.links), min(mail.links, life.any.choice((1, 1, 1, 2)))):
        after += life.any.uniform(3, 90)
        _follow(life, house, mail, who, after, place, "one look")


def at_once(life: Life, house: House, mail: Mail, who: Person) -> None:
    """The telephone buzzes: open and click within five seconds of each other, half a minute after it came."""
    after = life.any.uniform(7, 40)
    life.does(who, mail, after, None, "at once")
    life.does(who, mail, after + life.any.uniform(1.5, 5), 0, "at once")


def every_link(life: Life, house: House, mail: Mail, who: Person) -> None:
    """Wants to see it all: every link in its order, a page at a time."""
    after = life.reading_moment() + 200
    for place in range(mail.links):
        _follow(life, house, mail, who, after, place, "every link")
        after += 6 + life.any.expovariate(1 / 30)


def pass_it_on(life: Life, house: House, mail: Mail, who: Person) -> None:
    """Forwards it to colleagues, who read it from where they are; a chat draws the card of the link."""
    after, place = life.reading_moment(), life.any.randrange(mail.links)
    life.does(who, mail, after, place, "pass it on")
    life.product(mail, after + 20, place, "card", life.address(), life.any.choice(SAYING_SO[:12]))
    for _colleague in range(life.any.randint(1, 5)):
        after += 30 + life.any.expovariate(1 / 2000)
        life.does(life.person(house), mail, after, place, "pass it on")


def apple(life: Life, house: House, mail: Mail, who: Person) -> None:
    """Apple loads the pictures whenever; the person clicks from the telephone later, by another address."""
    life.product(mail, life.any.uniform(2, 9000), None, "apple", life.address(), APPLE)
    after = life.reading_moment()
    phone = Person(IPHONE.format(5, 5), life.address(), NO_HEADERS)
    life.does(phone, mail, after, life.any.randrange(mail.links), "apple")
    if life.any.random() < 0.3:
        life.does(phone, mail, after + life.any.uniform(15, 200), life.any.randrange(mail.links), "apple",
                  life.address())  # fmt: skip


def webmail(life: Life, house: House, mail: Mail, who: Person) -> None:
    """Gmail and Yahoo load the pictures through their own proxies, Gmail ahead of the reader at times."""
    if life.any.random() < 0.3:
        life.product(mail, life.any.uniform(1, 5), None, "ahead", life.address(), GMAIL_AHEAD)
    after = 25 + life.reading_moment()
    life.product(mail, after, None, "image proxy", life.address(), life.any.choice((GMAIL, YAHOO)))
    life.does(who, mail, after + life.any.uniform(2, 60), life.any.randrange(mail.links), "webmail")


def twice(life: Life, house: House, mail: Mail, who: Person) -> None:
    """Double clicks, then back and the next one at once, in tabs."""
    after = life.reading_moment()
    for place in life.any.sample(range(mail.links), min(mail.links, 2)):
        life.does(who, mail, after, place, "twice")
        life.does(who, mail, after + life.any.uniform(0.1, 0.6), place, "twice")
        after += life.any.uniform(1.2, 6)


HABITS = (
    (one_look, 46),
    (at_once, 6),
    (every_link, 5),
    (pass_it_on, 7),
    (apple, 14),
    (webmail, 14),
    (twice, 6),
)


def _follow(life: Life, house: House, mail: Mail, who: Person, after: float, place: int, habit: str) -> None:
    """Follows a link; some gates look at it in that moment, then let the person through."""
    if house.product in _CHECK_AT_CLICK and life.any.random() < 0.5:
        before = after - life.any.uniform(0.2, 1.8)
        number = life.any.randint(100, 131)
        life.product(mail, before, place, "at click", life.any.choice(house.pool), CHROME.format(number))
    life.does(who, mail, after, place, habit)


def a_week(houses: int, seed: int) -> Life:
    """So many houses get a newsletter; some of their people read on telephones behind one carrier."""
    life, at = Life(seed), START
    carrier = life.network(4)
    for _house in range(houses):
        at += timedelta(seconds=life.any.uniform(2, 40))
        house = _moved_in(life, life.company(life.any.choice((1, 2, 4, 9, 20, 45, 120)), at))
        gate = PRODUCTS[house.product][0]
        for mail in house.mails:
            gate(life, house, mail)
            if life.any.random() < 0.04:
                ua, ip = life.any.choice(SAYING_SO), life.address()
                for _time in range(life.any.randint(1, 3)):
                    life.product(
                        mail, life.reading_moment(), life.any.randrange(mail.links), "says so", ip, ua
                    )
            if life.any.random() < 0.28:
                habit = life.any.choices([one for one, _n in HABITS], [n for _one, n in HABITS])[0]
                who = life.person(house)
                if life.any.random() < 0.2:
                    who = Person(ANDROID.format(120), life.any.choice(carrier), NO_HEADERS)
                habit(life, house, mail, who)
        if len(house.mails) >= 20 and life.any.random() < 0.25:
            _bell(life, house)
        if life.any.random() < 0.05:
            _watched(life, house)
        if life.any.random() < 0.1:
            _backlog(life, house, at)
    return life


def _moved_in(life: Life, mails: Sequence[Mail]) -> House:
    product = life.any.choice(("nothing", "nothing", "nothing", *PRODUCTS))
    _gate, size, ranges = PRODUCTS[product]
    exits = life.network(life.any.choice((1, 1, 2, 3)))
    return House(mails, product, life.network(size, ranges), exits)


def _bell(life: Life, house: House) -> None:
    """The boss writes to everybody at nine: a third of the house clicks within minutes, through one exit."""
    for mail in house.mails:
        if life.any.random() < 0.33:
            ua, after = life.any.choice(CLICKABLE[:20]), life.any.uniform(25, 600)
            who = Person(ua, house.exits[0], NO_HEADERS)
            life.does(who, mail, after, None, "bell")
            life.does(who, mail, after + life.any.uniform(2, 40), life.any.randrange(mail.links), "bell")


def _watched(life: Life, house: House) -> None:
    """A link was pasted into a monitor that looks every five minutes, as a browser would."""
    mail, ip, ua = house.mails[0], life.address(), CHROME.format(117)
    start = life.any.uniform(5000, 50_000)
    for turn in range(40):
        life.product(mail, start + 300 * turn + life.any.uniform(-0.2, 0.2), 0, "watched", ip, ua)


def _backlog(life: Life, house: House, at: object) -> None:
    """Back from leave: somebody goes through everything of ours in the inbox, mail after mail, and follows a
    link in some."""
    first, who = house.mails[0], life.person(house)
    after = 40_000 + life.any.uniform(0, 40_000)
    for _mail in range(life.any.randint(6, 14)):
        number = len(life.mails) + 1
        mail = Mail(number, first.sent, first.links, first.address, first.office, first.gate)
        life.mails[number] = mail
        life.does(who, mail, after, None, "backlog")
        if life.any.random() < 0.5:
            life.does(who, mail, after + life.any.uniform(1.5, 6), life.any.randrange(mail.links), "backlog")
            after += 5
        after += life.any.uniform(0.8, 8)
