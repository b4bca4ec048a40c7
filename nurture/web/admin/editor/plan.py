"""What publishing would do, said before it is done; the versions, their differences, and the way back."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, FileFault
from nurture.flows import live_edits
from nurture.flows.enroll import enter_existing
from nurture.flows.publish import Inside
from nurture.rules.edits.saying import changes_in_words, plan_in_words
from nurture.rules.program import Program
from nurture.rules.words import _, ngettext
from nurture.store.views import chain as view
from nurture.web.admin import new_program
from nurture.web.admin.editor.difference import drawn
from nurture.web.admin.editor.door import opened, pages, revision
from nurture.web.admin.step_words import in_words
from nurture.web.query import number
from nurture.web.request import now, page_session, runtime, signed_in


@pages.get("/plan")
def plan(program_id: int) -> ResponseReturnValue:
    """The effect of publishing in words and numbers, and the difference to what is live."""
    session = page_session()
    planned = live_edits.plan_of(session, program_id)
    mails = {key: (0, mail.name) for key, mail in planned.folder.mails.items()}

    def name(temperature: str, key: str) -> str:
        return _step_name(planned.after, planned.before, temperature, key, mails)

    return render_template(
        "admin/editor/plan.html",
        here=opened(program_id),
        tab="plan",
        planned=planned,
        changes=changes_in_words(planned.difference),
        sentences=plan_in_words(planned.plan, name) if planned.plan is not None else [],
        diff=drawn(planned.difference, planned.before, planned.after, mails),
        elsewhere=planned.plan.elsewhere if planned.plan is not None else 0,
    )


@pages.post("/publish")
def publish(program_id: int) -> ResponseReturnValue:
    """Make the draft live, with a choice for those inside; those who fit enter at once."""
    by, inside = signed_in().actor, _inside()

    def act(session: Any) -> live_edits.WentLive:
        seen = revision() if "revision" in request.form else None
        return live_edits.publish_draft(session, program_id, revision=seen, inside=inside, now=now(), by=by)

    return _went_live(program_id, act)


@pages.get("/versions")
def versions(program_id: int) -> ResponseReturnValue:
    """Every version, who brought it and when it was live; the difference of any two."""
    session = page_session()
    here = opened(program_id)
    listed = view.versions(session, program_id)
    standing = live_edits.standing_by_version(session, program_id)
    first, second = number("from"), number("to")
    diff = None
    if first is not None:
        difference, before, after = live_edits.difference_of(session, program_id, first, second)
        mails = {key: (0, mail.name) for key, mail in here.folder.mails.items()}
        diff = drawn(difference, before, after, mails)
    return render_template(
        "admin/editor/versions.html",
        here=here,
        tab="versions",
        versions=listed,
        standing=standing,
        first=first,
        second=second,
        diff=diff,
    )


@pages.post("/versions/<int:no>/roll-back")
def roll_back(program_id: int, no: int) -> ResponseReturnValue:
    """Publish an older version again, as a new one."""
    by, inside = signed_in().actor, _inside()
    return _went_live(
        program_id,
        lambda session: live_edits.roll_back(session, program_id, no, inside=inside, now=now(), by=by),
    )


@pages.get("/duplicate")
def duplicate(program_id: int) -> ResponseReturnValue:
    """Name and key of the copy."""
    draft = opened(program_id).draft
    answers = {"name": _("%(name)s, copy") % {"name": draft.program}, "key": f"{draft.program_key}-copy"[:63]}
    return render_template("admin/editor/new.html", answers=answers, errors={}, like=draft)


@pages.post("/duplicate")
def make_duplicate(program_id: int) -> ResponseReturnValue:
    """One more program like this one, as a draft."""
    answers = {name: request.form.get(name, "").strip() for name in ("name", "key")}
    made, errors = new_program.make(answers, program_id)
    if made is not None:
        return redirect(url_for("editor.index", program_id=made), 303)
    draft = opened(program_id).draft
    return render_template("admin/editor/new.html", answers=answers, errors=errors, like=draft), 422


def _went_live(program_id: int, act: Any) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            done = act(session)
    except FileFault as refusal:
        for fault in refusal.faults:
            flash(fault, "bad")
        return redirect(url_for("editor.plan", program_id=program_id), 303)
    except Conflict as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("editor.plan", program_id=program_id), 303)
    entered = enter_existing(runtime().sessions, now=now())
    runtime().wake("advance")
    told = ngettext("Live. %s lead entered.", "Live. %s leads entered.", entered) % entered
    flash(told if entered else _("Live. Nobody new fits at the moment."))
    if done.moved:
        n = done.moved
        flash(ngettext("%s lead goes on at another step.", "%s leads go on at another step.", n) % n)
    return redirect(url_for("programs.board", program_id=program_id), 303)


def _inside() -> Inside:
    return "finish" if request.form.get("inside") == "finish" else "move"


def _step_name(
    after: Program | None,
    before: Program | None,
    temperature: str,
    key: str,
    mails: dict[str, tuple[int, str]],
) -> str:
    """A step in words, of the draft where it has it, else as it was."""
    for program in (after, before):
        chain = program.chains.get(temperature) if program is not None else None
        if chain is not None and key in chain.by_key:
            return in_words(chain.by_key[key], mails)[1]
    return key
