"""Files of leads: brought, mapped, tried without changing anything, carried out, and what came of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid, NotFound
from nurture.files import uploads
from nurture.flows import import_leads as flow
from nurture.flows import start_leads
from nurture.flows.import_leads import ImportOptions
from nurture.rules import columns, names
from nurture.rules.words import _
from nurture.store import imports
from nurture.store.imports import Import
from nurture.web.lead_words import PURPOSES
from nurture.web.query import number
from nurture.web.request import close_session, now, page_session, runtime, signed_in
from nurture.web.security import csrf, without_csrf

pages = Blueprint("imports", __name__, url_prefix="/imports")

# Tried or carried out while the person waits; larger files by the worker of long jobs.
AT_ONCE = 1024 * 1024
_FORM_ALLOWANCE = 64 * 1024
_PAGE = 20
_LONGEST_WORDING = 2_000
_UNDER_WAY = ("checking", "staged", "running")
_STEPS = {"check": "checking", "begin": "staged"}


@pages.get("")
def index() -> ResponseReturnValue:
    return _index({})


@pages.post("")
@without_csrf
def upload() -> ResponseReturnValue:
    """Take the file. The form's token is looked at here and not before, because reading a form reads the
    whole body: only those who may bring files may bring large ones."""
    request.max_content_length = uploads.LARGEST + _FORM_ALLOWANCE
    csrf.protect()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _refused(_("Choose a file first."))
    close_session()
    try:
        path = uploads.receive(sent.stream, runtime().settings.home)
        import_id = flow.lay_aside(
            runtime().sessions,
            path,
            now=now(),
            by=signed_in().actor,
            filename=uploads.shown_name(sent.filename),
            home=runtime().settings.home,
        )
    except (Invalid, uploads.TooLarge) as refusal:
        return _refused(str(refusal))
    return redirect(url_for("imports.one", import_id=import_id))


@pages.get("/<int:import_id>")
def one(import_id: int) -> ResponseReturnValue:
    """The choices of a draft, the bar of what is under way, or what came of it."""
    noted = _found(import_id)
    if noted.state == "draft":
        return _draft(noted, noted.options, {})
    return _told(noted)


@pages.get("/<int:import_id>/progress")
def progress(import_id: int) -> ResponseReturnValue:
    """The bar alone, asked for again and again; it has the page loaded anew when all is done."""
    noted = _found(import_id)
    if noted.state not in _UNDER_WAY:
        return "", 200, {"HX-Refresh": "true"}
    return render_template("admin/imports/progress.html", noted=noted, **_how_far(noted))


@pages.post("/<int:import_id>")
def begin(import_id: int) -> ResponseReturnValue:
    """Try the draft, or carry it out."""
    home, state = runtime().settings.home, _STEPS.get(request.form.get("do", ""), "draft")
    options = _options()
    if request.form.get("do") == "keep_all":
        options, faults = _all_kept(options), {}
    else:
        faults = _faults(options)
    try:
        if faults:
            raise Invalid(_("Some answers are missing."), faults)
        with runtime().sessions.begin() as session:
            flow.settle_options(
                session, import_id, options, home=home, state=state, now=now(), by=signed_in().actor
            )
        if state != "draft" and flow.size_of(import_id, home) <= AT_ONCE:
            flow.run_kept(
                runtime().sessions,
                import_id,
                home=home,
                pepper=runtime().pepper,
                base_url=runtime().settings.base_url,
                now=now(),
            )
            runtime().wake("advance")
        else:
            runtime().wake("imports")
    except Invalid as refusal:
        errors = refusal.errors or {"file": [str(refusal)]}
        return _draft(_found(import_id), options.kept(), errors), 422
    return redirect(url_for("imports.one", import_id=import_id))


@pages.post("/<int:import_id>/discard")
def discard(import_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.discard(session, import_id, home=runtime().settings.home, now=now(), by=signed_in().actor)
    flash(_("The file is forgotten; nothing of it was taken."))
    return redirect(url_for("imports.index"))


@pages.get("/<int:import_id>/bad-rows.csv")
def bad_rows(import_id: int) -> Response:
    """The rows that were given back, each with its reason, in the columns of the file."""
    noted = _found(import_id)
    path = runtime().settings.home / noted.bad_rows_path if noted.bad_rows_path else None
    if path is None or not path.is_file():
        raise NotFound(_("No row of this import was given back."))
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=path.name)


def _refused(sentence: str) -> ResponseReturnValue:
    return _index({"file": [sentence]}), 422


def _index(errors: Mapping[str, list[str]]) -> str:
    rows = imports.recent(page_session(), before=number("after"), limit=_PAGE + 1)
    return render_template(
        "admin/imports/index.html",
        rows=rows[:_PAGE],
        next_after=rows[_PAGE - 1].id if len(rows) > _PAGE else None,
        megabytes=uploads.LARGEST >> 20,
        errors=errors,
    )


def _found(import_id: int) -> Import:
    noted = page_session().get(Import, import_id)
    if noted is None:
        raise NotFound(_("There is no such import."))
    return noted


def _options() -> ImportOptions:
    """What the form says. Columns come by their place, so that no name of a column is a name of a field."""
    form = request.form
    header = form.getlist("column")
    mapping = {name: form.get(f"answer-{place}", columns.IGNORE) for place, name in enumerate(header)}
    agreed = form.get("consent") == "yes"
    return ImportOptions(
        mapping=mapping,
        source=" ".join(form.get("source", "").split())[:200],
        consent=form.get("purpose") if agreed else None,
        wording=form.get("wording", "").strip()[:_LONGEST_WORDING] if agreed else "",
        enter=form.get("enter") != "no",
        dates=form.get("dates", ""),
        start=form.get("start", "")[:200] if form.get("enter") == "chain" else "",
        spread_days=_days(form.get("spread_days", "")) if form.get("enter") == "chain" else 0,
    )


def _faults(options: ImportOptions) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if request.form.get("consent") not in ("yes", "no"):
        faults["consent"] = [_("Say whether these people agreed: without it no mail goes out.")]
    if request.form.get("consent") == "yes" and options.consent not in PURPOSES:
        faults["purpose"] = [_("Say what they agreed to.")]
    if request.form.get("consent") == "yes" and not options.wording:
        faults["wording"] = [_("Write down the words they agreed to: they are kept as the proof.")]
    if request.form.get("enter") == "chain" and not options.start:
        faults["start"] = [_("Say where they start.")]
    if not options.source:
        faults["source"] = [_("Say where they come from: reports compare sources.")]
    return faults


def _draft(noted: Import, options: Mapping[str, Any], errors: Mapping[str, list[str]]) -> str:
    header, rows = flow.look_into(noted.id, runtime().settings.home)
    mapping = options.get("mapping", {})
    chosen = [mapping.get(name) or columns.guess(name) or columns.IGNORE for name in header]
    given = {
        "source": options.get("source") or Path(noted.filename).stem,
        "wording": options.get("wording", ""),
        "consent": request.form.get("consent") or _said_before(options),
        "purpose": options.get("consent") or "marketing",
        "enter": _meant(options),
        "start": options.get("start", ""),
        "spread_days": options.get("spread_days") or "",
        "dates": options.get("dates", ""),
    }
    tried = noted.summary.get("tried") if not errors else None
    return render_template(
        "admin/imports/draft.html",
        noted=noted,
        columns=[
            (
                name,
                [row[place] for row in rows if row[place].strip()][:3],
                chosen[place],
                columns.own_field(name),
            )
            for place, name in enumerate(header)
        ],
        answers=[(name, names.field(name)) for name in columns.CHOICES],
        given=given,
        errors=errors,
        asks_dates=bool(errors.get("dates") or given["dates"]) or _has_two_ways(noted.summary),
        purposes=PURPOSES,
        places=start_leads.places(page_session()),
        tried=flow.result_of(noted, runtime().settings.home) if tried else None,
    )


def _has_two_ways(summary: Mapping[str, Any]) -> bool:
    """Whether dates of the file, as far as it was looked at, depend on what comes first in them."""
    return bool(summary.get("tried", summary).get("dates", {}).get("two_ways"))


def _days(written: str) -> int:
    """Days as typed; what is no number of days is refused with all else."""
    return int(written) if written.isascii() and written.isdigit() and len(written) < 6 else -bool(written)


def _meant(options: Mapping[str, Any]) -> str:
    if options.get("start"):
        return "chain"
    return "yes" if options.get("enter", True) else "no"


def _said_before(options: Mapping[str, Any]) -> str:
    if not options:
        return ""
    return "yes" if options.get("consent") else "no"


def _all_kept(options: ImportOptions) -> ImportOptions:
    """The columns that were left out become fields of one's own."""
    mapping = {
        name: columns.own_field(name) if answer == columns.IGNORE else answer
        for name, answer in options.mapping.items()
    }
    return replace(options, mapping=mapping)


