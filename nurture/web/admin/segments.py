"""Segments: the list, and the page on which one is built like a sentence, counted and looked into."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Invalid
from nurture.files import conditions as texts
from nurture.flows import segments as flow
from nurture.rules import names, touches
from nurture.rules.conditions import ConditionFault, parse, unparse
from nurture.rules.conditions.tree import BANT_ANSWERS, BANT_PARTS
from nurture.rules.sales_signals import SAID_BY_SALES
from nurture.rules.words import _
from nurture.store import segment_sizes, segments
from nurture.store.leads import STAGES
from nurture.store.segments import StoredSegment
from nurture.store.views import segments as view
from nurture.web.lead_words import SIGNALS
from nurture.web.query import number
from nurture.web.request import now, page_session, runtime, signed_in
from nurture.web.wording import says

pages = Blueprint("segments", __name__)
PAGE = 50
# What people of ours enter or answer: no mail brought it.
_OF_NO_MAIL = SAID_BY_SALES | set(touches.KINDS.values())
_NEW: dict[str, Any] = {"all": [{"temperature": "warm"}]}


@pages.get("/segments")
def index() -> ResponseReturnValue:
    """All segments with their sizes and their conditions in words."""
    session = page_session()
    found = segments.every(session)
    return render_template(
        "admin/segments/index.html",
        found=[(one, flow.sentence_of(one)) for one in found],
        sizes=segment_sizes.sizes(session),
    )


@pages.get("/segments/new")
def new() -> ResponseReturnValue:
    """An empty builder."""
    return _builder(None, {}, _NEW, {})


@pages.post("/segments/new")
def create() -> ResponseReturnValue:
    answers, condition, errors = _read()
    if not errors:
        try:
            with runtime().sessions.begin() as session:
                made = flow.create(
                    session, answers | {"condition": condition}, now=now(), by=signed_in().actor
                )
        except Invalid as fault:
            errors = fault.errors
        else:
            runtime().wake("segments")
            flash(_("Saved. Its members are being told."))
            return redirect(url_for("segments.one", segment_id=made.id))
    return _builder(None, answers, condition, errors), 422


@pages.get("/segments/<int:segment_id>")
def one(segment_id: int) -> ResponseReturnValue:
    """The builder, who is in, and what asks for it."""
    stored = flow.by_id(page_session(), segment_id)
    answers = {"name": stored.name, "description": stored.description}
    return _builder(stored, answers, unparse(parse(stored.condition)), {})


@pages.post("/segments/<int:segment_id>")
def change(segment_id: int) -> ResponseReturnValue:
    stored = flow.by_id(page_session(), segment_id)
    answers, condition, errors = _read()
    if not errors:
        try:
            with runtime().sessions.begin() as session:
                flow.change(
                    session, stored.key, answers | {"condition": condition}, now=now(), by=signed_in().actor
                )
        except Invalid as fault:
            errors = fault.errors
        else:
            runtime().wake("segments")
            flash(_("Saved."))
            return redirect(url_for("segments.one", segment_id=segment_id))
    return _builder(stored, answers, condition, errors), 422


@pages.post("/segments/<int:segment_id>/remove")
def remove(segment_id: int) -> ResponseReturnValue:
    """Take it away; refused while something asks for it."""
    with runtime().sessions.begin() as session:
        flow.remove(session, flow.by_id(session, segment_id).key, now=now(), by=signed_in().actor)
    flash(_("The segment is gone; its leads are as they were."))
    return redirect(url_for("segments.index"))


@pages.post("/segments/preview")
def preview() -> ResponseReturnValue:
    """How many the condition of the builder finds now, as a fragment."""
    _answers, condition, errors = _read()
    try:
        if errors:
            raise Invalid(next(iter(errors.values()))[0], errors)
        session = page_session()
        found = flow.preview(session, condition, now=now(), key=request.form.get("key") or None)
        some = view.some(session, found.some)
    except Invalid as fault:
        return render_template("admin/segments/preview.html", fault=str(fault))
    return render_template("admin/segments/preview.html", found=found, some=some, fault="")


@pages.post("/segments/text")
def read_text() -> ResponseReturnValue:
    """What the text of the builder says in its plain form, for the rows beside it."""
    try:
        return jsonify(condition=unparse(parse(texts.read(request.form.get("condition", "")))))
    except Invalid as fault:
        return jsonify(fault=str(fault))
    except ConditionFault as fault:
        return jsonify(fault=str(fault))


def _read() -> tuple[dict[str, str], Any, dict[str, list[str]]]:
    """Name and description, the condition, and what is wrong with its text if it cannot be read."""
    answers = {name: request.form.get(name, "") for name in ("name", "description")}
    written = request.form.get("condition", "")
    try:
        return answers, texts.read(written), {}
    except Invalid as fault:
        return answers, written, fault.errors


def _builder(
    stored: StoredSegment | None, answers: dict[str, str], condition: Any, errors: dict[str, list[str]]
) -> str:
    session = page_session()
    after = number("after")
    members = segments.members(session, stored.id, after=after, limit=PAGE + 1) if stored else []
    plain = None if isinstance(condition, str) else condition
    written = condition if isinstance(condition, str) else texts.write(condition)
    return render_template(
        "admin/segments/one.html",
        stored=stored,
        answers=answers,
        written=written,
        errors=errors,
        size=segment_sizes.size(session, stored.id) if stored and stored.refreshed_at else None,
        members=view.some(session, members[:PAGE]),
        next_after=members[PAGE - 1] if len(members) > PAGE else None,
        uses=flow.used_by(session, stored.key) if stored else [],
        words=builder_words(view.offered(session, but=stored.key if stored else None)) | {"condition": plain},
    )


def builder_words(offered: view.Offered) -> dict[str, Any]:
    """What the builder lets choose from, and how it says it."""
    return {
        "fields": _fields(offered),
        "choices": {
            "temperature": [["cold", _("cold")], ["warm", _("warm")], ["hot", _("hot")]],
            "grade": [[one, one] for one in ("A", "B", "C")],
            "stage": [[one, says(one, "stage")] for one in STAGES],
            "tag": [[one, one] for one in offered.tags],
            "source": [[one, one] for one in offered.sources],
            "consent": [[one, says(one, "purpose")] for one in offered.purposes],
            "segment": [list(pair) for pair in offered.segments],
            "signal": [[one, says(one, "signal")] for one in SIGNALS],
            "mail": [[one, one] for one in offered.mails],
            "bant": [[one, says(one, "answer").lower()] for one in BANT_ANSWERS],
        },
        "of_no_mail": sorted(_OF_NO_MAIL),
        "values": {
            name: [[one, names.value(name, one)] for one in known] for name, known in names.VALUES.items()
        },
        "groups": [
            ["all", _("all of these")],
            ["any", _("any of these")],
            ["none", _("none of these")],
            ["notall", _("not all of these")],
        ],
        "ops": [
            ["eq", _("is")], ["ne", _("is not")], ["in", _("is one of")], ["not_in", _("is none of")],
            ["contains", _("contains")], ["starts", _("starts with")], ["ends", _("ends with")],
            ["gt", _("is above")], ["gte", _("is at least")], ["lt", _("is below")],
            ["lte", _("is at most")], ["exists", _("is known")], ["missing", _("is not known")],
        ],
        "units": [
            ["h", _("hours")], ["d", _("days")], ["w", _("weeks")], ["m", _("minutes")], ["s", _("seconds")],
        ],
        "is": _("is"),
        "answered": _("was answered"), "times": _("times"), "at_least": _("at least"),
        "within": _("within the last"), "of_mail": _("of the mail"), "any_mail": _("any mail"),
        "value": _("Value"), "what": _("What"), "how": _("How"), "unit": _("Unit"), "remove": _("Remove"),
        "add": _("Add a condition"), "add_group": _("Add a group"),
        "commas": _("values, separated by commas"),
        "none": _("No condition"), "some": _("Set a condition"),
        "whose": _("Leads for whom"), "true": _("are true"), "ever": _("ever"), "or": _("or"),
        "subjects": _subjects(), "bant_parts": list(BANT_PARTS),
    }  # fmt: skip


def _subjects() -> list[list[str]]:
    return [
        ["temperature", _("temperature")],
        ["grade", _("grade")],
        ["stage", _("stage")],
        ["signal", _("who has")],
        ["tag", _("tag")],
        ["source", _("source")],
        ["consent", _("consent")],
        ["segment", _("segment")],
        ["touches", _("number of touches")],
        ["bant:all", _("all of BANT")],
        *([f"bant:{part}", names.field(f"bant.{part}")] for part in BANT_PARTS),
    ]


def _fields(offered: view.Offered) -> list[list[str]]:
    plain = [
        ["first_name", _("first name")], ["last_name", _("last name")], ["email", _("e-mail address")],
        ["phone", _("phone")], ["role", _("role")], ["buying_role", _("role in buying")],
        ["language", _("language")], ["timezone", _("time zone")], ["country", _("country")],
        ["city", _("city")], ["address", _("address")], ["created_at", _("known since")],
        ["heat", _("heat")], ["readiness", _("readiness")], ["target_score", _("target score, in percent")],
        ["company.name", _("company")],
        ["company.size", _("size of the company")], ["company.industry", _("industry")],
        ["company.country", _("country of the company")], ["company.city", _("city of the company")],
    ]  # fmt: skip
    custom = [[f"fields.{name}", name] for name in offered.custom]
    return plain + custom + [[f"dates.{name}", name] for name in offered.dates]
