"""Duplicates: pairs that may be one person, two leads side by side, made one, and taken apart again."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import duplicates as flow
from nurture.flows.merge_leads import merge as merge_leads
from nurture.flows.unmerge_leads import undo_merge
from nurture.rules import names
from nurture.rules.folding import fold
from nurture.rules.merging import CHOSEN
from nurture.rules.words import _, ngettext
from nurture.store import duplicates, lead_aliases, lead_json
from nurture.web.merge_form import other_of, taken_of
from nurture.web.query import number, text
from nurture.web.rendering import number as number_text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("duplicates", __name__)
_PAGE = 50
_FOUND = 20
_MAPS = ("fields", "dates", "bant")


@pages.get("/duplicates")
def index() -> ResponseReturnValue:
    """Pairs that nobody has decided on, newest first."""
    session = page_session()
    rows = duplicates.page(session, before=number("before"), limit=_PAGE + 1)
    return render_template(
        "admin/duplicates/index.html",
        rows=rows[:_PAGE],
        before=rows[_PAGE - 1].id if len(rows) > _PAGE else None,
        looked_at=duplicates.looked_at(session),
    )


@pages.post("/duplicates/look")
def look() -> ResponseReturnValue:
    found = flow.look(runtime().sessions, now=now())
    flash(
        ngettext("%s pair may be one person.", "%s pairs may be one person.", found) % number_text(found)
        if found
        else _("No two leads look like one person.")
    )
    return redirect(url_for("duplicates.index"))


@pages.post("/duplicates/<int:pair_id>/dismiss")
def dismiss(pair_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.dismiss(session, pair_id, by=signed_in().actor, now=now())
    undo = render_template(
        "admin/duplicates/undo.html", url=url_for("duplicates.bring_back", pair_id=pair_id)
    )
    flash(Markup("{} {}").format(_("Two people: they are not asked about again."), Markup(undo)))
    return redirect(url_for("duplicates.index"))


@pages.post("/duplicates/<int:pair_id>/bring-back")
def bring_back(pair_id: int) -> ResponseReturnValue:
    with runtime().sessions.begin() as session:
        flow.bring_back(session, pair_id, by=signed_in().actor, now=now())
    flash(_("Undone: the pair waits for a decision again."))
    return redirect(url_for("duplicates.index"))


@pages.get("/leads/<int:lead_id>/merge")
def compare(lead_id: int) -> ResponseReturnValue:
    """The lead beside another one, value by value; without another, whom it may be and whom one looks for."""
    return _compare(lead_id, number("other"))


@pages.post("/leads/<int:lead_id>/merge")
def merge(lead_id: int) -> ResponseReturnValue:
    other_id, take = other_of(request.form), taken_of(request.form)
    close_session()
    try:
        if other_id is None:
            raise Invalid(_("Choose the other lead first."))
        with runtime().sessions.begin() as session:
            by = signed_in().actor
            done = merge_leads(
                session, lead_id, other_id, take=take, pepper=runtime().pepper, by=by, now=now()
            )
            survivor_id, merge_id = done.lead_id, done.id
    except (Invalid, Conflict) as refusal:
        flash(str(refusal), "bad")
        return _compare(lead_id, other_id), 422
    runtime().wake("rate")
    undo = render_template("admin/duplicates/undo.html", url=url_for("duplicates.undo", merge_id=merge_id))
    flash(Markup("{} {}").format(_("One lead now, with everything that both had."), Markup(undo)))
    return redirect(url_for("leads.card", lead_id=survivor_id))


@pages.post("/merges/<int:merge_id>/undo")
def undo(merge_id: int) -> ResponseReturnValue:
    try:
        with runtime().sessions.begin() as session:
            noted = undo_merge(session, merge_id, pepper=runtime().pepper, by=signed_in().actor, now=now())
            lead_id = noted.lead_id
    except Conflict as refusal:
        flash(str(refusal), "bad")
        return redirect(url_for("duplicates.index"))
    runtime().wake("rate")
    flash(_("Undone: these are two leads again."))
    return redirect(url_for("leads.card", lead_id=lead_id))


def _compare(lead_id: int, other_id: int | None) -> str:
    session, q = page_session(), text("q")
    meant = lead_aliases.meant(session, [one for one in (lead_id, other_id) if one])
    if lead_id not in meant or (other_id is not None and other_id not in meant):
        raise NotFound(_("There is no such lead."))
    ids = [meant[lead_id]] + ([meant[other_id]] if other_id is not None else [])
    read = lead_json.read(session, ids, base_url=runtime().settings.base_url, now=now())
    mine, other = read[ids[0]], read[ids[1]] if len(ids) > 1 and ids[1] != ids[0] else None
    return render_template(
        "admin/duplicates/compare.html",
        lead=mine,
        other=other,
        lines=_lines(mine, other) if other else [],
        q=q,
        found=duplicates.like(session, ids[0], fold(q), limit=_FOUND) if q and other is None else [],
        pairs=duplicates.page(session, lead_id=ids[0], limit=_FOUND) if other is None else [],
        name_of=_name_of,
    )


def _name_of(lead: Mapping[str, Any]) -> str:
    person = " ".join(part for part in (lead["first_name"], lead["last_name"]) if part)
    return str(person or lead["email"] or lead["phone"] or f"#{lead['id']}")


def _lines(mine: Mapping[str, Any], other: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What either says, the values that have to be chosen first."""
    found = []
    for name in CHOSEN:
        if name != "grade_override":
            found.append(_line(name, names.field("company.name" if name == "company" else name),
                               _shown(mine[name]), _shown(other[name])))  # fmt: skip
    for kind in _MAPS:
        for key in dict.fromkeys([*mine[kind], *other[kind]]):
            one, two = mine[kind].get(key), other[kind].get(key)
            if kind != "bant" or {one, two} - {"unknown", None}:
                found.append(_line(f"{kind}.{key}", names.field(f"{kind}.{key}"), _shown(one), _shown(two)))
    told = [line for line in found if line["mine"] or line["other"]]
    return sorted(told, key=lambda line: not line["differs"])


def _line(name: str, label: str, mine: str, other: str) -> dict[str, Any]:
    return {"name": name, "label": label, "mine": mine, "other": other,
            "differs": bool(mine and other and mine != other)}  # fmt: skip


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("name")
    return "" if value in (None, "unknown") else str(value)
