"""/hits: who was behind an open or a click, when a person of ours knows better."""

from typing import Any
from uuid import UUID

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields, validate

from nurture.errors import NotFound
from nurture.flows.overrule import add_pattern, end_pattern, overrule_hit
from nurture.flows.trap_link import set_trap_link as switch
from nurture.rules.patterns import FIELDS
from nurture.rules.robots import VERDICTS
from nurture.rules.words import _
from nurture.store import installation, patterns
from nurture.store.patterns import VerdictPattern
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import In, ListOf
from nurture.web.request import close_session, now, page_session, runtime

part = door.Part("hits", "Opens and clicks, and who was behind them.")


class VerdictIn(In):
    """Who it was, and how we know."""

    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    reason = fields.String(load_default="overruled", validate=validate.Length(1, 300))


class VerdictOut(Schema):
    """Whether it was judged otherwise before."""

    verdict = fields.String()
    changed = fields.Boolean()


@part.route("/hits/<hit_id>/verdict", methods=["POST"])
@part.arguments(VerdictIn)
@part.response(200, VerdictOut)
def overrule(said: dict[str, Any], hit_id: str) -> dict[str, Any]:
    """Overrule the verdict on one hit: what rested on it is taken back, or counts after all."""
    number = _uuid(hit_id)
    with runtime().sessions.begin() as session:
        changed = overrule_hit(session, number, said["verdict"], said["reason"], by=door.actor(), now=now())
    runtime().wake("signals")
    return {"verdict": said["verdict"], "changed": changed}


class PatternIn(VerdictIn):
    """All hits from a network (field `ip`), or by a program with this in its User-Agent."""

    field = fields.String(required=True, validate=validate.OneOf(FIELDS))
    pattern = fields.String(required=True, validate=validate.Length(1, 300))


class PatternOut(Schema):
    """A pattern; `applied` once the hits of the past thirty days have been judged by it."""

    id = fields.Integer()
    field = fields.String()
    pattern = fields.String()
    verdict = fields.String()
    reason = fields.String()
    by = fields.String()
    created_at = fields.String()
    ended_at = fields.String(allow_none=True)
    applied = fields.Boolean()


@part.route("/verdict_patterns", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(PatternOut))
def list_patterns(asked: dict[str, Any]) -> dict[str, Any]:
    """Patterns, in the order they were made, ended ones too."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = patterns.page(page_session(), after=place[0] if place else 0, limit=asked["limit"] + 1)
    cut = door.cut(rows, asked["limit"], lambda row: (row.id,))
    return {**cut, "data": [_pattern(row) for row in cut["data"]]}


@part.route("/verdict_patterns", methods=["POST"])
@part.arguments(PatternIn)
@part.response(201, PatternOut)
def add(said: dict[str, Any]) -> ResponseReturnValue:
    """Overrule the verdict on all hits of a kind, those of the past thirty days too."""
    with runtime().sessions.begin() as session:
        made = add_pattern(session, **said, by=door.actor(), now=now())
        shown = _pattern(made)
    runtime().wake("signals")
    return shown, 201


@part.route("/verdict_patterns/<int:pattern_id>", methods=["DELETE"])
@part.response(204)
def end(pattern_id: int) -> None:
    """Leave these hits to the rules again, those of the past too."""
    with runtime().sessions.begin() as session:
        end_pattern(session, pattern_id, now=now(), by=door.actor())
    runtime().wake("signals")


class TrapLink(In):
    """Whether marketing mails carry a link that nobody sees, by which programs that follow every link are
    told from readers."""

    on = fields.Boolean(required=True)


@part.route("/trap_link", methods=["GET"])
@part.response(200, TrapLink)
def trap_link() -> dict[str, Any]:
    """Whether marketing mails carry the link that nobody sees."""
    return _trap_link()


@part.route("/trap_link", methods=["PUT"])
@part.arguments(TrapLink)
@part.response(200, TrapLink)
def set_trap_link(said: dict[str, Any]) -> dict[str, Any]:
    """Let them carry it, or not, from the next mail on; links in mails already sent go on to work."""
    with runtime().sessions.begin() as session:
        switch(session, on=said["on"], by=door.actor(), now=now())
    return _trap_link()


def _trap_link() -> dict[str, Any]:
    close_session()
    return {"on": installation.get(page_session()).trap_link}


def _pattern(row: VerdictPattern) -> dict[str, Any]:
    names = ("id", "field", "pattern", "verdict", "reason", "by", "applied")
    shown = {name: getattr(row, name) for name in names}
    return {**shown, "created_at": moment(row.created_at), "ended_at": moment(row.ended_at)}


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as fault:
        raise NotFound(_("There is no such hit.")) from fault
