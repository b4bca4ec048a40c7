"""Models: what each signal is worth, when a lead is warm or hot, how strong a buyer, when it is ready."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from nurture.rules import duration, names
from nurture.rules.conditions import describe
from nurture.rules.model import read
from nurture.store.views import models as view
from nurture.web.request import page_session

pages = Blueprint("models", __name__)


@pages.get("/models")
def index() -> ResponseReturnValue:
    models = [(one, read(dict(one.spec)) if one.spec else None) for one in view.every(page_session())]
    return render_template(
        "admin/models/index.html",
        models=models,
        describe=describe,
        lasting_of=duration.describe,
        field_name=names.field,
    )
