"""Simulations of a program: what to simulate, how far it is, what came of it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.flows.drafts import draft_of
from nurture.flows.simulate.asking import ask, program_in
from nurture.flows.simulate.trying import Trial
from nurture.flows.simulate.trying import try_out as flow_try_out
from nurture.flows.test_mail import lead_meant
from nurture.rules.program import TEMPERATURES
from nurture.rules.simulation.settings import DRAFT, LIVE, Settings
from nurture.rules.words import _, ngettext
from nurture.store import segments, simulations
from nurture.store.programs import ProgramRow
from nurture.store.simulations import Simulation
from nurture.store.views import simulated as view
from nurture.web.admin import simulation_drawing as drawing
from nurture.web.query import number
from nurture.web.request import now, page_session, runtime, signed_in

pages = Blueprint("simulations", __name__)
# The fields of the form for a test run, as they are before anything is said.
_TRIAL = {"try_version": DRAFT, "try_chain": "cold", "try_does": "opens", "try_lead": "", "email": ""}


@pages.get("/programs/<int:program_id>/simulations")
def index(program_id: int) -> ResponseReturnValue:
    """What may be set, and the simulations that were made before."""
    return _form(program_id, Settings().plain(), {})


@pages.post("/programs/<int:program_id>/simulations")
def begin(program_id: int) -> ResponseReturnValue:
    given = {name: value for name, value in request.form.items() if name in Settings.__dataclass_fields__}
    try:
        with runtime().sessions.begin() as session:
            number_, _settings = ask(session, program_id, given, by=signed_in().actor, now=now())
    except Invalid as fault:
        return _form(program_id, Settings().plain() | given, fault.errors), 422
    return redirect(url_for("simulations.one", simulation_id=number_))


@pages.post("/programs/<int:program_id>/try")
def try_out(program_id: int) -> ResponseReturnValue:
    """Send every mail of one path to a test address at once."""
    form, person = request.form, signed_in()
    given = {name: form.get(name, "") for name in _TRIAL}
    try:
        with runtime().sessions.begin() as session:
            trial = Trial(
                LIVE if given["try_version"] == LIVE else DRAFT,
                given["try_chain"],
                opens=given["try_does"] in ("opens", "clicks"),
                clicks=given["try_does"] == "clicks",
                lead_id=lead_meant(session, given["try_lead"].strip()),
            )
            address = given["email"].strip()
            mails = flow_try_out(
                session, program_id, trial, address, runtime().pepper, by=person.actor, now=now()
            )
    except Invalid as fault:
        return _form(program_id, Settings().plain() | given, fault.errors), 422
    runtime().wake("deliver")
    sent = {"num": len(mails), "address": address}
    flash(
        ngettext(
            "%(num)s mail of this path is on its way to %(address)s.",
            "%(num)s mails of this path are on their way to %(address)s.",
            len(mails),
        )
        % sent
    )
    return redirect(url_for("simulations.index", program_id=program_id))


@pages.get("/simulations/<int:simulation_id>")
def one(simulation_id: int) -> ResponseReturnValue:
    """The result, or how far it is. `way` is the lead that is followed."""
    session, row = page_session(), _found(simulation_id)
    program = session.get_one(ProgramRow, row.program_id)
    shown: dict[str, Any] = {"a": None, "b": None, "names": {}}
    if row.result is not None:
        mails = view.mail_names(session, row.program_id)
        programs = {side: program_in(source) for side, source in row.sources.items() if side in row.result}
        shown = drawing.shown(row.result, programs, mails, number("way"), request.args.get("side", "a"))
    return render_template(
        "admin/simulations/one.html",
        row=row,
        program=program,
        settings=Settings(**row.settings),
        under_way=row.state in ("waiting", "running"),
        **shown,
    )


@pages.get("/simulations/<int:simulation_id>/progress")
def progress(simulation_id: int) -> ResponseReturnValue:
    """The part of the page that shows how far it is; the whole page when it is over."""
    row = _found(simulation_id)
    if row.state not in ("waiting", "running"):
        return "", 200, {"HX-Redirect": url_for("simulations.one", simulation_id=simulation_id)}
    return render_template("admin/simulations/progress.html", row=row)


def _form(program_id: int, given: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    session = page_session()
    program = session.get(ProgramRow, program_id)
    if program is None:
        raise NotFound(_("There is no such program."))
    draft = draft_of(session, program_id)
    return render_template(
        "admin/simulations/index.html",
        program=program,
        draft=draft,
        live_no=view.live_no(session, program),
        given=_TRIAL | {"email": signed_in().email} | dict(given),
        errors=errors,
        chains=[name for name in TEMPERATURES if name in view.chains_of(session, program_id)],
        segments=[(one.key, one.name) for one in segments.every(session)],
        habit=view.habit(session, program_id, now=now()),
        base=view.base_size(session, program_id),
        made=simulations.listed(session, program_id),
    )


def _found(simulation_id: int) -> Simulation:
    row = simulations.get(page_session(), simulation_id)
    if row is None:
        raise NotFound(_("There is no such simulation."))
    return row
