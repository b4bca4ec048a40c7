"""The sales inbox: ripe leads with their reasons, and the answers of sales."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound
from nurture.files.calendar_out import Appointment, appointment
from nurture.flows import export_handoffs, work_handoffs
from nurture.flows import inbox as reckoned
from nurture.flows.answer import answer as take_answer
from nurture.flows.hot_message import Links
from nurture.flows.pass_on import pass_on as give_away
from nurture.rules.stages import OUTCOMES, takes
from nurture.rules.whole import whole
from nurture.rules.words import _
from nurture.store import handoffs, teams
from nurture.store.views import handoffs as view
from nurture.store.views import inbox, response
from nurture.store.views.reading import PageSession
from nurture.web.curve import curve_of
from nurture.web.query import chosen, number
from nurture.web.rendering import zone
from nurture.web.request import close_session, now, page_session, runtime, signed_in
from nurture.web.sales.answering import FIELDS, outcome_of

pages = Blueprint("handoffs", __name__)
LISTS = ("open", "waiting", "closed")


@pages.get("/handoffs")
def index() -> ResponseReturnValue:
    shown = chosen("show", LISTS) or "open"
    if shown != "open":
        return _others(shown)
    return _inbox(None, {}, {})


@pages.get("/handoffs/<int:handoff_id>")
def one(handoff_id: int) -> ResponseReturnValue:
    return _inbox(handoff_id, {}, {})


@pages.post("/handoffs/<int:handoff_id>/answer")
def answer(handoff_id: int) -> ResponseReturnValue:
    """The answer of the person at the page; a wrong one comes back with its sentences."""
    given = {name: value for name, value in request.form.items() if name in FIELDS}
    here = zone()

    def take(session: Any) -> None:
        take_answer(session, handoff_id, outcome_of(given, here), by=signed_in().actor, now=now())

    return _done(handoff_id, given, take, _("Recorded. The lead moves on."))


@pages.post("/handoffs/<int:handoff_id>/bant")
def learn(handoff_id: int) -> ResponseReturnValue:
    """One BANT answer, from the talk."""
    part, value = request.form.get("part", ""), request.form.get("value", "")

    def take(session: Any) -> None:
        work_handoffs.learn(
            session,
            handoff_id,
            part,
            value,
            by=signed_in().actor,
            pepper=runtime().pepper,
            base_url=runtime().settings.base_url,
            now=now(),
        )

    return _done(handoff_id, {}, take, "")


@pages.post("/handoffs/<int:handoff_id>/note")
def note(handoff_id: int) -> ResponseReturnValue:
    """A note of the salesperson, kept in the lead's timeline too."""
    given = {"note_only": request.form.get("note_only", "")}

    def take(session: Any) -> None:
        work_handoffs.note(session, handoff_id, given["note_only"], by=signed_in().actor, now=now())

    return _done(handoff_id, given, take, _("Noted."))


@pages.post("/handoffs/<int:handoff_id>/pass-on")
def pass_on(handoff_id: int) -> ResponseReturnValue:
    """To a colleague, whose clock begins now."""
    given = {name: request.form.get(name, "") for name in ("to", "why")}
    to_user = whole(given["to"], digits=18) or 0
    links = Links(runtime().ring, runtime().settings.base_url)

    def take(session: Any) -> None:
        give_away(session, handoff_id, to_user, links, note=given["why"], by=signed_in().actor, now=now())

    return _done(handoff_id, given, take, _("Passed on. Your colleague has been told."))


@pages.post("/handoffs/<int:handoff_id>/never")
def never(handoff_id: int) -> ResponseReturnValue:
    """The person, or their whole company, wants no mails from us, said on the phone."""
    everybody = request.form.get("whom") == "domain"

    def take(session: Any) -> None:
        end = work_handoffs.never_mail_domain if everybody else work_handoffs.never_mail
        end(session, handoff_id, pepper=runtime().pepper, by=signed_in().actor, now=now())

    at_all = _("No mail goes to anybody at this domain any more.")
    return _done(handoff_id, {}, take, at_all if everybody else _("No mail goes to this person any more."))


@pages.post("/handoffs/<int:handoff_id>/chain")
def into_chain(handoff_id: int) -> ResponseReturnValue:
    """Into a chain of one's choice, from its beginning."""
    given = {"place": request.form.get("place", "")}

    def take(session: Any) -> None:
        work_handoffs.into_chain(session, handoff_id, given["place"], by=signed_in().actor, now=now())

    return _done(handoff_id, given, take, _("The chain has begun for this lead."))


