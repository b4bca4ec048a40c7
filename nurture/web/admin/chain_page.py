"""One chain: its steps in words with live counts, its mails as a lead gets them, its versions."""

from dataclasses import dataclass

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import letters
from nurture.flows.letters import Shown
from nurture.flows.queue_mail import queue_test
from nurture.flows.why import StepStats, chain_stats
from nurture.mail.prepare import RenderFault
from nurture.rules import why as rules
from nurture.rules.program import Chain, Send, Step, read
from nurture.rules.program.speaking import at_step
from nurture.rules.words import _
from nurture.store import mails as mail_store
from nurture.store.views import chain as view
from nurture.store.views.chain import ChainPage
from nurture.store.views.statistics import by_machines
from nurture.web import rendering
from nurture.web.admin import board
from nurture.web.admin.board import Line
from nurture.web.admin.step_words import in_words
from nurture.web.parts import DARK
from nurture.web.query import number
from nurture.web.request import now, page_session, page_shell, runtime, signed_in
from nurture.web.security import MAIL_POLICY

pages = Blueprint("chain", __name__)


@dataclass(frozen=True)
class Row:
    """A step, or the way that leads to the next ones, so many levels deep."""

    depth: int
    line: Line | None = None
    way: str = ""
    mail: str | None = None
    stats: StepStats | None = None
    sentence: str = ""


@pages.get("/chains/<int:chain_id>")
def one(chain_id: int) -> ResponseReturnValue:
    session, page = page_session(), _found(chain_id)
    program = read(dict(page.spec))
    chain = program.chains.get(page.temperature) or Chain("", ())
    stats = {one.key: one for one in chain_stats(session, chain_id, live=page_shell().live)}
    names = {key: (mail_id, name) for key, (mail_id, name, _version) in page.mails.items()}
    machines = by_machines(session, [chain_id]).get(chain_id, {})
    counts = {key: dict(one.counts) | machines.get(key, {}) for key, one in stats.items()}
    rows = [*_rows(board.lines(chain, counts, names), chain, stats), *_older(stats, names)]
    mails = [row for row in rows if row.mail]
    step = request.args.get("step", "")
    shown = next((row for row in mails if row.line and row.line.key == step), mails[0] if mails else None)
    lead_id = number("lead") or view.sample_lead(session, chain_id)
    look = _look(page, _sent_at(page, shown.line.key), lead_id) if shown and shown.line else None
    return render_template(
        "admin/chain/one.html",
        page=page,
        rows=rows,
        mails=mails,
        shown=shown,
        look=look,
        lead_id=lead_id,
        lead_name=view.name_of(session, lead_id) if lead_id else "",
        kind="text" if request.args.get("as") == "text" else "html",
        dark=request.args.get("dark") == "1",
        versions=view.versions(session, page.program_id),
        program_rules=board.rules(program),
        entry=board.entry(chain),
    )


@pages.get("/chains/<int:chain_id>/mail/<step>")
def mail(chain_id: int, step: str) -> ResponseReturnValue:
    """What stands in the frame: the mail of a step, unable to run; `dark` as a dark mail program shows it."""
    page = _found(chain_id)
    look = _look(page, _sent_at(page, step), number("lead"))
    html = look.html if isinstance(look, Shown) else render_template("parts/mail_fault.html", sentence=look)
    if request.args.get("dark") == "1":
        html = html.replace("</head>", f"{DARK}</head>", 1)
    answer = make_response(html)
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer


@pages.post("/chains/<int:chain_id>/mail/<step>/test")
def test(chain_id: int, step: str) -> ResponseReturnValue:
    """Send the mail of a step to oneself, as the lead shown would get it."""
    page, lead_id, person = _found(chain_id), number("lead"), signed_in()
    sent = _sent_at(page, step)
    dedup_key = f"test:chain:{chain_id}:{step}:{person.id}:{now().isoformat()}"
    with runtime().sessions.begin() as session:
        queue_test(
            session,
            page.mails[sent.mail][2],
            person.email,
            dedup_key=dedup_key,
            lead_id=lead_id,
            sender=_said(page, sent),
            now=now(),
        )
    runtime().wake("deliver")
    flash(_("The test is on its way to %(address)s.") % {"address": person.email})
    return redirect(url_for("chain.one", chain_id=chain_id, step=step, lead=lead_id))


def _found(chain_id: int) -> ChainPage:
    page = view.chain(page_session(), chain_id)
    if page is None:
        raise NotFound(_("There is no such chain."))
    return page


def _sent_at(page: ChainPage, step: str) -> Send:
    chain = read(dict(page.spec)).chains.get(page.temperature) or Chain("", ())
    found = chain.by_key.get(step)
    if not isinstance(found, Send) or found.mail not in page.mails:
        raise NotFound(_("There is no such mail."))
    return found


def _said(page: ChainPage, sent: Send) -> str:
    """In whose name the mail of a step goes out."""
    by_mail = mail_store.sender_said(page_session(), page.mails[sent.mail][2])
    return at_step(read(dict(page.spec)), page.temperature, sent.key, by_mail)


def _look(page: ChainPage, sent: Send, lead_id: int | None) -> Shown | str:
    """The mail as the lead would see it, or the sentence why it cannot be shown."""
    try:
        shown = letters.preview(page_session(), page.mails[sent.mail][2], lead_id, _said(page, sent))
    except RenderFault as fault:
        return str(fault)
    if shown is None:
        raise NotFound(_("There is no such lead."))
    return shown


def _older(stats: dict[str, StepStats], names: dict[str, tuple[int, str]]) -> list[Row]:
    """The steps that only older versions have, where leads finish on them."""
    rows = [_older_row(one, one.step, names) for one in stats.values() if one.older and one.step]
    return [Row(0, way=_("only in older versions, on which leads finish")), *rows] if rows else []


def _older_row(one: StepStats, step: Step, names: dict[str, tuple[int, str]]) -> Row:
    icon, title = in_words(step, names)
    waiting = sum(part.n for part in one.reasons.waiting)
    line = Line(one.key, icon, title, is_mail=False, waiting=waiting, sent=0, opened=0, clicked=0)
    return Row(1, line=line, stats=one, sentence=rules.reasons_sentence(one.reasons, rendering.moment))


def _rows(lines: list[Line], chain: Chain, stats: dict[str, StepStats], depth: int = 0) -> list[Row]:
    rows: list[Row] = []
    for line in lines:
        step, found = chain.by_key.get(line.key), stats.get(line.key)
        sentence = rules.reasons_sentence(found.reasons, rendering.moment) if found else ""
        mail = step.mail if isinstance(step, Send) else None
        rows.append(Row(depth, line=line, mail=mail, stats=found, sentence=sentence))
        for way in line.ways:
            rows.append(Row(depth + 1, way=way.label))
            rows += _rows(way.lines, chain, stats, depth + 1)
    return rows
