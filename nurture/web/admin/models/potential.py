"""Potential: quality as grade and temperature together, and the portrait of the ideal customer."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from nurture.flows import edit_models as flow
from nurture.rules import names
from nurture.rules.portrait import LEAST, Trait, portrait
from nurture.rules.words import _, ngettext
from nurture.store import potential as store
from nurture.store.views.model import default_model
from nurture.web.admin.models.part import pages
from nurture.web.request import now, page_session, runtime, signed_in

TEMPERATURES = ("hot", "warm", "cold")


@pages.get("/models/potential")
def potential() -> ResponseReturnValue:
    session = page_session()
    leads, won = store.sizes(session)
    return render_template(
        "admin/models/potential.html",
        model=default_model(session),
        quality=store.quality(session),
        temperatures=TEMPERATURES,
        leads=leads,
        won=won,
        least=LEAST,
        traits=[(one, _field(one), names.value(one.field, one.value)) for one in _portrait()],
    )


@pages.post("/models/potential/scorecard")
def take_portrait() -> ResponseReturnValue:
    """Put what is ticked of the portrait into the draft of the default model, as rules of its scorecard."""
    ticked = set(request.form.getlist("trait"))
    traits = [one for one in _portrait() if one.key in ticked]
    if not traits:
        flash(_("Tick at least one thing that customers share."), "bad")
        return redirect(url_for("models.potential"))
    with runtime().sessions.begin() as session:
        model_id, added = flow.add_portrait(session, traits, _told, now=now(), by=signed_in().actor)
    flash(
        ngettext(
            "%s rule of the portrait is in the draft. Look ahead before you make it live.",
            "%s rules of the portrait are in the draft. Look ahead before you make it live.",
            added,
        )
        % added
        if added
        else _("The scorecard asks for all of it already.")
    )
    return redirect(url_for("models.edit", model_id=model_id, open="potential") + "#potential")


def _portrait() -> list[Trait]:
    session = page_session()
    leads, won = store.sizes(session)
    counts = [(one.field, one.value, one.won, one.leads) for one in store.shared(session, least=LEAST)]
    return portrait(counts, leads, won)


def _told(one: Trait) -> str:
    return f"{_field(one)}: {names.value(one.field, one.value)}"


def _field(one: Trait) -> str:
    return _("tag") if one.field == "tag" else names.field(one.field)
