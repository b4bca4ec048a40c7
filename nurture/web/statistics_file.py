"""Statistics of chains as a table for a spreadsheet: a line for each chain, step and way."""

from collections.abc import Iterable, Sequence

from flask import Response

from nurture.flows.statistics import ChainStatistics
from nurture.rules.statistics.figures import Arm, MailFigures, Passage
from nurture.web.table_file import Line, table_file

_HEADER = (
    "chain", "step", "way", "in", "went_on", "goal", "other_chain", "end", "edited", "dropped", "left_by",
    "median_seconds", "sent", "opened", "clicked", "machine_opened", "machine_clicked", "bounced", "failed",
    "skipped", "leads", "met_goal", "rate", "rate_low", "rate_high",
)  # fmt: skip
_NO_MAILS = ("",) * 8
_NO_ARM = ("",) * 5


def csv_file(name: str, found: Sequence[ChainStatistics]) -> Response:
    """The table as a download; names and reasons as the API names them."""
    return table_file(name, _HEADER, (line for chain in found for line in _lines(chain)))


def _lines(chain: ChainStatistics) -> Iterable[Line]:
    name = chain.chain.temperature
    yield name, "", "", *_passage(chain.passage), *_NO_MAILS, *_arm(chain.converted)
    for step in chain.steps:
        yield name, step.key, "", *_passage(step.passage), *_mails(step.mails), *_NO_ARM
        for way in step.ways:
            yield name, step.key, way.way, *("",) * 9, *_NO_MAILS, *_arm(way)


def _passage(one: Passage) -> Line:
    exits = one.exits
    by = "; ".join(f"{how} {n}" for how, n in one.left.items())
    median = round(one.median_s) if one.median_s is not None else ""
    return (
        one.came + one.moved_in, exits.on, exits.goal, exits.over, exits.done, exits.edited, exits.out, by,
        median,
    )  # fmt: skip


def _mails(one: MailFigures) -> Sequence[int]:
    return (
        one.sent, one.opened, one.clicked, one.machine_opened, one.machine_clicked, one.bounced, one.failed,
        one.skipped,
    )  # fmt: skip


def _arm(one: Arm) -> Sequence[int | float]:
    rates = (one.group.rate, one.interval.low, one.interval.high)
    return one.group.leads, one.group.met, *(round(rate, 6) for rate in rates)
