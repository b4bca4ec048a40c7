"""Scanners and people of more shapes than those of tests/rules/hit_shapes, and LATER ones that were drawn
when the rules stood as they do, so that they tell what happens with what nobody has thought of.

Gates are named after the sort of product that behaves so; what a real one does differs from house to house.
"""

from datetime import timedelta

from tests.rules.hit_shapes import START, Log, Mail, Shape

# Programs that say what they are, beyond tests/rules/robots.txt: versions and companions of later years.
CARDS = (
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.example/robots)",
    "Slack-ImgProxy (+https://api.slack.example/robots)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@teams.example",
    "WhatsApp/2.24.11.79 N",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discord.example)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.example)",
    "facebookexternalhit/1.1 (+http://www.facebook.example/externalhit_uatext.php)",
    "curl/8.11.1",
    "Wget/1.24.5",
    "python-requests/2.32.5",
    "python-httpx/0.28.1",
    "Python/3.13 aiohttp/3.11.11",
    "Go-http-client/1.1",
    "okhttp/5.0.0-alpha.14",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/133.0.0.0 "
    "Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Barracuda Sentinel (EE)",
    "ProofPoint URL Defense",
    "Mozilla/5.0 (compatible; TrendMicro URL Filtering)",
    "Symantec.Cloud Click-Time Protection",
)
APPLE, YAHOO = "Mozilla/5.0", "YahooMailProxy; https://help.yahoo.example/kb/yahoo-mail-proxy.html"
GOOGLE = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def beside(log: Log, ip: str) -> str:
    """Another address of the same data centre."""
    return f"{ip.rpartition('.')[0]}.{log.any.randint(1, 254)}"


def twice_over(log: Log, mail: Mail) -> None:
    """All links, doubles and all, twice from two addresses of one range (as appliances in pairs do)."""
    start, ua = log.scan_moment(), log.browser()
    for ip in (mail.gate, beside(log, mail.gate)):
        for place in range(mail.links):
            log.hit(mail, start, "twice over", bot=True, place=place, ip=ip, ua=ua)
            start += log.any.uniform(0.05, 0.6)


def slow_sandbox(log: Log, mail: Mail) -> None:
    """Each link opened in a sandbox of its own, 4 to 9 seconds apart, begun within two minutes."""
    start = log.any.uniform(30, 110)
    for place in log.any.sample(range(mail.links), mail.links):
        log.hit(
            mail, start, "slow sandbox", bot=True, place=place, ip=beside(log, mail.gate), ua=log.browser()
        )
        start += log.any.uniform(4, 9)


def held_ten_minutes(log: Log, mail: Mail) -> None:
    """Held back ten minutes, then everything within a second, from rented addresses."""
    start, ip, ua = log.any.uniform(600, 780), log.address(), log.browser()
    for place in range(mail.links):
        log.hit(mail, start, "held ten minutes", bot=True, place=place, ip=ip, ua=ua)
        start += log.any.uniform(0.0, 1.0 / mail.links)


def at_two_seconds(log: Log, mail: Mail) -> None:
    """The first link alone, as soon as the server has taken the mail."""
    log.hit(mail, log.any.uniform(2.0, 2.9), "at two seconds", bot=True, ip=mail.gate, ua=log.browser())


def head_elsewhere(log: Log, mail: Mail) -> None:
    """HEAD from one address of the range, GET from the next, link after link."""
    start, ua = log.scan_moment(), log.browser()
    for place in range(mail.links):
        other = beside(log, mail.gate)
        log.hit(mail, start, "head elsewhere", bot=True, place=place, ip=other, ua=ua, method="HEAD")
        log.hit(mail, start + 0.4, "head elsewhere", bot=True, place=place, ip=mail.gate, ua=ua)
        start += log.any.uniform(0.3, 1.5)


def carries_a_card(log: Log, mail: Mail) -> None:
    """Somebody pasted the link into a chat: whoever draws the card of it says so."""
    place, ua = log.any.randrange(mail.links), log.any.choice(CARDS)
    log.hit(mail, log.reading_moment(), "carries a card", bot=True, place=place, ip=log.address(), ua=ua)


