"""Settings: the ways out of mails, how they stand, and how fast mails may go."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound, Refusal
from nurture.flows import deliver_again, standing, when_done
from nurture.flows import transports as flow
from nurture.flows.transports import Wanted
from nurture.rules.providers import NAMES
from nurture.rules.transports import FIELDS, KINDS, OF_SETTINGS, Limits
from nurture.rules.whole import whole
from nurture.rules.words import _
from nurture.store import pacing, transports
from nurture.store.transports import CHOOSERS, Transport
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("transports", __name__, url_prefix="/settings/transports")

Answers = dict[str, Any]
Errors = dict[str, list[str]]


@pages.get("")
def index() -> ResponseReturnValue:
    return _index({}, {})


@pages.get("/new")
def new() -> ResponseReturnValue:
    kind = request.args.get("kind", "smtp")
    start = {"kind": kind if kind in KINDS else "smtp", "port": "587", "tls": "required", "connections": "4"}
    return _form(None, start, {})


@pages.post("/new")
def add() -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            row = flow.add(session, runtime().vault, _wanted(), by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _form(None, _answers(), refusal.errors), 422
    return _tried(row.id)


@pages.get("/<int:transport_id>")
def one(transport_id: int) -> ResponseReturnValue:
    return _form(_found(transport_id), {}, {})


@pages.post("/<int:transport_id>")
def change(transport_id: int) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            wanted, by = _wanted(keep_secret=True), signed_in().actor
            flow.change(session, runtime().vault, transport_id, wanted, by=by, now=now())
            for kind in CHOOSERS:
                _choose(session, kind, transport_id, by)
    except Invalid as refusal:
        return _form(_found(transport_id), _answers(), refusal.errors), 422
    return _tried(transport_id)


@pages.post("/<int:transport_id>/remove")
def remove(transport_id: int) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            flow.remove(session, transport_id, by=signed_in().actor, now=now())
    except Conflict as refusal:
        flash(str(refusal))
        return redirect(url_for("transports.one", transport_id=transport_id))
    flash(_("Removed. What had chosen it takes the default."))
    return redirect(url_for("transports.index"))


@pages.post("/<int:transport_id>/pause")
def pause(transport_id: int) -> ResponseReturnValue:
    return _paused(transport_id, paused=True)


@pages.post("/<int:transport_id>/resume")
def resume(transport_id: int) -> ResponseReturnValue:
    return _paused(transport_id, paused=False)


@pages.post("/<int:transport_id>/test")
def try_out(transport_id: int) -> ResponseReturnValue:
    return _tried(transport_id)


@pages.post("/limits")
def limit() -> ResponseReturnValue:
    form = request.form
    faults: Errors = {}
    limits = _limits(faults)
    name = form.get("provider") or form.get("name", "")
    kind = pacing.PROVIDER if form.get("provider") else pacing.DOMAIN
    try:
        if faults:
            raise Invalid("", faults)
        with runtime().sessions.begin() as session:
            flow.set_limit(session, kind, name, limits, by=signed_in().actor, now=now())
    except Invalid as refusal:
        return _index({"limit": dict(form)}, _under("limit", refusal.errors)), 422
    return redirect(url_for("transports.index"))


@pages.post("/warm-ups")
def warm_up() -> ResponseReturnValue:
    form = request.form
    kind, _colon, name = form.get("what", "").partition(":")
    started = form.get("started_on", "")
    try:
        with runtime().sessions.begin() as session:
            flow.warm_up(
                session,
                kind,
                name or form.get("name", ""),
                form.get("days", ""),
                _day(started),
                by=signed_in().actor,
                now=now(),
            )
    except Invalid as refusal:
        return _index({"warm": dict(form)}, _under("warm", refusal.errors)), 422
    return redirect(url_for("transports.index"))


@pages.post("/senders/<domain>/send")
def let_send(domain: str) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        deliver_again.let_sender_send(session, domain, by=signed_in().actor, now=now())
    runtime().wake("deliver")
    flash(_("Mails from %(domain)s go out again.") % {"domain": domain})
    return redirect(url_for("transports.index"))


def _paused(transport_id: int, *, paused: bool) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.pause(session, transport_id, paused=paused, by=signed_in().actor, now=now())
    if not paused:
        runtime().wake("deliver")
    return redirect(url_for("transports.index"))


def _tried(transport_id: int) -> ResponseReturnValue:
    """Connect and sign in, which may take some seconds: no transaction stands meanwhile."""
    row = _found(transport_id)
    name = row.name
    try:
        made = runtime().open_transport(row)
        close_session()
        sentence = flow.try_out(made)
    except Refusal as refusal:
        sentence = str(refusal)
    with runtime().sessions.begin() as session:
        flow.note_tried(session, transport_id, sentence, by=signed_in().actor, now=now())
    words = _("%(name)s answers.") if not sentence else _("Saved, but it does not work yet: %(why)s")
    flash(words % {"name": name, "why": sentence})
    return redirect(url_for("transports.index"))


def _under(form: str, errors: Errors) -> Errors:
    """Faults of one of the forms on the page: their fields have the same names."""
    return {f"{form}.{name}": said for name, said in errors.items()}


def _index(answers: dict[str, Answers], errors: Errors) -> str:
    session = page_session()
    return render_template(
        "admin/transports/index.html",
        ways=standing.ways(session, now=now()),
        ahead=when_done.ahead(session, now=now()),
        slowed=standing.slowed(session, now=now()),
        senders=standing.paused_senders(session),
        warm_ups=standing.warm_ups(session, now=now()),
        limits=pacing.limits(session),
        providers=sorted(NAMES.items(), key=lambda one: one[1].casefold()),
        kinds=KINDS,
        answers=answers,
        errors=errors,
    )


def _form(row: Transport | None, answers: Answers, errors: Errors) -> str:
    session = page_session()
    shown = _shown(row) | answers if row is not None else answers
    return render_template(
        "admin/transports/form.html",
        row=row,
        kind=shown.get("kind", "smtp"),
        fields=FIELDS[shown.get("kind", "smtp")],
        answers=shown,
        errors=errors,
        tls=flow.TLS,
        others=[
            (str(one.id), one.name)
            for one in transports.everything(session)
            if row is None or one.id != row.id
        ],
        may_choose=transports.may_choose(session) if row else dict.fromkeys(CHOOSERS, ()),
        chosen={kind: _chosen(session, kind, row.id) if row else set() for kind in CHOOSERS},
        of_settings=OF_SETTINGS,
    )


def _choose(session: Any, kind: str, transport_id: int, by: str) -> None:
    """What is ticked takes this transport. What was not on the page keeps its choice."""
    shown = {number for number, _name, _program in transports.may_choose(session)[kind]}
    ticked = {whole(one, digits=18) for one in request.form.getlist(f"{kind}s")}
    wanted = {number for number in shown if number in ticked}
    for number in sorted(wanted ^ (_chosen(session, kind, transport_id) & shown)):
        target = transport_id if number in wanted else None
        flow.choose(session, kind, number, target, by=by, now=now())


def _chosen(session: Any, kind: str, transport_id: int) -> set[int]:
    chosen = transports.choices(session).items()
    return {number for (whose, number), way in chosen if whose == kind and way == transport_id}


def _found(transport_id: int) -> Transport:
    row = transports.get(page_session(), transport_id)
    if row is None:
        raise NotFound(_("There is no such transport."))
    return row


def _shown(row: Transport) -> Answers:
    plain = {"name": row.name, "kind": row.kind, "connections": row.connections, "is_default": row.is_default}
    limits = {"per_second": row.per_second, "per_hour": row.per_hour, "per_day": row.per_day}
    rate = limits["per_second"]
    if rate is not None and rate == int(rate):
        limits["per_second"] = int(rate)
    return {**plain, **limits, "fallback_id": row.fallback_id, **row.settings}


def _answers() -> Answers:
    """What was typed, but never the secret; a kind that there is not is shown as the first one."""
    typed = {name: value for name, value in request.form.items() if name != "secret"}
    return typed | {"kind": typed["kind"] if typed.get("kind") in KINDS else KINDS[0]}


def _wanted(*, keep_secret: bool = False) -> Wanted:
    """What was typed. Raises Invalid for what is no number."""
    form, faults = request.form, Errors()
    kind = form.get("kind", "smtp")
    settings: dict[str, Any] = {name: form.get(name, "").strip() for name in FIELDS.get(kind, {})}
    if kind == "smtp":
        settings["verify"] = "no_verify" not in form
    fallback = form.get("fallback_id", "")
    secret = form.get("secret", "")
    limits = _limits(faults)
    connections = _whole("connections", faults) or 4
    if faults:
        raise Invalid("", faults)
    return Wanted(
        name=form.get("name", ""),
        kind=kind,
        settings=settings,
        secret=None if keep_secret and not secret else secret,
        limits=limits,
        connections=connections,
        fallback_id=whole(fallback, digits=18),
        is_default="is_default" in form,
    )


def _limits(faults: Errors) -> Limits:
    text = request.form.get("per_second", "").strip().replace(",", ".")
    rate: float | None = None
    if text:
        try:
            rate = float(text)
        except ValueError:
            faults["per_second"] = [_("A number above 0, or nothing.")]
    return Limits(rate, _whole("per_hour", faults), _whole("per_day", faults))


def _whole(name: str, faults: Errors) -> int | None:
    text = request.form.get(name, "").strip().replace(" ", "")
    if not text:
        return None
    found = whole(text)
    if found is None:
        faults[name] = [_("A whole number above 0, or nothing.")]
    return found


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        said = _("A day such as 2026-03-03.")
        raise Invalid(said, {"started_on": [said]}) from None
