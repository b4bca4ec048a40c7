"""Newsletters: the list, and one page to write, look, try, schedule and watch."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid
from nurture.files import conditions as texts
from nurture.flows import edit_newsletters as flow
from nurture.mail.prepare import RenderFault
from nurture.rules.conditions import describe, parse
from nurture.rules.newsletter_figures import figures
from nurture.rules.words import _
from nurture.store import newsletters, segments
from nurture.store.newsletters import Newsletter
from nurture.web import query
from nurture.web.admin import sender_words
from nurture.web.newsletters_file import newsletters_file
from nurture.web.rendering import zone
from nurture.web.request import now, page_session, runtime, signed_in
from nurture.web.security import MAIL_POLICY

pages = Blueprint("newsletters", __name__, url_prefix="/newsletters")
_PAGE = 50
_WORDS = ("subject", "preheader", "body")
_FIELDS = ("name", "purpose", "over", "while_with_sales", *_WORDS)


@pages.get("")
def index() -> ResponseReturnValue:
    """Newsletters, newest first."""
    rows = newsletters.page(page_session(), before=query.number("after"), limit=_PAGE + 1)
    older = url_for("newsletters.index", after=rows[_PAGE - 1].id) if len(rows) > _PAGE else None
    counts = newsletters.counts_of(page_session(), [row.id for row in rows[:_PAGE]])
    return render_template(
        "admin/newsletters/index.html",
        newsletters=[(row, figures(counts[row.id])) for row in rows[:_PAGE]],
        older=older,
    )


@pages.get("/stats.csv")
def stats_file() -> ResponseReturnValue:
    """What became of the newest 1,000 newsletters, as a table."""
    return newsletters_file()


@pages.post("")
def create() -> ResponseReturnValue:
    """A new draft, at once open to be written."""
    try:
        with runtime().sessions.begin() as session:
            said = {"name": request.form.get("name", "").strip()[:200]}
            made = flow.create(session, said, by=signed_in().actor, now=now())
    except Invalid as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("newsletters.index"))
    return redirect(url_for("newsletters.one", newsletter_id=made.id))


@pages.get("/<int:newsletter_id>")
def one(newsletter_id: int) -> ResponseReturnValue:
    newsletter = flow.known(page_session(), newsletter_id)
    return _page(newsletter, _answers(newsletter), {})


@pages.get("/<int:newsletter_id>/progress")
def progress(newsletter_id: int) -> ResponseReturnValue:
    """How far it has come, as a fragment; when its state is another one, the whole page is to be asked."""
    session = page_session()
    newsletter = flow.known(session, newsletter_id)
    found = flow.progress(session, newsletter, now=now())
    answer = make_response(
        render_template(
            "admin/newsletters/progress.html",
            newsletter=newsletter,
            progress=found,
            figures=figures(found.counts),
        )
    )
    if newsletter.state != request.args.get("was"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@pages.post("/<int:newsletter_id>")
def save(newsletter_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        said: dict[str, Any] = {name: form[name].strip() for name in _FIELDS if name in form}
        said["audience"] = _audience(form.get("segment", ""), form.get("audience", ""))
        said["hours"] = _hours(form)
        said["priority"] = _priority(form.get("priority", "0"))
        if "sender" in form:
            said["sender_key"] = form["sender"] or None
        with runtime().sessions.begin() as session:
            flow.change(session, newsletter_id, said, now=now(), by=signed_in().actor)
    except Invalid as refusal:
        newsletter = flow.known(page_session(), newsletter_id)
        return _page(newsletter, {**_answers(newsletter), **form.to_dict()}, refusal.errors), 422
    flash(_("Saved."))
    return redirect(url_for("newsletters.one", newsletter_id=newsletter_id))


@pages.get("/<int:newsletter_id>/preview")
def preview(newsletter_id: int) -> ResponseReturnValue:
    """What stands in the frame: the newsletter as a lead would see it, unable to run."""
    return _framed(newsletter_id, None)


@pages.post("/<int:newsletter_id>/preview")
def try_words(newsletter_id: int) -> ResponseReturnValue:
    """The same with the words of the form, before they are kept."""
    return _framed(newsletter_id, {name: request.form.get(name, "") for name in _WORDS})


@pages.post("/<int:newsletter_id>/test")
def test(newsletter_id: int) -> ResponseReturnValue:
    """Send it to the person who looks at it."""
    address, by = signed_in().email, signed_in().actor
    return _done(
        newsletter_id, lambda session: flow.test(session, newsletter_id, address, now=now(), by=by), "deliver"
    )


@pages.post("/<int:newsletter_id>/schedule")
def schedule(newsletter_id: int) -> ResponseReturnValue:
    """Now, at a time of the company's clock, or at a local time of each reader."""
    when, text = request.form.get("when", ""), request.form.get("at", "")

    def act(session: Any) -> None:
        at = _instant(text) if when == "at" else None
        local_at = text if when == "local" else None
        flow.schedule(session, newsletter_id, at=at, local_at=local_at, by=signed_in().actor, now=now())

    return _done(newsletter_id, act, "newsletters")