def looked_ahead(log: Log, mail: Mail) -> None:
    """The reader's own browser loads a page ahead of the reader."""
    header = log.any.choice(
        ({"sec-purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"x-moz": "prefetch"})
    )
    log.hit(
        mail, log.reading_moment(), "looked ahead", bot=True, ip=log.home(), ua=log.browser(), headers=header
    )


def proxies(log: Log, mail: Mail) -> None:
    """Pictures fetched for whoever may look: Apple's at any moment, others' when somebody looks."""
    log.hit(mail, log.any.uniform(1, 7200), "proxy", bot=True, place=None, ip=log.address(), ua=APPLE)
    ua = log.any.choice((GOOGLE, YAHOO))
    log.hit(mail, log.any.uniform(1, 90_000), "proxy", bot=True, place=None, ip=log.address(), ua=ua)


def in_waves(log: Log, mail: Mail) -> None:
    """Three links within a second, a pause of a minute, the next three."""
    start, ua = log.scan_moment(), log.browser()
    for place in range(mail.links):
        log.hit(mail, start, "in waves", bot=True, place=place, ip=mail.gate, ua=ua)
        start += log.any.uniform(50, 70) if place % 3 == 2 else log.any.uniform(0.1, 0.4)


def patient_reader(log: Log, mail: Mail) -> None:
    """Opens twice, an hour apart, and follows one link the second time."""
    after, ua, ip = log.reading_moment(), log.browser(), log.home()
    for gap in (0.0, 3600.0):
        log.hit(mail, after + gap, "patient reader", bot=False, place=None, ip=ip, ua=ua)
    log.hit(
        mail, after + 3640, "patient reader", bot=False, place=log.any.randrange(mail.links), ip=ip, ua=ua
    )


def busy_minute(log: Log, mail: Mail) -> None:
    """Two to four links within a minute, opened one after the other as they are read."""
    after, ua, ip = log.reading_moment() + 120, log.browser(), log.any.choice((mail.office, log.home()))
    for place in log.any.sample(range(mail.links), min(mail.links, log.any.randint(2, 4))):
        log.hit(mail, after, "busy minute", bot=False, place=place, ip=ip, ua=ua)
        after += log.any.uniform(4, 19)


def waiting_for_it(log: Log, mail: Mail) -> None:
    """Sat before the screen until it came: one link within seconds of acceptance."""
    log.hit(mail, log.any.uniform(5, 25), "waiting for it", bot=False, ip=log.home(), ua=log.browser())


def ahead_then_real(log: Log, mail: Mail) -> None:
    """The browser loads ahead, the reader follows the same link."""
    after, ua, ip, place = log.reading_moment(), log.browser(), log.home(), log.any.randrange(mail.links)
    given = {"sec-purpose": "prefetch"}
    log.hit(mail, after, "ahead, then real", bot=True, place=place, ip=ip, ua=ua, headers=given)
    after += log.any.uniform(0.5, 4)
    log.hit(mail, after, "ahead, then real", bot=False, place=place, ip=ip, ua=ua)


def behind_a_relay(log: Log, mail: Mail) -> None:
    """A telephone whose address changes from click to click; pictures come by Apple's proxy."""
    after, ua = log.reading_moment(), log.browser()
    log.hit(mail, after, "behind a relay", bot=True, place=None, ip=log.address(), ua=APPLE)
    for place in log.any.sample(range(mail.links), min(mail.links, 2)):
        after += log.any.uniform(8, 90)
        log.hit(mail, after, "behind a relay", bot=False, place=place, ip=log.address(), ua=ua)


def impatient(log: Log, mail: Mail) -> None:
    """The page is slow, so the same link again and again."""
    after, ua, ip, place = log.reading_moment(), log.browser(), log.home(), log.any.randrange(mail.links)
    for _again in range(log.any.randint(2, 4)):
        log.hit(mail, after, "impatient", bot=False, place=place, ip=ip, ua=ua)
        after += log.any.uniform(0.2, 3)


def after_the_scan(log: Log, mail: Mail) -> None:
    """A gate swept the mail at once; the reader comes in his own time, from his own address."""
    in_waves(log, mail)
    place = log.any.randrange(mail.links)
    log.hit(
        mail, 1800 + log.reading_moment(), "after the scan", bot=False, place=place, ip=mail.office,
        ua=log.browser(),
    )  # fmt: skip


def two_houses(log: Log, mail: Mail) -> None:
    """The provider's gate and the company's own, one after the other, each with addresses of its own."""
    for start, ip in ((log.scan_moment(), mail.gate), (log.any.uniform(400, 3000), log.address())):
        ua = log.browser()
        for place in range(mail.links):
            log.hit(mail, start, "two houses", bot=True, place=place, ip=ip, ua=ua)
            start += log.any.uniform(0.05, 0.3)


def from_the_end(log: Log, mail: Mail) -> None:
    """The footer first: links from the last to the first, at night, half a minute apart give or take."""
    start, ua = log.any.uniform(3000, 30_000), log.browser()
    for place in reversed(range(mail.links)):
        log.hit(mail, start, "from the end", bot=True, place=place, ip=mail.gate, ua=ua)
        start += log.any.uniform(0.4, 1.6)


def pairs(log: Log, mail: Mail) -> None:
    """Two links at the same moment, then no more."""
    start, ua = log.scan_moment(), log.browser()
    for place in log.any.sample(range(mail.links), 2):
        log.hit(mail, start, "pairs", bot=True, place=place, ip=mail.gate, ua=ua)
        start += log.any.uniform(0.01, 0.2)


def assistant(log: Log, mail: Mail) -> None:
    """Reads the boss's mail at the office and follows two links; the boss follows one from home at night."""
    after, ua = log.reading_moment(), log.browser()
    for place in log.any.sample(range(mail.links), min(mail.links, 2)):
        log.hit(mail, after, "assistant", bot=False, place=place, ip=mail.office, ua=ua)
        after += log.any.uniform(5, 200)
    after += log.any.uniform(3600, 30_000)
    log.hit(mail, after, "assistant", bot=False, place=0, ip=log.home(), ua=log.browser())


def long_read(log: Log, mail: Mail) -> None:
    """Comes back to it three times in a day, a link each time."""
    after, ua, ip = log.reading_moment(), log.browser(), log.home()
    for _time in range(3):
        place = log.any.randrange(mail.links)
        log.hit(mail, after, "long read", bot=False, place=place, ip=ip, ua=ua)
        after += log.any.uniform(600, 20_000)


def to_the_phone(log: Log, mail: Mail) -> None:
    """The same link on the desk and, a moment later, on the telephone."""
    after, place = log.reading_moment(), log.any.randrange(mail.links)
    log.hit(mail, after, "to the phone", bot=False, place=place, ip=mail.office, ua=log.browser())
    after += log.any.uniform(20, 300)
    log.hit(mail, after, "to the phone", bot=False, place=place, ip=log.address(), ua=log.browser())


GATES: tuple[Shape, ...] = (
    twice_over, slow_sandbox, held_ten_minutes, at_two_seconds, head_elsewhere, in_waves,
)  # fmt: skip
OTHERS: tuple[Shape, ...] = (carries_a_card, looked_ahead, proxies)
PEOPLE: tuple[Shape, ...] = (
    patient_reader, busy_minute, waiting_for_it, ahead_then_real, behind_a_relay, impatient, after_the_scan,
)  # fmt: skip

LATER_GATES: tuple[Shape, ...] = (two_houses, from_the_end, pairs)
LATER_PEOPLE: tuple[Shape, ...] = (assistant, long_read, to_the_phone)


def an_unseen_log(companies: int, seed: int, *, later: bool = False) -> Log:
    """Companies of 3 to 80 people: half of them behind a gate, a third with one address for everybody, who
    all come to it on the same morning."""
    log, at = Log(seed), START
    gates, readers = (LATER_GATES, LATER_PEOPLE) if later else (GATES, PEOPLE)
    for number in range(companies):
        at += timedelta(seconds=log.any.uniform(5, 60))
        people = log.company(log.any.choice((3, 5, 8, 15, 40, 80)), at)
        gate = log.any.choice(gates) if number % 2 else None
        for mail in people:
            if gate is not None and mail.links >= (1 if gate is at_two_seconds else 4):
                gate(log, mail)
            if log.any.random() < 0.12:
                log.any.choice(OTHERS)(log, mail)
            if log.any.random() < 0.3:
                log.any.choice(readers)(log, mail)
        if number % 3 == 0:
            _one_morning(log, people)
    return log


def _one_morning(log: Log, people: list[Mail]) -> None:
    """Half an office reads it between nine and half past, all from one address of the company's."""
    nine = log.any.uniform(3600, 7200)
    for mail in people:
        if log.any.random() < 0.4:
            after, ua = nine + log.any.uniform(0, 1800), log.browser()
            log.hit(mail, after, "one morning", bot=False, place=None, ip=mail.office, ua=ua)
            after += log.any.uniform(5, 60)
            place = log.any.randrange(mail.links)
            log.hit(mail, after, "one morning", bot=False, place=place, ip=mail.office, ua=ua)
