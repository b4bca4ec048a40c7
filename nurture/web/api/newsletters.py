"""/newsletters: one mail to everybody who fits, once."""

from dataclasses import asdict
from datetime import UTC
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.flows import edit_newsletters as flow
from nurture.rules.newsletter_figures import figures
from nurture.rules.words import _
from nurture.store import newsletters as store
from nurture.store.newsletters import Newsletter
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.drafts import LeadQuery, MailPreviewOut
from nurture.web.api.schemas.newsletters import (
    NewsletterIn,
    NewsletterLine,
    NewsletterMade,
    NewsletterOut,
    NewsletterStats,
    ScheduleIn,
    TestIn,
)
from nurture.web.newsletters_file import newsletters_file
from nurture.web.request import now, page_session, runtime

part = door.Part("newsletters", "Newsletters: one mail to a segment, at a time.")


@part.route("/newsletters", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(NewsletterLine))
def list_newsletters(asked: dict[str, Any]) -> dict[str, Any]:
    """Newsletters, newest first."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = store.page(page_session(), before=place[0] if place else None, limit=asked["limit"] + 1)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    counts = store.counts_of(page_session(), [row.id for row in page["data"]])
    return {
        **page,
        "data": [{**told(row), "figures": asdict(figures(counts[row.id]))} for row in page["data"]],
    }


@part.route("/newsletters/stats.csv", methods=["GET"])
@part.alt_response(200, description="A CSV file.", content_type="text/csv")
def stats_file() -> ResponseReturnValue:
    """The figures of the newest 1,000 newsletters as a table: a line for each."""
    return newsletters_file()


@part.route("/newsletters", methods=["POST"])
@part.arguments(NewsletterMade)
@part.response(201, NewsletterOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """A new draft."""
    with runtime().sessions.begin() as session:
        made = flow.create(session, _said(said), by=door.actor(), now=now())
        return told(made), 201


@part.route("/newsletters/<int:newsletter_id>", methods=["GET"])
@part.response(200, NewsletterOut)
def one(newsletter_id: int) -> dict[str, Any]:
    """One newsletter."""
    return told(flow.known(page_session(), newsletter_id))


@part.route("/newsletters/<int:newsletter_id>/preview", methods=["GET"])
@part.arguments(LeadQuery, location="query")
@part.response(200, MailPreviewOut)
def preview(asked: dict[str, Any], newsletter_id: int) -> dict[str, Any]:
    """The newsletter as a lead would see it, or as somebody of whom nothing is known."""
    return vars(flow.look(page_session(), newsletter_id, asked["lead"]))


@part.route("/newsletters/<int:newsletter_id>", methods=["PATCH"])
@part.arguments(NewsletterIn)
@part.response(200, NewsletterOut)
def change(said: dict[str, Any], newsletter_id: int) -> dict[str, Any]:
    """Change what is said of a draft."""
    with runtime().sessions.begin() as session:
        return told(flow.change(session, newsletter_id, _said(said), now=now(), by=door.actor()))


@part.route("/newsletters/<int:newsletter_id>/schedule", methods=["POST"])
@part.arguments(ScheduleIn)
@part.response(200, NewsletterOut)
def schedule(said: dict[str, Any], newsletter_id: int) -> dict[str, Any]:
    """Let it go out."""
    if len(said) > 1:
        sentence = _("Say one of at and local_at.")
        raise Invalid(sentence, {"at": [sentence]})
    at = said.get("at")
    with runtime().sessions.begin() as session:
        answer = told(
            flow.schedule(
                session,
                newsletter_id,
                at=at.astimezone(UTC) if at else None,
                local_at=said.get("local_at"),
                by=door.actor(),
                now=now(),
            )
        )
    runtime().wake("newsletters")
    return answer


@part.route("/newsletters/<int:newsletter_id>/pause", methods=["POST"])
@part.response(200, NewsletterOut)
def pause(newsletter_id: int) -> dict[str, Any]:
    """Nothing more of it begins to go out."""
    with runtime().sessions.begin() as session:
        return told(flow.pause(session, newsletter_id, by=door.actor(), now=now()))


@part.route("/newsletters/<int:newsletter_id>/resume", methods=["POST"])
@part.response(200, NewsletterOut)
def resume(newsletter_id: int) -> dict[str, Any]:
    """It goes on where it stopped."""
    with runtime().sessions.begin() as session:
        answer = told(flow.resume(session, newsletter_id, by=door.actor(), now=now()))
    runtime().wake("newsletters")
    return answer


@part.route("/newsletters/<int:newsletter_id>/cancel", methods=["POST"])
@part.response(200, NewsletterOut)
def cancel(newsletter_id: int) -> dict[str, Any]:
    """What has not gone out never does."""
    with runtime().sessions.begin() as session:
        return told(flow.cancel(session, newsletter_id, by=door.actor(), now=now()))


@part.route("/newsletters/<int:newsletter_id>/test", methods=["POST"])
@part.arguments(TestIn)
@part.response(202)
def test(said: dict[str, Any], newsletter_id: int) -> None:
    """Send it to a colleague as it is written now."""
    with runtime().sessions.begin() as session:
        flow.test(session, newsletter_id, said["email"], now=now(), by=door.actor())
    runtime().wake("deliver")


@part.route("/newsletters/<int:newsletter_id>/stats", methods=["GET"])
@part.response(200, NewsletterStats)
def stats(newsletter_id: int) -> dict[str, Any]:
    """How far it has come."""
    session = page_session()
    newsletter = flow.known(session, newsletter_id)
    progress = flow.progress(session, newsletter, now=now())
    return {
        **told(newsletter),
        "figures": asdict(figures(progress.counts)),
        "counts": dict(progress.counts),
        "waiting": plain(progress.waiting),
        "rate": round(progress.rate, 2),
        "left": progress.left,
        "ends_at": moment(progress.ends_at),
    }


def told(row: Newsletter) -> dict[str, Any]:
    """A newsletter as the API tells it."""
    plainly = (
        "id", "name", "subject", "preheader", "body", "format", "language", "purpose", "audience", "hours",
        "over", "priority", "while_with_sales", "state", "mode", "local_at", "size",
    )  # fmt: skip
    moments = ("starts_at", "created_at", "started_at", "finished_at")
    told = {name: getattr(row, name) for name in plainly} | {"sender": row.sender_key}
    return told | {name: moment(getattr(row, name)) for name in moments}


def _said(said: dict[str, Any]) -> dict[str, Any]:
    if "sender" in said:
        said["sender_key"] = said.pop("sender")
    segment = said.pop("segment", None)
    if segment is None:
        return said
    if "audience" in said:
        sentence = _("Say one of audience and segment.")
        raise Invalid(sentence, {"segment": [sentence]})
    return {**said, "audience": {"segment": segment}}