def _told(noted: Import) -> str:
    return render_template(
        "admin/imports/one.html",
        noted=noted,
        under_way=noted.state in _UNDER_WAY,
        result=flow.result_of(noted, runtime().settings.home),
        **_how_far(noted),
    )


def _how_far(noted: Import) -> dict[str, Any]:
    """The part that is done, of the two halves of an import: reading the file, leading the leads on; and how
    fast it goes, told from where this page first saw it."""
    if noted.state == "running":
        total = sum(noted.summary.get(name, 0) for name in ("new", "updated", "unchanged"))
        far = {"done": noted.summary.get("led_on", 0), "total": total, "phase": "leading"}
    else:
        total = max(noted.rows_total or 0, noted.rows_read)
        far = {"done": noted.rows_read, "total": total, "phase": "reading"}
    return far | _pace(far["phase"], far["done"], far["total"])


def _pace(phase: str, done: int, total: int) -> dict[str, Any]:
    """Rows or leads a second, and the time to go, from the second look on."""
    seen, since = number("seen") or 0, number("since")
    if request.args.get("phase") != phase or since is None:
        return {"seen": done, "since": int(now().timestamp()), "rate": None, "eta": None}
    lasted = now().timestamp() - since
    rate = (done - seen) / lasted if lasted > 0 else 0.0
    eta = timedelta(seconds=(total - done) / rate) if rate > 0 else None
    return {"seen": seen, "since": since, "rate": rate, "eta": eta}
