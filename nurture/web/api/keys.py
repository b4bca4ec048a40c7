"""/keys: keys of programs, made once, shown once."""

from typing import Any

from flask.typing import ResponseReturnValue

from nurture.flows.keys import create_key, end_of, revoke_key
from nurture.store import users
from nurture.store.users import ApiKey
from nurture.store.views import settings
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.keys import KeyIn, KeyMade, KeyOut
from nurture.web.request import now, page_session, real_now, runtime

part = door.Part("keys", "Keys of programs that call the API.")


@part.route("/keys", methods=["GET"])
@part.arguments(door.PageQuery, location="query")
@part.response(200, ListOf(KeyOut))
def list_keys(asked: dict[str, Any]) -> dict[str, Any]:
    """All keys, ended ones too; never their secrets."""
    place = door.place_of(asked["cursor"], (door.whole,))
    rows = sorted(settings.keys(page_session()), key=lambda row: row.id)
    later = [row for row in rows if place is None or row.id > place[0]]
    page = door.cut(later, asked["limit"], lambda row: (row.id,))
    return {**page, "data": [_shown(row) for row in page["data"]]}


@part.route("/keys", methods=["POST"])
@part.arguments(KeyIn)
@part.response(201, KeyMade)
def create(said: dict[str, Any]) -> ResponseReturnValue:
    """Make a key. Its text is in this answer and nowhere else."""
    with runtime().sessions.begin() as session:
        ends = end_of(said["days"], real_now=real_now())
        text = create_key(session, said["name"], said["role"], now=now(), expires_at=ends, actor=door.actor())
        row = users.key_by_prefix(session, text.partition(".")[0].removeprefix("nk_"))
        assert row is not None, "made in this transaction"
        shown = _shown(row)
    return {**shown, "key": text}, 201


@part.route("/keys/<int:key_id>", methods=["DELETE"])
@part.response(204)
def revoke(key_id: int) -> None:
    """End a key at once, for good."""
    with runtime().sessions.begin() as session:
        revoke_key(session, key_id, by=door.actor(), now=now())


def _shown(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "role": row.role,
        "prefix": f"nk_{row.prefix}",
        "created_at": moment(row.created_at),
        "last_used_at": moment(row.last_used_at),
        "revoked_at": moment(row.revoked_at),
        "expires_at": moment(row.expires_at),
    }
