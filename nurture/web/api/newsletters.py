"""/newsletters: one mail to everybody who fits, once."""

from dataclasses import asdict
from datetime import UTC
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from nurture.errors import Invalid
from nurture.flows import edit_newsletters as flow
from nurture.rules.newsletter_figures import figures
from nurture.rules.words import _
from nurture.store import newsletters as store
from nurture.store.newsletters import Newsletter
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import In, ListOf
from nurture.web.api.schemas.drafts import LeadQuery, MailPreviewOut
from nurture.web.newsletters_file import newsletters_file
from nurture.web.request import now, page_session, runtime

part = door.Part("newsletters", "Newsletters: one mail to a segment, at a time.")


class NewsletterIn(In):
    """What a newsletter says and to whom. `audience` is a condition, {} for everybody who agreed to
    `purpose`; `segment` is short for the condition {segment: …}; `hours` a window as in a program; `sender`
    the key of the sender in whose name it goes out, null for the default."""

    name = fields.String(validate=validate.Length(1, 200))
    subject = fields.String(validate=validate.Length(max=500))
    preheader = fields.String(validate=validate.Length(max=500))
    body = fields.String()
    format = fields.String(validate=validate.OneOf(("md", "mjml", "html")))
    language = fields.String(validate=validate.Length(2, 20))
    purpose = fields.String(validate=validate.Length(1, 100))
    audience = fields.Dict()
    segment = fields.String(validate=validate.Length(1, 200))
    hours = fields.Dict()
    over = fields.String(validate=validate.OneOf(("defer", "skip")))
    priority = fields.Integer(validate=validate.Range(-100, 100))
    while_with_sales = fields.String(validate=validate.OneOf(("pause", "go_on")))
    sender = fields.String(allow_none=True, validate=validate.Length(1, 40), metadata={"example": "events"})


class NewsletterMade(NewsletterIn):
    """A new newsletter needs a name."""

    name = fields.String(required=True, validate=validate.Length(1, 200))


class ScheduleIn(In):
    """When: nothing for now, `at` an instant, or `local_at` a local time in each reader's own zone."""

    at = fields.AwareDateTime(metadata={"format": "date-time"})
    local_at = fields.String(validate=validate.Length(max=40), metadata={"example": "2026-03-05T10:00"})


class TestIn(In):
    """To whom."""

    email = fields.Email(required=True)


class NewsletterOut(NewsletterIn):
    """A newsletter. `state` is draft, scheduled, sending, paused, sent or cancelled."""

    id = fields.Integer()
    state = fields.String()
    mode = fields.String()
    starts_at = fields.String(allow_none=True)
    local_at = fields.String(allow_none=True)
    size = fields.Integer(allow_none=True)
    created_at = fields.String()
    started_at = fields.String(allow_none=True)
    finished_at = fields.String(allow_none=True)


class FiguresOut(Schema):
    """What became of its mails. Opened and clicked are by people, each mail once; machines stand apart."""

    sent = fields.Integer()
    opened = fields.Integer()
    clicked = fields.Integer()
    machine_opened = fields.Integer()
    machine_clicked = fields.Integer()
    failed = fields.Integer()
    skipped = fields.Integer()
    cancelled = fields.Integer()


class NewsletterLine(NewsletterOut):
    """A newsletter in the list, with what became of it."""

    figures = fields.Nested(FiguresOut)


class NewsletterStats(NewsletterLine):
    """How far it has come; `rate` in mails a second, `ends_at` the estimated end."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    waiting = fields.List(fields.Raw())
    rate = fields.Float()
    left = fields.Integer(allow_none=True)
    ends_at = fields.String(allow_none=True)


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
