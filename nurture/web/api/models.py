"""/models: what signals are worth, thresholds, scorecard and readiness, as they rate now."""

from typing import Any

from nurture.errors import NotFound
from nurture.rules.words import _
from nurture.store.views import models as view
from nurture.store.views.models import ModelPage
from nurture.web.api import door
from nurture.web.api.plain import moment, plain
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.models import ModelOut
from nurture.web.request import page_session

part = door.Part("models", "Heat models: what signals are worth, thresholds, scorecard, readiness.")


@part.route("/models", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(ModelOut))
def list_models(asked: dict[str, Any]) -> dict[str, Any]:
    """Models, in the order they were made."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = sorted(view.every(page_session()), key=lambda row: row.id)
    later = [row for row in rows if place is None or row.id > place[0]]
    page = door.cut(later, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_shown(row) for row in page["data"]]}


@part.route("/models/<int:model_id>", methods=["GET"])
@part.response(200, ModelOut)
def one(model_id: int) -> dict[str, Any]:
    """One model with its versions and the programs that go by it."""
    found = next((row for row in view.every(page_session()) if row.id == model_id), None)
    if found is None:
        raise NotFound(_("There is no such model."))
    return _shown(found)


def _shown(row: ModelPage) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.key,
        "definition": plain(row.spec) if row.spec is not None else None,
        "versions": [
            {
                "no": one.no,
                "live": one.live,
                "created_at": moment(one.created_at),
                "created_by": one.created_by,
                "published_at": moment(one.published_at),
            }
            for one in row.versions
        ],
        "programs": [{"id": number, "name": name} for number, name in row.programs],
    }
