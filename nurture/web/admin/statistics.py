"""Statistics of a chain and of a program: in, out, why, how long, who met the goal, whether it helped."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import statistics as flow
from nurture.flows.statistics import Asked, ChainStatistics, StepFigures
from nurture.rules.statistics.figures import Arm
from nurture.rules.words import _
from nurture.store.views import chain as chain_view
from nurture.store.views import programs as program_view
from nurture.web.admin import board
from nurture.web.admin import statistics_words as words
from nurture.web.admin.board import Line
from nurture.web.query import chosen, number
from nurture.web.request import now, page_session
from nurture.web.statistics_file import csv_file

pages = Blueprint("statistics", __name__)
PERIODS = ("7", "30", "90", "all")


@dataclass(frozen=True)
class Row:
    """A step, or a way that leads to the next ones, so many levels deep."""

    depth: int
    title: str
    icon: str = ""
    is_mail: bool = False
    step: StepFigures | None = None
    way: Arm | None = None
    compared: str = ""


@pages.get("/chains/<int:chain_id>/statistics")
def chain(chain_id: int) -> ResponseReturnValue:
    session = page_session()
    page = chain_view.chain(session, chain_id)
    if page is None:
        raise NotFound(_("There is no such chain."))
    found = flow.of_chain(session, chain_id, asked(), now=now())
    names = {key: (mail_id, name) for key, (mail_id, name, _version) in page.mails.items()}
    return render_template(
        "admin/statistics/chain.html",
        page=page,
        found=found,
        rows=_rows(found, board.lines(found.shape, {}, names)),
        versions=chain_view.versions(session, page.program_id),
        period=period(),
        version=asked().version,
        words=words,
    )


@pages.get("/chains/<int:chain_id>/statistics.csv")
def chain_file(chain_id: int) -> ResponseReturnValue:
    found = flow.of_chain(page_session(), chain_id, asked(), now=now())
    name = f"{found.program.key}-{found.chain.temperature}-statistics.csv"
    return csv_file(name, [found])


@pages.get("/programs/<int:program_id>/statistics")
def program(program_id: int) -> ResponseReturnValue:
    session = page_session()
    shown = program_view.board(session, program_id, now=now())
    if shown is None:
        raise NotFound(_("There is no such program."))
    return render_template(
        "admin/statistics/program.html",
        program=shown.program,
        found=flow.of_program(session, program_id, asked(), now=now()),
        versions=chain_view.versions(session, program_id),
        period=period(),
        version=asked().version,
        words=words,
    )


@pages.get("/programs/<int:program_id>/statistics.csv")
def program_file(program_id: int) -> ResponseReturnValue:
    found = flow.of_program(page_session(), program_id, asked(), now=now())
    return csv_file(f"{found.program.key}-statistics.csv", found.chains)


def period() -> str:
    """The period that is shown: 30 days unless asked for."""
    return chosen("days", PERIODS) if "days" in request.args else "30"


def asked() -> Asked:
    days = period()
    return Asked(int(days) if days.isdecimal() else None, number("version"))


def _rows(found: ChainStatistics, lines: Sequence[Line]) -> list[Row]:
    figures = {step.key: step for step in found.steps}
    rows = _inside(found, lines, figures, 0)
    gone = [step for step in found.steps if step.gone and step.passage.came]
    if gone:
        rows.append(Row(0, _("Steps that this version has no more")))
    return rows + [Row(1, step.key, "circle-dashed", bool(step.mails.sent), step) for step in gone]


def _inside(
    found: ChainStatistics, lines: Sequence[Line], figures: dict[str, StepFigures], depth: int
) -> list[Row]:
    rows = []
    for line in lines:
        step = figures[line.key]
        rows.append(Row(depth, line.title, line.icon, line.is_mail, step))
        arms = {words.way(found.shape.by_key[line.key], arm.way): arm for arm in step.ways}
        drawn = {one.label: one for one in line.ways}
        base = words.way(found.shape.by_key[line.key], step.ways[0].way) if step.ways else ""
        for label, way in drawn.items():
            arm = next((arm for name, arm in arms.items() if _same(name, label)), None)
            rows.append(_way(depth + 1, label, arm, base))
            rows += _inside(found, way.lines, figures, depth + 1)
        rows += [
            _way(depth + 1, name, arm, base)
            for name, arm in arms.items()
            if not any(_same(name, label) for label in drawn)
        ]
    return rows


def _same(name: str, label: str) -> bool:
    """The label of a split's way carries its share: "a · 50%"."""
    return label == name or label.startswith(f"{name} · ")


def _way(depth: int, label: str, arm: Arm | None, base: str) -> Row:
    told = words.compared(arm.against, label, base) if arm is not None and arm.against is not None else ""
    return Row(depth, label, way=arm, compared=told)
