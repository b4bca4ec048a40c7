"""Two companies side by side, made one, and taken apart again."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import merge_companies as flow
from nurture.flows.merge_companies import Preview
from nurture.rules import names
from nurture.rules.folding import fold
from nurture.rules.merging_companies import CHOSEN
from nurture.rules.words import _
from nurture.store import companies
from nurture.web.merge_form import other_of, taken_of
from nurture.web.query import number, text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("company_merges", __name__)


@pages.get("/companies/<int:company_id>/merge")
def compare(company_id: int) -> ResponseReturnValue:
    """The company beside another one; without another, which it may be and which one looks for."""
    return _compare(company_id, number("other"))


@pages.post("/companies/<int:company_id>/merge")
def merge(company_id: int) -> ResponseReturnValue:
    other_id, take = other_of(request.form), taken_of(request.form)
    close_session()
    try:
        if other_id is None:
            raise Invalid(_("Choose the other company first."))
        with runtime().sessions.begin() as session:
            done = flow.merge(session, company_id, other_id, take=take, by=signed_in().actor, now=now())
            survivor_id, merge_id = done.company_id, done.id
    except (Invalid, Conflict) as refusal:
        flash(str(refusal), "bad")
        return _compare(company_id, None), 422
    _wake()
    undo = render_template(
        "admin/duplicates/undo.html", url=url_for("company_merges.undo", merge_id=merge_id)
    )
    flash(Markup("{} {}").format(_("One company now, with the contacts of both."), Markup(undo)))
    return redirect(url_for("companies.one", company_id=survivor_id))


@pages.post("/company-merges/<int:merge_id>/undo")
def undo(merge_id: int) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            company_id = flow.undo_merge(session, merge_id, by=signed_in().actor, now=now()).company_id
    except Conflict as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("companies.index"))
    _wake()
    flash(_("Undone: these are two companies again."))
    return redirect(url_for("companies.one", company_id=company_id))


def _wake() -> None:
    for topic in ("rate", "segments"):
        runtime().wake(topic)


def _compare(company_id: int, other_id: int | None) -> str:
    session, q = page_session(), text("q")
    mine = companies.meant(session, company_id)
    if mine is None:
        raise NotFound(_("There is no such company."))
    found = flow.preview(session, mine, other_id, now=now()) if other_id is not None else None
    return render_template(
        "admin/companies/merge.html",
        company=companies.known(session, mine),
        both=found,
        lines=_lines(found) if found else [],
        q=q,
        found=flow.search(session, mine, fold(q)) if q and found is None else [],
        alike=flow.candidates(session, mine) if found is None and not q else [],
    )


def _lines(both: Preview) -> list[Mapping[str, Any]]:
    """What either says, the values that have to be chosen first."""
    mine, other = both.company.row, both.other.row
    found = [_line(name, names.field(f"company.{name}"), mine[name], other[name]) for name in CHOSEN]
    for key in dict.fromkeys([*mine["fields"], *other["fields"]]):
        label = names.field(f"company.{key}")
        found.append(_line(f"fields.{key}", label, mine["fields"].get(key), other["fields"].get(key)))
    told = [line for line in found if line["mine"] or line["other"]]
    return sorted(told, key=lambda line: not line["differs"])


def _line(name: str, label: str, mine: object, other: object) -> Mapping[str, Any]:
    shown = {"mine": "" if mine is None else str(mine), "other": "" if other is None else str(other)}
    differs = bool(shown["mine"] and shown["other"] and shown["mine"] != shown["other"])
    return {"name": name, "label": label, "differs": differs, **shown}
