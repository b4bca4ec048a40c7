"""Statistics of chains as a table for a spreadsheet: a line for each chain, step and way."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from nurture.files.csv_out import harmless
from nurture.flows.statistics import ChainStatistics
from nurture.rules.statistics.figures import Arm, MailFigures, Passage

_HEADER = (
    "chain", "step", "way", "in", "went_on", "goal", "other_chain", "end", "edited", "dropped", "left_by",
    "median_seconds", "sent", "opened", "clicked", "machine_opened", "machine_clicked", "bounced", "failed",
    "skipped", "leads", "met_goal", "rate", "rate_low", "rate_high",
)  # fmt: skip
_NO_MAILS = ("",) * 8
_NO_ARM = ("",) * 5


def csv_file(name: str, found: Sequence[ChainStatistics]) -> Response:
    """The table as a download."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(as_csv(found), mimetype="text/csv", headers=headers)


def as_csv(chains: Sequence[ChainStatistics]) -> str:
    """UTF-8 with a mark that tells spreadsheets so; names and reasons as the API names them."""
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(_HEADER)
    for chain in chains:
        for line in _lines(chain):
            writer.writerow([cell if isinstance(cell, int | float) else harmless(cell) for cell in line])
    return file.getvalue()


def _lines(chain: ChainStatistics) -> Iterable[Sequence[str | int | float]]:
    name = chain.chain.temperature
    yield name, "", "", *_passage(chain.passage), *_NO_MAILS, *_arm(chain.converted)
    for step in chain.steps:
        yield name, step.key, "", *_passage(step.passage), *_mails(step.mails), *_NO_ARM
        for way in step.ways:
            yield name, step.key, way.way, *("",) * 9, *_NO_MAILS, *_arm(way)


def _passage(one: Passage) -> Sequence[str | int | float]:
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
