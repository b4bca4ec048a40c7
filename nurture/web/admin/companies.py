"""Companies: the warmest first, and one with its contacts, their roles, and what they did."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import companies as flow
from nurture.rules.folding import fold
from nurture.rules.model.values import TEMPERATURES
from nurture.rules.shares import rounded
from nurture.rules.words import _
from nurture.store import companies, company_groups, company_merges
from nurture.store.views import companies as view
from nurture.web.query import chosen, number, text
from nurture.web.request import close_session, now, page_session, runtime, signed_in

pages = Blueprint("companies", __name__, url_prefix="/companies")
_PAGE = 50
_NOTHING = float("-inf")


@pages.get("")
def index() -> ResponseReturnValue:
    session, q, temperature = page_session(), text("q"), chosen("temperature", TEMPERATURES)
    rows = view.warmest(session, q=fold(q), temperature=temperature, place=_place(), limit=_PAGE + 1)
    last = rows[_PAGE - 1] if len(rows) > _PAGE else None
    heats = flow.worth(session, [row["heat_log2"] for row in rows], now=now())
    return render_template(
        "admin/companies/index.html",
        rows=list(zip(rows, heats, strict=True))[:_PAGE],
        q=q,
        temperature=temperature,
        temperatures=TEMPERATURES,
        next_place={"log": repr(_log(last)), "after": str(last["id"])} if last else None,
    )


@pages.get("/<int:company_id>")
def one(company_id: int) -> ResponseReturnValue:
    meant = companies.meant(page_session(), company_id)
    if meant not in (None, company_id):
        return redirect(url_for("companies.one", company_id=meant))
    return _one(company_id, None, {})


@pages.post("/<int:company_id>")
def change(company_id: int) -> ResponseReturnValue:
    form = {name: request.form.get(name, "").strip() for name in ("name", *flow.ABOUT)}
    try:
        size = form["size"]
        if size and not (size.isascii() and size.isdigit() and len(size) < 9):
            sentence = _("How many people work there, as a number.")
            raise Invalid(sentence, {"size": [sentence]})
        said: dict[str, Any] = {**form, "size": int(size) if size else None}
        with runtime().sessions.begin() as session:
            flow.change(session, company_id, said, by=signed_in().actor, now=now())
    except (Invalid, Conflict) as refusal:
        return _one(company_id, form, getattr(refusal, "errors", None) or {"name": [str(refusal)]}), 422
    runtime().wake("segments")
    flash(_("Saved."))
    return redirect(url_for("companies.one", company_id=company_id))


def _one(company_id: int, answers: Mapping[str, Any] | None, errors: Mapping[str, list[str]]) -> str:
    close_session()
    session = page_session()
    company = view.one(session, company_id)
    if company is None:
        raise NotFound(_("There is no such company."))
    people = view.contacts(session, company["id"])
    heat, *each = flow.worth(session, [company["heat_log2"], *(one.heat_log2 for one in people)], now=now())
    names = {one.id: one.name for one in people}
    return render_template(
        "admin/companies/one.html",
        company=company,
        people=list(zip(people, rounded(each), strict=True)),
        heat=heat,
        names=names,
        lately=view.lately(session, list(names)),
        parts=company_merges.into(session, company["id"]),
        groups=company_groups.ids_of(session, company["id"]),
        answers=answers or company,
        errors=errors,
    )


def _place() -> tuple[float, int] | None:
    """Where the page before ended; nothing for a value that no page of ours wrote."""
    after = number("after")
    try:
        return None if after is None else (float(request.args.get("log", "-inf")), after)
    except ValueError:
        return None


def _log(row: Mapping[str, Any]) -> float:
    return _NOTHING if row["heat_log2"] is None else float(row["heat_log2"])
