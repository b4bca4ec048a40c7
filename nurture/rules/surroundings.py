"""What stands around a hit: siblings on the same mail, and other mails hit from the same address or at the
same company. Scanners look like browsers one hit at a time and like scanners together.

Every sign is a fact about a set of hits within a stretch of time, so it is found looking back as well as
ahead: when a later hit completes the picture, the first of the set gets the same sign (flows/record).
More clicks only ever bring more signs; that somebody opened the mail before speaks for a reader.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from nurture.rules import crowds, parties
from nurture.rules.crowds import EARLY, Trace, crowded, firsts, grouped
from nurture.rules.hits import CLICK
from nurture.rules.networks import SOON, Known, Neighbourhoods
from nurture.rules.signs import (
    CHANGING_FACES,
    CHECKED_FIRST,
    EARLY_FLURRY,
    EVEN_STEPS,
    EVERY_LINK,
    GIVING_AWAY,
    MANY_RECIPIENTS,
    ROBOT_BESIDE,
    SAME_VISIT,
    SWEPT_LINKS,
    TICKING,
    TRAP_LINK,
)

# How far hits of one address or company may lie apart and still say something of each other: what is read
# from the tables around a batch (of one mail: crowds.VISIT).
GATE = timedelta(minutes=10)

# (distinct links, within): nobody follows that many that fast.
_SWEEPS = ((3, timedelta(seconds=2)), (2, timedelta(seconds=0.4)))
# (links of the mail at least, within): a reader does not follow each and every link, down to the footer.
_EVERY_FAST = (3, timedelta(seconds=5))
# Of so many links nobody opens each in a tab that fast.
_FIRM = 4
# (links of the mail at least, seconds for each): at any time.
_EVERY_STEADILY = (5, timedelta(seconds=3.5))
# (links of the mail at least, within): some readers do, but hardly in the first minutes.
_EVERY = ((5, timedelta(seconds=60)), (8, timedelta(seconds=180)))
# (links of the mail at least, within, first hit at most this long after acceptance): nor at his leisure,
# before he can have read it.
_EVERY_EARLY = (5, timedelta(minutes=10), EARLY)
# (distinct links, within, first hit at most this long after acceptance): scanners begin before readers do.
_FLURRIES = (
    (4, timedelta(seconds=60), timedelta(minutes=5)),
    (3, timedelta(seconds=30), timedelta(minutes=2)),
    (2, timedelta(seconds=2), timedelta(minutes=1)),
)
# (recipients, within): a scanner at a company's gate touches the mail of all its people at once.
_GATES = ((20, timedelta(seconds=60)), (5, timedelta(seconds=5)))
_EARLY_GATE = (10, timedelta(minutes=10))
# Mail programs load pictures for a whole office at nine o'clock, so opens take more.
_OPENING_GATE = (30, timedelta(seconds=60))
_DOMAIN_GATE = (20, timedelta(seconds=60))
# (recipients, addresses of one network, within): sandboxes in a cloud look at a link of each mail.
_POOL = (8, 4, timedelta(minutes=10))
# Fewer than so many hits tell nothing against an address, or against a company.
LEAST_AT_ADDRESS = min(least for least, _within in (*_GATES, _EARLY_GATE, _OPENING_GATE))
LEAST_AT_DOMAIN = min(_DOMAIN_GATE[0], _POOL[0])
# Nor does less than two clicks on a mail, where one on a link that nobody can see weighs as much as two.
LEAST_ON_MAIL = 2
# Where strangers have their mailboxes: that many of them click in one minute says nothing.
_PUBLIC_DOMAIN = re.compile(
    r"""
    (?: gmail | googlemail | outlook | hotmail | live | msn | yahoo | ymail | rocketmail | aol | icloud | me
      | mac | gmx | web | t-online | freenet | mail | inbox | bk | list | yandex | ya | rambler | proton
      | protonmail | pm | tutanota | tuta | fastmail | zoho | hey | orange | wanadoo | free | sfr | laposte
      | libero | virgilio | alice | tin | comcast | att | verizon | sbcglobal | bellsouth | cox | charter
      | bluewin | hispeed | qq | 163 | 126 | sina | naver | daum | hanmail | seznam | centrum | wp | o2 | onet
      | interia | btinternet | sky | virginmedia | ntlworld | ziggo | kpnmail | planet | xs4all | telenet
      | skynet | telia | online | terra | uol | bol | rediffmail | mailbox | posteo | ukr
    )\.[a-z]{2,3}(?:\.[a-z]{2})?
    """,
    re.VERBOSE,
)


@dataclass
class Surroundings:
    """Traces and the signs that each of them bears. Built once a batch, asked once a hit.

    `links`: how many links a person can see in the mail of a delivery, by delivery.
    """

    traces: Collection[Trace]
    links: Mapping[int, int] = field(default_factory=dict)
    _signs: defaultdict[UUID, dict[str, None]] = field(init=False)
    # What no person has done, whatever its network.
    _firm: set[UUID] = field(init=False)
    _neighbourhoods: Neighbourhoods = field(init=False)
    # The signs of those hits of which their networks say something else than their company does.
    _weighed: dict[UUID, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self._signs = defaultdict(dict)
        self._firm = set()
        whole = sorted({trace.id: trace for trace in self.traces}.values(), key=lambda trace: trace.at)
        for delivery_id, traces in grouped(whole, lambda trace: trace.delivery_id).items():
            self._look_at_mail(traces, self.links.get(delivery_id, 0))
        for ip, traces in grouped(whole, lambda trace: trace.ip).items():
            if len(traces) >= LEAST_AT_ADDRESS and crowds.is_told(ip):
                self._look_at_address(traces)
        # What gives itself away otherwise says nothing about people who click at the same time.
        unread = crowds.unread(whole)
        quiet = [trace for trace in unread if not trace.accused and not self._signs.get(trace.id)]
        for traces in grouped(quiet, lambda trace: trace.domain).values():
            self._mark_firmly(crowded(traces, crowds.recipient, *_DOMAIN_GATE), MANY_RECIPIENTS)
            self._mark(crowds.pooled(traces, *_POOL), MANY_RECIPIENTS)
        self._neighbourhoods = Neighbourhoods(whole, self._signs, self._firm, {trace.id for trace in unread})
        self.weigh(Known())

    def signs(self, hit_id: UUID) -> tuple[str, ...]:
        """What the company of this hit tells against it, by name."""
        found = self._weighed.get(hit_id)
        return tuple(self._signs.get(hit_id, ())) if found is None else found

    def doubted(self) -> Mapping[str, Sequence[Trace]]:
        """Networks of those that were seen in a machine's manner only, with their clicks: worth to be asked
        about."""
        return self._neighbourhoods.doubted()

    def weigh(self, known: Known) -> None:
        """Take into account what is known of networks from elsewhere."""
        self._weighed = self._neighbourhoods.weigh(known)
        self._weighed |= self._opened_by_people()

    def _opened_by_people(self) -> dict[UUID, tuple[str, ...]]:
        """Opens beside clicks that were taken for a machine's and are a person's."""
        people = {
            (trace.delivery_id, crowds.network(trace.ip))
            for trace in self.traces
            if self._weighed.get(trace.id) == ()
        }
        return {
            trace.id: ()
            for trace in self.traces
            if people
            and not trace.click
            and self._signs.get(trace.id, {}).keys() == {SAME_VISIT}
            and (trace.delivery_id, crowds.network(trace.ip)) in people
        }

    def _mark(self, traces: Iterable[Trace], sign: str) -> None:
        for trace in traces:
            self._signs[trace.id].setdefault(sign)

    def _mark_firmly(self, traces: Iterable[Trace], sign: str) -> None:
        """For what is nobody's manner, whatever else is known."""
        found = list(traces)
        self._mark(found, sign)
        self._firm.update(trace.id for trace in found)

    def _look_at_mail(self, traces: Sequence[Trace], links: int) -> None:
        clicks = [trace for trace in traces if trace.click]
        # Every sign of a mail is one of two clicks or more, or of a link that nobody sees.
        if len(clicks) < LEAST_ON_MAIL and not any(trace.trap for trace in traces):
            return
        for walk in parties.walks(traces, links):
            for least, within in _SWEEPS:
                self._mark(crowded(walk, crowds.link, least, within), SWEPT_LINKS)
            if links >= _EVERY_FAST[0]:
                mark = self._mark_firmly if links >= _FIRM else self._mark
                mark(crowded(walk, crowds.link, links, _EVERY_FAST[1]), EVERY_LINK)
            self._look_at_steps(firsts(walk), links)
        self._mark(parties.trapped(traces), TRAP_LINK)
        self._mark(crowds.beside_robots(clicks), ROBOT_BESIDE)
        self._mark(crowds.checked_first(traces), CHECKED_FIRST)
        self._mark(crowds.ticking(clicks), TICKING)
        self._mark(crowds.changing_faces(traces, SOON), CHANGING_FACES)
        self._mark(self._same_visit(traces), SAME_VISIT)
        # Of itself alone: it shares the address of its reader.
        self._mark(crowds.looked_again(clicks), ROBOT_BESIDE)

    def _look_at_steps(self, firsts: Sequence[Trace], links: int) -> None:
        """What takes its time. Only the first visit of each link is a step of such a walk: a reader who
        follows a link again while a scanner is under way is none of it."""
        if links >= _EVERY_STEADILY[0]:
            self._mark(crowded(firsts, crowds.link, links, links * _EVERY_STEADILY[1]), EVERY_LINK)
        for least, within in _EVERY:
            if links >= least:
                self._mark(crowded(firsts, crowds.link, links, within, EARLY), EVERY_LINK)
        if links >= _EVERY_EARLY[0]:
            self._mark(crowded(firsts, crowds.link, links, *_EVERY_EARLY[1:]), EVERY_LINK)
        for least, within, early in _FLURRIES:
            self._mark(crowded(firsts, crowds.link, least, within, early), EARLY_FLURRY)
        self._mark(crowds.even_steps(firsts), EVEN_STEPS)

    def _same_visit(self, traces: Sequence[Trace]) -> list[Trace]:
        """What the same address did to the mail just before and after it behaved like a machine."""
        accused = [trace for trace in traces if trace.click and self._signs.get(trace.id)]
        return [
            trace
            for trace in traces
            if trace.id not in self._signs
            and any(
                crowds.network(one.ip) == crowds.network(trace.ip)
                and abs(one.at - trace.at) <= crowds.visit_of(one, trace)
                and CHECKED_FIRST not in self._signs[one.id]
                for one in accused
            )
        ]

    def _look_at_address(self, traces: Sequence[Trace]) -> None:
        clicks = [trace for trace in traces if trace.click]
        self._mark_firmly(crowded(clicks, crowds.recipient, *_GATES[0]), MANY_RECIPIENTS)
        # A house that gets a mail from its boss reads it at once, through one door.
        blind = crowds.unread(traces)
        self._mark_firmly(crowded(blind, crowds.recipient, *_GATES[1]), MANY_RECIPIENTS)
        early = [trace for trace in blind if trace.within(EARLY)]
        self._mark(crowded(early, crowds.recipient, *_EARLY_GATE), MANY_RECIPIENTS)
        self._mark(crowded(traces, crowds.recipient, *_OPENING_GATE), MANY_RECIPIENTS)
        self._mark(crowds.known_elsewhere(blind, self._gave_itself_away, GATE), MANY_RECIPIENTS)

    def _gave_itself_away(self, trace: Trace) -> bool:
        return not GIVING_AWAY.isdisjoint(self._signs.get(trace.id, ()))


def company_of(address: str | None) -> str | None:
    """The company that an address is of, by its domain; None where strangers have their mailboxes."""
    domain = (address or "").rpartition("@")[2].lower()
    return None if not domain or _PUBLIC_DOMAIN.fullmatch(domain) else domain


def gate_of(kind: str, company: str | None, since_sent: float | None) -> str | None:
    """The company whose gate a click soon after acceptance may have passed."""
    soon = kind == CLICK and since_sent is not None and since_sent < SOON.total_seconds()
    return company if soon else None
