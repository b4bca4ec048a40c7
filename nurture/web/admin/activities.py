"""Past activities of leads from a CSV file: calls, visits, orders from another program."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import available_timezones

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from nurture.errors import Invalid
from nurture.files import uploads
from nurture.flows.import_signals import (
    HowDates,
    SignalImport,
    check_signals,
    import_signals,
)
from nurture.flows.strangers import MakeLeads
from nurture.rules.sales_signals import SAID_BY_SALES
from nurture.rules.timing import zone_named
from nurture.rules.words import _
from nurture.web.api.activities import LARGEST
from nurture.web.lead_words import SIGNALS
from nurture.web.rendering import written, zone
from nurture.web.request import close_session, now, runtime, signed_in
from nurture.web.security import csrf, without_csrf

pages = Blueprint("activities", __name__, url_prefix="/imports/activities")
_FORM_ALLOWANCE = 64 * 1024
_SHOWN = 100


@dataclass(frozen=True)
class Looked:
    """A file that was looked into and waits under `kept`; `seen` is None while something has to be said."""

    kept: str
    name: str
    how: HowDates
    seen: SignalImport | None

    def said(self, at: datetime) -> str:
        """A moment of the file by the clock of the zone that its times are read in."""
        return written(at.astimezone(zone_named(self.how.zone) or UTC))


@pages.get("")
def index() -> ResponseReturnValue:
    return _page()


@pages.post("")
@without_csrf
def take() -> ResponseReturnValue:
    """Look into a file and show how it is understood; with `do` take in the one that was looked into. The
    form's token is looked at here, because reading a form reads the whole body."""
    request.max_content_length = LARGEST + _FORM_ALLOWANCE
    csrf.protect()
    sent, form = request.files.get("file"), request.form
    how = HowDates(form.get("dates") or None, form.get("zone") or zone().key)
    close_session()
    try:
        path = _file(sent, form.get("kept", ""))
    except (Invalid, uploads.TooLarge) as refusal:
        return _page(errors={"file": [str(refusal)]}), 422
    name = uploads.shown_name(sent.filename if sent and sent.filename else form.get("name"))
    if form.get("do") == "take":
        return _taken(path, name, how, make_leads="make_leads" in form)
    return _looked_into(path, name, how)


def _file(sent: FileStorage | None, kept: str) -> Path:
    if sent is not None and sent.filename:
        return uploads.receive(sent.stream, runtime().settings.home, largest=LARGEST)
    if not kept:
        raise Invalid(_("Choose a file first."))
    path = uploads.waiting(runtime().settings.home, kept)
    if path is None:
        raise Invalid(_("That file is not kept any more: choose it again."))
    return path


def _looked_into(path: Path, name: str, how: HowDates) -> ResponseReturnValue:
    try:
        seen = check_signals(runtime().sessions, path, now=now(), how=how)
    except Invalid as refusal:
        return _refused(path, name, how, refusal)
    return _page(looked=Looked(path.name, name, how, seen))


def _taken(path: Path, name: str, how: HowDates, *, make_leads: bool) -> ResponseReturnValue:
    make = _making(_("Past activities"), signed_in().actor) if make_leads else None
    try:
        done = import_signals(runtime().sessions, path, now=now(), how=how, make=make)
    except Invalid as refusal:
        return _refused(path, name, how, refusal)
    path.unlink(missing_ok=True)
    runtime().wake("signals")
    return _page(done=done)


def _making(source: str, by: str) -> MakeLeads:
    """How leads are made of the strangers of a file."""
    settings = runtime().settings
    return MakeLeads(source, settings.home, runtime().pepper, settings.base_url, by)


def _refused(path: Path, name: str, how: HowDates, refusal: Invalid) -> ResponseReturnValue:
    """What can be answered keeps the file; what is no such file is forgotten."""
    if refusal.errors.keys() & {"dates", "zone"}:
        return _page(looked=Looked(path.name, name, how, None), errors=refusal.errors), 422
    path.unlink(missing_ok=True)
    return _page(errors={"file": [str(refusal)]}), 422


def _page(
    *,
    done: SignalImport | None = None,
    looked: Looked | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> str:
    return render_template(
        "admin/imports/activities.html",
        done=done,
        looked=looked,
        zones=[(name, name) for name in sorted(available_timezones())] if looked else [],
        shown=_SHOWN,
        megabytes=LARGEST >> 20,
        errors=errors or {},
        kinds=[kind for kind in SIGNALS if kind not in SAID_BY_SALES],
    )
