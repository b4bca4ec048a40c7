"""Why: one lead and every step of a chain, each with its answer in a sentence."""

from dataclasses import replace
from typing import NamedTuple

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import why as flow
from nurture.rules.why import Answer, sentence
from nurture.rules.words import _
from nurture.store.views import lead as card
from nurture.store.views.programs import mail_names
from nurture.store.views.reading import PageSession
from nurture.web.admin.step_words import in_words
from nurture.web.api.why import sends_before_live
from nurture.web.rendering import moment
from nurture.web.request import now, page_session

pages = Blueprint("why", __name__)
_NEWEST = 3


class Line(NamedTuple):
    """A step of a chain, by its `title` and whether it `sends` a mail, with its answer in `words`."""

    title: str
    sends: bool
    answer: Answer
    words: str


@pages.get("/leads/<int:lead_id>/why")
def lead(lead_id: int) -> ResponseReturnValue:
    """Every mail of the chain the lead stands in, or of the one asked for."""
    session = page_session()
    person = card.load(session, lead_id)
    if person is None:
        raise NotFound(_("There is no such lead."))
    chain = request.args.get("chain") or None
    found = None
    if chain or person.runs:
        found = flow.why(session, lead_id, chain, now=now(), live=sends_before_live())
    letters = flow.why_newsletters(session, lead_id, now=now(), live=sends_before_live())
    return render_template(
        "admin/why/lead.html",
        card=person,
        lead=person.lead,
        found=found,
        lines=_lines(session, found) if found else [],
        letters=[(one, answer, sentence(answer, moment)) for one, answer in letters],
    )


@pages.get("/leads/<int:lead_id>/why/now")
def in_short(lead_id: int) -> ResponseReturnValue:
    """The mails of the chain the lead stands in and the newest newsletters: for the card."""
    session, at, live = page_session(), now(), sends_before_live()
    lines: list[Line] = []
    if (chain := flow.chain_of(session, lead_id)) is not None:
        found = flow.why(session, lead_id, str(chain), now=at, live=live)
        lines = [line for line in _lines(session, found) if line.sends]
    letters = flow.why_newsletters(session, lead_id, most=_NEWEST, now=at, live=live)
    return render_template(
        "admin/why/in_short.html",
        lines=lines,
        letters=[(one, answer, sentence(answer, moment)) for one, answer in letters],
    )


def _lines(session: PageSession, found: flow.ChainAnswers) -> list[Line]:
    """The steps by what they are called on every page, also where an answer names another one."""
    mails = mail_names(session, [found.program_id])[found.program_id]
    titles = {key: in_words(step, mails)[1] for key, step in found.known.items()}

    def named(one: Answer) -> Answer:
        key = one.detail.get("step", "")
        return replace(one, detail={**one.detail, "step": titles[key]}) if key in titles else one

    return [
        Line(titles.get(key, key), key in found.sends, one, sentence(named(one), moment))
        for key, one in found.steps.items()
    ]