@pages.post("/<int:newsletter_id>/pause")
def pause(newsletter_id: int) -> ResponseReturnValue:
    by = signed_in().actor
    return _done(newsletter_id, lambda session: flow.pause(session, newsletter_id, by=by, now=now()))


@pages.post("/<int:newsletter_id>/resume")
def resume(newsletter_id: int) -> ResponseReturnValue:
    by = signed_in().actor
    return _done(
        newsletter_id, lambda session: flow.resume(session, newsletter_id, by=by, now=now()), "newsletters"
    )


@pages.post("/<int:newsletter_id>/cancel")
def cancel(newsletter_id: int) -> ResponseReturnValue:
    by = signed_in().actor
    return _done(newsletter_id, lambda session: flow.cancel(session, newsletter_id, by=by, now=now()))


def _done(newsletter_id: int, act: Any, topic: str = "") -> ResponseReturnValue:
    """Back to the page, with what was refused if anything was."""
    try:
        with runtime().sessions.begin() as session:
            act(session)
    except Invalid as refusal:
        for sentences in refusal.errors.values():
            flash(" ".join(sentences), "bad")
    except Conflict as refusal:
        flash(str(refusal), "bad")
    if topic:
        runtime().wake(topic)
    return redirect(url_for("newsletters.one", newsletter_id=newsletter_id))


def _page(newsletter: Newsletter, answers: dict[str, Any], errors: dict[str, list[str]]) -> str:
    session = page_session()
    found = flow.progress(session, newsletter, now=now()) if newsletter.state != "draft" else None
    return render_template(
        "admin/newsletters/one.html",
        newsletter=newsletter,
        answers=answers,
        errors=errors,
        choices=[
            ("", _("everybody who agreed")),
            *((segment.key, segment.name) for segment in segments.every(session)),
        ],
        senders=sender_words.for_newsletter(newsletter.sender_key),
        addressed=describe(parse(newsletter.audience)) if newsletter.audience else "",
        size=flow.size(session, newsletter, now=now()) if newsletter.state == "draft" else newsletter.size,
        progress=found,
        figures=figures(found.counts) if found is not None else None,
    )


def _answers(newsletter: Newsletter) -> dict[str, Any]:
    audience = newsletter.audience
    segment = audience["segment"] if list(audience) == ["segment"] else ""
    condition = texts.write(audience).strip() if audience and not segment else ""
    return {
        **{name: getattr(newsletter, name) for name in _FIELDS},
        "priority": str(newsletter.priority),
        "sender": newsletter.sender_key or "",
        "segment": segment,
        "audience": condition,
        "days": newsletter.hours.get("days", ""),
        "opens": newsletter.hours.get("from", "09:00"),
        "closes": newsletter.hours.get("to", "18:00"),
        "holidays": newsletter.hours.get("holidays", ""),
    }


def _hours(form: Mapping[str, str]) -> dict[str, Any]:
    """A window as a program writes it; {} for any hour."""
    if not form.get("days"):
        return {}
    said = {"days": form["days"], "from": form.get("opens", ""), "to": form.get("closes", "")}
    holidays = form.get("holidays", "").strip()
    return {**said, "holidays": holidays} if holidays else said


def _priority(typed: str) -> int:
    try:
        return int(typed.strip() or "0")
    except ValueError as error:
        sentence = _("A whole number from -100 to 100.")
        raise Invalid(sentence, {"priority": [sentence]}) from error


def _audience(segment: str, written: str) -> dict[str, Any]:
    """A condition written by hand goes before a segment; nothing is everybody who agreed."""
    if not written.strip():
        return {"segment": segment} if segment else {}
    try:
        return texts.read(written)
    except Invalid as fault:
        raise Invalid(str(fault), {"audience": fault.errors["condition"]}) from fault


def _framed(newsletter_id: int, said: dict[str, str] | None) -> ResponseReturnValue:
    try:
        html = flow.look(page_session(), newsletter_id, query.number("lead"), said).html
    except RenderFault as fault:
        html = render_template("parts/mail_fault.html", sentence=str(fault))
    except Invalid as refusal:
        sentences = [one for many in refusal.errors.values() for one in many]
        html = render_template("parts/mail_fault.html", sentence=" ".join(sentences))
    answer = make_response(html)
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer


def _instant(text: str) -> datetime:
    """A local time of the company, as the browser's field gives it."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone()).astimezone(UTC)
    except ValueError as error:
        sentence = _("Say the day and the hour.")
        raise Invalid(sentence, {"at": [sentence]}) from error
