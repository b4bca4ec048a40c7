"""/sources: where leads come from, and what became of them."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import sources as flow
from nurture.rules.words import _
from nurture.store import lead_figures, sources
from nurture.store.lead_figures import Figures
from nurture.store.sources import Source
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.people import MergeIn, MovedOut, SourceChange, SourceIn, SourceOut
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("sources", "Where leads come from, and what became of them.")
_COUNTED = ("leads", "agreed", "warm", "hot", "handed_over", "won")


@part.route("/sources", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(SourceOut))
def list_sources(asked: dict[str, Any]) -> dict[str, Any]:
    """Sources, in the order they were made."""
    place = door.place_of(asked["cursor"], (door.whole,))
    session = page_session()
    rows = sources.page(session, after=place[0] if place else 0, limit=asked["limit"] + 1)
    figures = lead_figures.read(session, "source")
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_plain(row, figures) for row in page["data"]]}


@part.route("/sources", methods=["POST"])
@part.arguments(SourceIn)
@part.response(201, SourceOut)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Make a source. Refused (409) for a name that is taken."""
    name = said.pop("name")
    with runtime().sessions.begin() as session:
        made = flow.create(session, name, **said, by=door.actor(), now=now())
        source_id = made.id
    return _one(source_id), 201


@part.route("/sources/<int:source_id>", methods=["GET"])
@part.response(200, SourceOut)
def one(source_id: int) -> dict[str, Any]:
    """One source. Its leads are /leads?source=<name>."""
    return _one(source_id)


@part.route("/sources/<int:source_id>", methods=["PATCH"])
@part.arguments(SourceChange)
@part.response(200, SourceOut)
def change(said: dict[str, Any], source_id: int) -> dict[str, Any]:
    """Rename it, say what kind it is. Refused (409) with the places while a rule asks for the old name."""
    with runtime().sessions.begin() as session:
        known = flow.existing(session, source_id).targeted
        given = {"targeted": known, **said}
        flow.change(session, source_id, **given, by=door.actor(), now=now())
    return _one(source_id)


@part.route("/sources/<int:source_id>/merge", methods=["POST"])
@part.arguments(MergeIn)
@part.response(200, MovedOut)
def merge(said: dict[str, Any], source_id: int) -> dict[str, Any]:
    """Its leads come from the other source, and it is gone. This cannot be undone."""
    with runtime().sessions.begin() as session:
        moved = flow.merge(session, source_id, said["into"], by=door.actor(), now=now())
    return {"leads": moved}


@part.route("/sources/<int:source_id>", methods=["DELETE"])
@part.response(204)
def remove(source_id: int) -> None:
    """Take away a source that nobody came from."""
    with runtime().sessions.begin() as session:
        flow.remove(session, source_id, by=door.actor(), now=now())


def _one(source_id: int) -> dict[str, Any]:
    close_session()
    session = page_session()
    source = session.get(Source, source_id)
    if source is None:
        raise NotFound(_("There is no such source."))
    return _plain(source, lead_figures.read(session, "source"))


def _plain(source: Source, figures: Figures) -> dict[str, Any]:
    counted = figures.of.get(str(source.id), {})
    return {
        "id": source.id,
        "name": source.name,
        "kind": source.kind,
        "targeted": source.targeted,
        **{name: counted.get(name, 0) for name in _COUNTED},
        "counted_at": moment(figures.at),
        "created_at": moment(source.created_at),
    }
