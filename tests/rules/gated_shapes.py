"""Mails on their way: every gate is a policy of independent choices (how much, when, when again, with which
program, from where) run by a vendor that many companies share, every reader an errand with a device.

Drawn without a look at the rules. Unlike the week of lived_shapes, whose products are named and own their
addresses, nothing here is a product: any program may come from any place at any time, people leave through
clouds as machines do, and mails go by with no reader at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tests.rules.hit_shapes import START, Log, Mail
from tests.rules.lived_programs import (
    ANDROID,
    APPLE,
    CHROME,
    CLICKABLE,
    EDGE,
    FIREFOX,
    GMAIL,
    GMAIL_AHEAD,
    IE,
    IPHONE,
    MAC,
    SAYING_SO,
    YAHOO,
)

TRAP = 99
HEADLESS = CHROME.replace("Chrome/", "HeadlessChrome/").format(124)
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
TONGUES = ("de-DE,de;q=0.9,en;q=0.7", "en-GB,en;q=0.9", "fr-FR,fr;q=0.8", "de,en-US;q=0.7,en;q=0.3")
PREVIEWS = tuple(
    ua for ua in SAYING_SO if any(name in ua for name in ("Slack", "WhatsApp", "Telegram", "Skype"))
)


@dataclass(frozen=True)
class Gate:
    """What stands before a company: `links` None is all of them. Moments are bounds in seconds."""

    links: int | None
    when: tuple[float, float]
    pause: tuple[float, float]
    programs: Sequence[str]
    opens: bool
    again: float
    at_click: float
    own_address: bool
    tongue: bool
    cloud: Sequence[str]


@dataclass(frozen=True)
class Company:
    mails: Sequence[Mail]
    gate: Gate | None
    exits: Sequence[str]
    standard: str
    trapped: bool
    wrapped: bool


@dataclass(frozen=True)
class Device:
    ua: str
    ip: str
    tongue: str
    pictures: str


class Post(Log):
    """Draws the mails and all that touches them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.carrier = self.block(12)
        self.relay = self.block(60, 4)
        self.web_proxy = self.block(30, 2)
        self.vendors = [
            self.block(size, ranges) for size, ranges in ((60, 8), (12, 2), (6, 1), (25, 5), (2, 1))
        ]

    def block(self, size: int, ranges: int = 1) -> list[str]:
        heads = [self.address().rpartition(".")[0] for _ in range(ranges)]
        return [f"{self.any.choice(heads)}.{self.any.randint(1, 254)}" for _ in range(size)]

    def between(self, bounds: tuple[float, float]) -> float:
        return self.any.uniform(*bounds)

    def now_and_then(self, chance: float) -> bool:
        return self.any.random() < chance

    def draw_gate(self) -> Gate:
        chrome = self.any.randint(95, 131)
        return Gate(
            links=self.any.choices((None, 1, 2), (5, 2, 2))[0],
            when=self.any.choices(((-3, 3), (4, 60), (60, 600), (1800, 20_000)), (3, 5, 3, 1))[0],
            pause=self.any.choice(((0.02, 0.4), (0.3, 2), (2, 9))),
            programs=self.any.choice((
                (CHROME.format(chrome),), (HEADLESS,), (EDGE.format(chrome, chrome), CHROME.format(chrome)),
                (IPHONE.format(4, 4), CHROME.format(chrome)), (IE,), ("", "python-requests/2.31.0"),
                CLICKABLE[:30],
            )),
            opens=self.now_and_then(0.5),
            again=self.any.choice((0, 0, 0.2)),
            at_click=self.any.choice((0, 0, 0.6)),
            own_address=self.now_and_then(0.25),
            tongue=self.now_and_then(0.5),
            cloud=self.any.choice(self.vendors),
        )  # fmt: skip

    def draw_company(self, at: object) -> Company:
        people = self.any.choices((1, 3, 10, 40, 130), (35, 30, 20, 11, 4))[0]
        mails = self.company(people, at)  # type: ignore[arg-type]
        gate = self.draw_gate() if self.now_and_then(0.25 if people < 5 else 0.6) else None
        if gate and gate.own_address:
            gate = replace(gate, cloud=self.block(self.any.choice((1, 2)), 1))
        exits = self.block(self.any.choice((1, 1, 2)))
        if self.now_and_then(0.1):
            exits = self.web_proxy
        number = self.any.randint(118, 131)
        standard = self.any.choice(
            (CHROME.format(number), EDGE.format(number, number), FIREFOX.format(number))
        )
        return Company(mails, gate, exits, standard, self.now_and_then(0.75), self.now_and_then(0.3))

    def draw_device(self, company: Company) -> Device:
        tongue = self.any.choice(TONGUES)
        where = self.any.random()
        if where < 0.5:
            ua = company.standard if self.now_and_then(0.7) else self.any.choice(CLICKABLE)
            pictures = self.any.choices(("own", "none", GMAIL), (4, 4, 2))[0]
            return Device(ua, self.any.choice(company.exits), tongue, pictures)
        if where < 0.65:
            ip = self.any.choice(self.relay) if self.now_and_then(0.4) else self.home()
            ua = self.any.choice((IPHONE.format(5, 5), IPHONE.format(6, 6), MAC.format(4)))
            return Device(ua, ip, tongue, self.any.choice((APPLE, APPLE, "own")))
        if where < 0.82:
            ua = self.any.choice((ANDROID.format(self.any.randint(118, 131)), IPHONE.format(5, 5)))
            return Device(ua, self.any.choice(self.carrier), tongue, self.any.choice((GMAIL, "own", "none")))
        pictures = self.any.choice((GMAIL, YAHOO, "own", "none"))
        return Device(self.any.choice(CLICKABLE), self.home(), tongue, pictures)

    def robot(
        self, mail: Mail, after: float, place: int | None, name: str, ip: str, ua: str, tongue: bool = False
    ) -> None:
        headers = {"accept": PAGE if "Chrome" in ua else "*/*"} | (
            {"accept-language": "en-US"} if tongue else {}
        )
        self.hit(mail, after, name, bot=True, place=place, ip=ip, ua=ua, headers=headers)

    def sees(self, device: Device, mail: Mail, after: float, habit: str) -> None:
        """Opens the mail; who loads its pictures depends on the program it is read in."""
        if device.pictures == APPLE:
            self.robot(mail, self.between((1, 5000)), None, "apple", self.any.choice(self.relay), APPLE)
        elif device.pictures in (GMAIL, YAHOO):
            if self.now_and_then(0.2):
                self.robot(mail, self.between((1, 5)), None, "ahead", self.address(), GMAIL_AHEAD)
            self.robot(mail, after, None, "picture proxy", self.address(), device.pictures)
        elif device.pictures == "own":
            self.person(device, mail, after, None, habit)

    def person(self, device: Device, mail: Mail, after: float, place: int | None, habit: str) -> None:
        headers = {"accept": PAGE if place is not None else "image/*", "accept-language": device.tongue}
        self.hit(mail, after, habit, bot=False, place=place, ip=device.ip, ua=device.ua, headers=headers)

    def follows(
        self, company: Company, device: Device, mail: Mail, after: float, place: int, habit: str
    ) -> None:
        """Clicks; a gate may look first, a browser fetch ahead, the scanner of the desk look afterwards."""
        gate = company.gate
        if gate and self.now_and_then(gate.at_click):
            ua = self.any.choice(gate.programs)
            self.robot(mail, after - self.between((0.3, 2.5)), place, "at click",
                       self.any.choice(gate.cloud), ua, gate.tongue)  # fmt: skip
        if self.now_and_then(0.03):
            ahead = {"accept": PAGE, "sec-purpose": "prefetch", "accept-language": device.tongue}
            self.hit(mail, after - self.between((0.3, 4)), "prefetch", bot=True, place=place, ip=device.ip,
                     ua=device.ua, headers=ahead)  # fmt: skip
        self.person(device, mail, after, place, habit)
        if "Windows" in device.ua and self.now_and_then(0.06):
            ua = self.any.choice(("", IE, device.ua))
            self.robot(mail, after + self.between((0.1, 2)), place, "antivirus", device.ip, ua)


