"""The figures of chains, put together from what was counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from nurture.rules.statistics.comparing import Comparison, Group, Interval, compare, wilson
from nurture.rules.statistics.stays import median
from nurture.rules.statistics.ways_out import Exits, sorted_out

# What was counted at one step (or of one chain): what -> (how many, sum).
Counts = Mapping[str, tuple[int, Decimal]]
NONE: Counts = {}


@dataclass(frozen=True, slots=True)
class MailFigures:
    """What became of the mails of a step. `opened` and `clicked` are by people, of those sent in the period;
    `machine_…` those that machines opened and clicked: never counted as people, and never hidden. `bounced`
    came back for their address's sake, at the door of its server (these have failed as well) or by a report
    after they were sent."""

    sent: int
    opened: int
    clicked: int
    machine_opened: int
    machine_clicked: int
    failed: int
    skipped: int
    bounced: int
    not_sent: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Passage:
    """Runs that came to a step, or into a chain, and how they left it. `entered` says where from (steps: ""
    for all); `moved_in` and `moved_out` are runs that an edit brought to another version. `median_s` and
    `mean_s`: how long those stayed who left."""

    entered: Mapping[str, int]
    left: Mapping[str, int]
    moved_in: int
    moved_out: int
    median_s: float | None
    mean_s: float | None

    @property
    def came(self) -> int:
        return sum(self.entered.values())

    @property
    def exits(self) -> Exits:
        return sorted_out(self.left)


@dataclass(frozen=True, slots=True)
class Arm:
    """Leads that went one way: each once, from the first time on. `against` compares it with the arm that is
    compared with."""

    way: str
    group: Group
    interval: Interval
    against: Comparison | None


@dataclass(frozen=True, slots=True)
class Goals:
    """Goals met in the period, by leads treated and by leads held out, and what the former are worth by
    currency ("": not said in which)."""

    met: int
    held_out: int
    worth: Mapping[str, Decimal]


def passage(counts: Counts, *, of_version: bool) -> Passage:
    """Seen over all versions, nobody came or went by moving between them."""
    left = {what[5:]: n for what, (n, _sum) in counts.items() if what.startswith("left:") and n}
    timed = {what: one for what, one in counts.items() if what.startswith("stayed:")}
    stayed = sum(n for n, _sum in timed.values())
    seconds = sum((float(total) for what, (_n, total) in counts.items() if what.startswith("left:")), 0.0)
    return Passage(
        entered={
            what.partition(":")[2]: n
            for what, (n, _sum) in counts.items()
            if (what == "entered" or what.startswith("entered:")) and n
        },
        left=dict(sorted(left.items(), key=lambda one: -one[1])),
        moved_in=_n(counts, "moved_in") if of_version else 0,
        moved_out=_n(counts, "moved_out") if of_version else 0,
        median_s=median({int(what[7:]): n for what, (n, _sum) in timed.items()}),
        mean_s=seconds / stayed if stayed else None,
    )


def mails(counts: Counts) -> MailFigures:
    """What became of the mails."""
    not_sent = {
        what.partition(":")[2]: n
        for what, (n, _sum) in counts.items()
        if what.startswith(("skipped:", "failed:")) and n
    }
    return MailFigures(
        sent=_n(counts, "sent"),
        opened=_n(counts, "opened"),
        clicked=_n(counts, "clicked"),
        machine_opened=_n(counts, "machine_opened"),
        machine_clicked=_n(counts, "machine_clicked"),
        failed=_n(counts, "failed"),
        skipped=_n(counts, "skipped"),
        bounced=_n(counts, "bounced"),
        not_sent=dict(sorted(not_sent.items(), key=lambda one: -one[1])),
    )


def goals(counts: Iterable[Counts]) -> Goals:
    """Those of several chains together."""
    worth: dict[str, Decimal] = defaultdict(Decimal)
    met = held_out = 0
    for one in counts:
        met += _n(one, "goal")
        held_out += _n(one, "goal_held_out")
        for what, (_many, total) in one.items():
            if what.startswith("worth:"):
                worth[what.partition(":")[2]] += total
    return Goals(met, held_out, dict(worth))


def arms(groups: Mapping[str, Group], against: str | None = None) -> list[Arm]:
    """Each group, compared with that named `against`, if chance alone has split them."""
    base = groups.get(against) if against is not None else None
    return [
        Arm(way, group, wilson(group), compare(group, base) if base is not None and way != against else None)
        for way, group in groups.items()
    ]


def together(groups: Iterable[Group]) -> Group:
    """Groups as one."""
    found = list(groups)
    return Group(sum(one.leads for one in found), sum(one.met for one in found))


def _n(counts: Counts, what: str) -> int:
    return counts.get(what, (0, Decimal()))[0]
