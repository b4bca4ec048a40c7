"""/segments: named conditions over all leads, how many they hold for, and where they are asked for."""

from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import segments as flow
from nurture.rules.words import _
from nurture.store import segment_sizes, segments
from nurture.store.segments import StoredSegment
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.segments import (
    PreviewIn,
    PreviewOut,
    SegmentChange,
    SegmentIn,
    SegmentOut,
    SegmentWhole,
)
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("segments", "Leads by condition: who is in, how many, and what asks for them.")


@part.route("/segments", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(SegmentOut))
def list_segments(asked: dict[str, Any]) -> dict[str, Any]:
    """Segments, in the order they were made."""
    place = door.place_of(asked["cursor"], (door.whole,))
    session = page_session()
    rows = segments.page(session, after=place[0] if place else 0, limit=asked["limit"] + 1)
    sizes = segment_sizes.sizes(session)
    page = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_plain(row, sizes.get(row.id, 0)) for row in page["data"]]}


@part.route("/segments", methods=["POST"])
@part.arguments(SegmentIn)
@part.response(201, SegmentWhole)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Make a segment; its members are told at once."""
    with runtime().sessions.begin() as session:
        made = flow.create(session, said, now=now(), by=door.actor())
    runtime().wake("segments")
    return _whole(made.id), 201


@part.route("/segments/preview", methods=["POST"])
@part.arguments(PreviewIn)
@part.response(200, PreviewOut)
def preview(said: dict[str, Any]) -> dict[str, Any]:
    """Count the leads for whom a condition holds now."""
    found = flow.preview(page_session(), said["condition"], now=now())
    return {"size": found.size, "lead_ids": found.some, "sentence": found.sentence}


@part.route("/segments/<int:segment_id>", methods=["GET"])
@part.response(200, SegmentWhole)
def one(segment_id: int) -> dict[str, Any]:
    """One segment. Its members are /leads?segment=<key>."""
    return _whole(segment_id)


@part.route("/segments/<int:segment_id>", methods=["PATCH"])
@part.arguments(SegmentChange)
@part.response(200, SegmentWhole)
def change(said: dict[str, Any], segment_id: int) -> dict[str, Any]:
    """Change its name, description or condition."""
    with runtime().sessions.begin() as session:
        flow.change(session, flow.by_id(session, segment_id).key, said, now=now(), by=door.actor())
    runtime().wake("segments")
    return _whole(segment_id)


@part.route("/segments/<int:segment_id>", methods=["DELETE"])
@part.response(204)
def remove(segment_id: int) -> None:
    """Take it away. Refused (409) with the places while a program, a newsletter or a segment asks for it."""
    with runtime().sessions.begin() as session:
        flow.remove(session, flow.by_id(session, segment_id).key, now=now(), by=door.actor())


def _whole(segment_id: int) -> dict[str, Any]:
    close_session()
    session = page_session()
    stored = segments.find(session, segment_id)
    if stored is None:
        raise NotFound(_("There is no such segment."))
    uses = [asdict(use) for use in flow.used_by(session, stored.key)]
    plain = _plain(stored, segment_sizes.size(session, segment_id))
    return plain | {"sentence": flow.sentence_of(stored), "used_by": uses}


def _plain(stored: StoredSegment, size: int) -> dict[str, Any]:
    return {
        "id": stored.id,
        "key": stored.key,
        "name": stored.name,
        "description": stored.description,
        "condition": stored.condition,
        "size": size if stored.refreshed_at is not None else None,
        "refreshed_at": moment(stored.refreshed_at),
        "created_at": moment(stored.created_at),
        "updated_at": moment(stored.updated_at),
    }