def passes(post: Post, company: Company, gate: Gate, mail: Mail) -> None:
    """The gate looks at a mail: at all of its links, the hidden one too, or at some."""
    at = post.between(gate.when)
    ip = post.any.choice(gate.cloud)
    if gate.opens:
        post.robot(mail, at - 0.5, None, "gate", ip, gate.programs[0], gate.tongue)
    places = list(range(mail.links))
    if gate.links is None:
        places += [TRAP] if company.trapped else []
    else:
        places = post.any.sample(places, min(gate.links, len(places)))
    for _turn in range(1 + post.now_and_then(gate.again)):
        moment = at
        for place in places:
            ip = post.any.choice(gate.cloud) if post.now_and_then(0.5) else ip
            post.robot(mail, moment, place, f"gate {gate.links or 'all'}", ip, post.any.choice(gate.programs),
                       gate.tongue)  # fmt: skip
            moment += post.between(gate.pause)
        at += post.between((3600, 40_000))


# Errands of readers.


def instant(post: Post, company: Company, mail: Mail, device: Device) -> None:
    """The telephone is in the hand: open and click within three to eight seconds of the mail."""
    phone = replace(device, ua=IPHONE.format(5, 5), ip=post.any.choice(post.carrier), pictures="own")
    post.sees(phone, mail, post.between((3, 4.5)), "instant")
    post.follows(company, phone, mail, post.between((5, 8)), 0, "instant")