@pages.post("/handoffs/export.csv")
def export() -> ResponseReturnValue:
    """Every hand-off with its clock and its last answer, streamed as it is read."""
    export_handoffs.note(runtime().sessions, by=signed_in().actor, now=now())
    headers = {"Content-Disposition": 'attachment; filename="hand-offs.csv"', "Cache-Control": "no-store"}
    return Response(export_handoffs.stream(runtime().sessions), mimetype="text/csv", headers=headers)


def _done(
    handoff_id: int, given: Mapping[str, str], take: Callable[[Any], None], thanks: str
) -> ResponseReturnValue:
    """Let a flow write; a refusal comes back with everything that was typed."""
    close_session()
    try:
        with runtime().sessions.begin() as session:
            take(session)
    except Invalid as refusal:
        return _inbox(handoff_id, given, refusal.errors), 422
    except Conflict as refusal:
        return _inbox(handoff_id, given, {"outcome": [str(refusal)]}), 409
    runtime().wake("post_webhooks")
    if thanks:
        flash(thanks)
    on = url_for("handoffs.one", handoff_id=handoff_id, whose=chosen("whose", reckoned.WHOSE))
    # A script that followed a redirect would read the thanks before the person does.
    return ("", 204, {"HX-Redirect": on}) if request.headers.get("HX-Request") else redirect(on)


def _inbox(handoff_id: int | None, given: Mapping[str, str], errors: Mapping[str, list[str]]) -> str:
    session, person = page_session(), signed_in()
    whose = chosen("whose", reckoned.WHOSE) or ("mine" if person.role == "sales" else "all")
    team = reckoned.my_team(session, person.id)
    groups = reckoned.groups(
        session,
        owner=person.id if whose == "mine" else None,
        team=team if whose == "team" else None,
        now=now(),
    )
    first = next((entry.row.id for group in groups for entry in group.entries), None)
    opened = _opened(session, handoff_id, first)
    return render_template(
        "sales/inbox/index.html",
        whose=whose,
        groups=groups,
        opened=opened,
        counts=inbox.counts(session, viewer=person.id, team=team),
        promise=teams.default_team(session),
        month=response.together(
            session,
            since=reckoned.month_of(now(), zone()),
            until=now(),
            owner=person.id if person.role == "sales" else None,
        ),
        by_program=response.grouped(session, "program", since=reckoned.month_of(now(), zone()), until=now()),
        curve=curve_of(session, opened.entry.row.lead_id, now=now()) if opened else None,
        possible=[name for name in OUTCOMES if opened and takes(opened.entry.row.state, name)],
        given=given,
        errors=errors,
    )


def _opened(session: PageSession, handoff_id: int | None, first: int | None) -> reckoned.Opened | None:
    wanted = handoff_id or first
    opened = reckoned.opened(session, wanted, now=now()) if wanted else None
    if handoff_id and opened is None:
        raise NotFound(_("There is no such hand-off."))
    return opened


def _others(shown: str) -> str:
    session = page_session()
    return render_template(
        "sales/inbox/others.html",
        group=shown,
        page=view.page(session, shown, after=number("after")),
    )


@pages.get("/handoffs/<int:handoff_id>/meeting.ics")
def meeting(handoff_id: int) -> ResponseReturnValue:
    """The date of the meeting for one's own calendar; asked for again after a move, it replaces the old."""
    row = inbox.one(page_session(), handoff_id)
    if row is None or row.meets_at is None:
        raise NotFound(_("There is no meeting."))
    outcomes = handoffs.outcomes_of(page_session(), handoff_id)
    url = url_for("handoffs.one", handoff_id=handoff_id, _external=True)
    file = appointment(
        Appointment(
            uid=f"handoff-{handoff_id}@{request.host}",
            sequence=sum(1 for outcome in outcomes if outcome.outcome == "meeting") - 1,
            starts=row.meets_at,
            title=_("Meeting: %(name)s") % {"name": row.name},
            notes="\n".join(part for part in (row.role, row.company, row.phone) if part),
            url=url,
        ),
        now=now(),
    )
    return Response(
        file,
        mimetype="text/calendar",
        headers={"Content-Disposition": f'attachment; filename="meeting-{handoff_id}.ics"'},
    )
