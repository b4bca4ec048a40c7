"""Visits drawn from ranges instead of from products or habits: how many links, how fast, how soon, from how
many addresses, by how many programs, with pictures or without. What people and machines do overlaps.

Drawn when all rules stood, and none was changed for it (docs/figures.md).
"""

import math
from datetime import timedelta

from tests.rules.gated_shapes import PAGE, TONGUES, TRAP
from tests.rules.hit_shapes import START, Log, Mail
from tests.rules.lived_programs import CLICKABLE

CLOUDS, HOMES = 12, 4000


class Sessions(Log):
    """Draws the visits to mails of companies of all sizes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.clouds = [f"2a01:{cloud:x}:{self.any.randint(1, 9):x}::" for cloud in range(16, 16 + CLOUDS)]

    def between(self, least: float, most: float) -> float:
        """Every order of magnitude is as likely as the next."""
        return math.exp(self.any.uniform(math.log(least), math.log(most)))

    def scan(self, mail: Mail, cloud: str, eager: float, share: float, step: float) -> None:
        """A machine: so soon, at so much of the mail, with such steps."""
        faces = self.any.sample(CLICKABLE, self.any.choice((1, 1, 2, 4)))
        language = {"accept-language": "en-US,en;q=0.9"} if self.any.random() < 0.7 else {}
        at, ip = eager * self.between(0.5, 2), f"{cloud}{self.any.randint(1, 40):x}"
        places = [place for place in range(mail.links) if self.any.random() < share] or [0]
        for place in [*places, TRAP] if share == 1 else places:
            if self.any.random() < 0.3:
                ip = f"{cloud}{self.any.randint(1, 40):x}"
            ua = self.any.choice(faces)
            self.hit(mail, at, f"scan {share:.1f}", bot=True, place=place, ip=ip, ua=ua,
                     headers={"accept": PAGE} | language)  # fmt: skip
            at += step * self.between(0.5, 2)

    def read(self, mail: Mail, ip: str) -> None:
        """A person: some visits, each of a link or more, with or without pictures."""
        ua, at = self.any.choice(CLICKABLE), self.between(6, 400_000)
        headers = {"accept": PAGE, "accept-language": self.any.choice(TONGUES)}
        for _visit in range(self.any.choice((1, 1, 1, 2, 3))):
            if self.any.random() < 0.6:
                self.hit(mail, at, "reads", bot=False, place=None, ip=ip, ua=ua, headers=headers)
            at += self.between(2, 60)
            for _click in range(self.any.choice((1, 1, 1, 1, 2, 2, 3, 5))):
                self.hit(mail, at, "reads", bot=False, place=self.any.randrange(mail.links), ip=ip, ua=ua,
                         headers=headers)  # fmt: skip
                at += self.between(2, 200)
            at += self.between(3000, 300_000)


def sessions(companies: int, seed: int) -> Sessions:
    log, at = Sessions(seed), START
    for _company in range(companies):
        at += timedelta(seconds=log.any.uniform(5, 90))
        mails = log.company(round(log.between(1, 150)), at)
        door = f"84.77.{log.any.randint(1, 250)}.{log.any.randint(1, 250)}"
        scanned = log.any.random() < 0.4
        cloud, eager, step = log.any.choice(log.clouds), log.between(1, 20_000), log.between(0.05, 8)
        share = log.any.choice((1, 1, 0.7, 0.3))
        for mail in mails:
            if scanned:
                log.scan(mail, cloud, eager, share, step)
            if log.any.random() < 0.2:
                home = f"91.3.{log.any.randint(0, HOMES) // 250}.{log.any.randint(1, 250)}"
                log.read(mail, door if log.any.random() < 0.6 else home)
    return log