def skims(post: Post, company: Company, mail: Mail, device: Device) -> None:
    for _look in range(post.any.randint(1, 3)):
        post.sees(device, mail, post.reading_moment(), "skims")


def one(post: Post, company: Company, mail: Mail, device: Device) -> None:
    after = post.reading_moment()
    post.sees(device, mail, after, "one")
    after += post.between((2, 60))
    for place in post.any.sample(range(mail.links), min(mail.links, post.any.choice((1, 1, 1, 2, 3)))):
        post.follows(company, device, mail, after, place, "one")
        after += post.between((4, 120))


def all_in_a_minute(post: Post, company: Company, mail: Mail, device: Device) -> None:
    """Tabs for everything there is, to be read afterwards."""
    after = post.reading_moment()
    post.sees(device, mail, after, "all in a minute")
    for place in range(mail.links):
        after += post.between((1.5, max(2.5, 90 / mail.links)))
        post.follows(company, device, mail, after, place, "all in a minute")


def forwards(post: Post, company: Company, mail: Mail, device: Device) -> None:
    one(post, company, mail, device)
    after, place = post.reading_moment(), post.any.randrange(mail.links)
    for _colleague in range(post.any.randint(1, 4)):
        other = post.draw_device(company)
        post.sees(other, mail, after, "forwarded")
        post.follows(company, other, mail, after + post.between((3, 90)), place, "forwarded")
        after += post.any.expovariate(1 / 900)
    if post.now_and_then(0.5):
        post.robot(mail, after, place, "preview", post.address(), post.any.choice(PREVIEWS))


def comes_back(post: Post, company: Company, mail: Mail, device: Device) -> None:
    after, place = post.reading_moment(), post.any.randrange(mail.links)
    for _visit in range(post.any.randint(2, 4)):
        post.sees(device, mail, after, "comes back")
        post.follows(company, device, mail, after + post.between((2, 30)), place, "comes back")
        after += post.between((30_000, 400_000))


def text_mode(post: Post, company: Company, mail: Mail, device: Device) -> None:
    post.follows(company, device, mail, post.reading_moment(), post.any.randrange(mail.links), "text mode")


def double(post: Post, company: Company, mail: Mail, device: Device) -> None:
    after, place = post.reading_moment(), post.any.randrange(mail.links)
    post.sees(device, mail, after, "double")
    post.follows(company, device, mail, after + 5, place, "double")
    post.person(device, mail, after + 5 + post.between((0.1, 0.5)), place, "double")


def two_devices(post: Post, company: Company, mail: Mail, device: Device) -> None:
    after, place = post.reading_moment(), post.any.randrange(mail.links)
    phone = replace(device, ua=ANDROID.format(128), ip=post.any.choice(post.carrier))
    post.follows(company, phone, mail, after, place, "two devices")
    post.follows(company, device, mail, after + post.between((20, 7200)), place, "two devices")


ERRANDS = {instant: 5, skims: 30, one: 34, all_in_a_minute: 4, forwards: 5, comes_back: 7, text_mode: 6,
           double: 4, two_devices: 5}  # fmt: skip


def assembly(post: Post, company: Company) -> None:
    """A campaign that the whole house was told about: sixty read it within the same ten minutes."""
    start = post.between((300, 9000))
    for mail in company.mails[:60]:
        ua = company.standard if post.now_and_then(0.8) else post.any.choice(CLICKABLE)
        device = Device(ua, company.exits[0], TONGUES[0], post.any.choice(("own", "none")))
        after = start + post.between((0, 560))
        post.sees(device, mail, after, "assembly")
        post.follows(company, device, mail, after + post.between((2, 30)),
                     post.any.choice((0, 0, mail.links - 1)), "assembly")  # fmt: skip


def a_post(companies: int, seed: int) -> Post:
    """So many companies are written to within a working day."""
    post, at = Post(seed), START
    for _company in range(companies):
        at += timedelta(seconds=post.between((2, 60)))
        company = post.draw_company(at)
        for mail in company.mails:
            if company.gate:
                passes(post, company, company.gate, mail)
            if post.now_and_then(0.25):
                errand = post.any.choices(list(ERRANDS), list(ERRANDS.values()))[0]
                errand(post, company, mail, post.draw_device(company))
        if len(company.mails) >= 40 and post.now_and_then(0.15):
            assembly(post, company)
    return post
