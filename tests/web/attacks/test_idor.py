"""Nobody reaches what is not theirs by another number, another link or another key (CVE-2018-10189)."""

import pytest
from flask.testing import FlaskClient

from nurture.rules.tokens import KeyRing, mint
from tests.web.attacks.town import Town, is_public

pytestmark = pytest.mark.xdist_group("attacks")
PURPOSES = (
    "unsubscribe", "preferences", "view", "answer", "confirm", "confirm-form", "open", "click", "setup", "",
)  # fmt: skip


def public(town: Town) -> list[tuple[str, str]]:
    """The public addresses that take a signed token."""
    found = []
    for rule in town.app.url_map.iter_rules():
        if "token" in rule.arguments and is_public(rule.endpoint) and "GET" in (rule.methods or set()):
            found.append((rule.endpoint, town.address(rule)))
    return found


def unknown(client: FlaskClient, address: str) -> bool:
    """Nobody is shown, and nothing can be done: a page for everybody, or none."""
    answer = client.get(address)
    named = any(one in answer.text for one in ("@brueckner", "•••••@", "Katrin"))
    return answer.status_code in (200, 302, 403, 404, 410) and not named


def test_a_link_made_for_one_purpose_opens_no_other(town: Town) -> None:
    lead_id, delivery_id = town.row(
        "SELECT lead_id, id FROM delivery WHERE state = 'sent' ORDER BY id LIMIT 1"
    )
    for endpoint, address in public(town):
        right = address.rpartition("/")[2]
        for purpose in PURPOSES:
            for ids in ((lead_id, delivery_id), (delivery_id,), (1,), (1, 1)):
                token = mint(town.runtime.ring, purpose, *ids)
                if token != right:
                    other = address.replace(right, token)
                    genuine = _same_purpose(endpoint, purpose)
                    assert genuine or unknown(town.visitor(), other), f"{endpoint} by {purpose} {ids}"


def test_the_next_number_with_the_same_signature_is_nobodys(town: Town) -> None:
    for endpoint, address in public(town):
        start, _slash, token = address.rpartition("/")
        kid, *ids, mac = token.split(".")
        if len(ids) < 1:
            continue
        strange = mint(KeyRing((b"a key of somebody else's, long enough",)), "unsubscribe", 1, 1)
        forged = [
            ".".join([kid, "2" + ids[0], *ids[1:], mac]),
            ".".join([kid, *ids, mac[:-1]]),
            ".".join([kid, *ids, ""]),
            ".".join([kid, *ids, mac + "A"]),
            ".".join(["0000", *ids, mac]),
            strange,
        ]
        for other in forged:
            assert unknown(town.visitor(), f"{start}/{other}"), f"{endpoint}: {other}"


def test_an_answer_kept_for_one_key_is_not_given_to_another(town: Town) -> None:
    visitor, body = town.visitor(), {"name": "CRM", "role": "viewer"}
    same = {"Idempotency-Key": "one and the same"}
    first = visitor.post("/api/v1/keys", json=body, headers={**town.api("admin"), **same})
    assert first.status_code == 201
    other = visitor.post("/api/v1/keys", json=body, headers={**town.api("marketer"), **same})
    assert other.status_code == 403
    assert first.json["key"] not in other.text


def test_a_key_of_a_lower_role_is_refused_by_every_call_of_a_higher_one(town: Town) -> None:
    visitor = town.visitor()
    refused = 0
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        for endpoint, address in town.calls(method):
            if endpoint.startswith(("api-docs", "api-page")):
                continue
            answers = {
                role: visitor.open(address, method=method, headers=town.api(role)).status_code
                for role in ("viewer", "sales")
            }
            refused += 403 in answers.values()
            assert answers["viewer"] != 403 or method != "GET" or answers["sales"] in (200, 403, 404, 422)
    assert refused > 30


def test_a_key_that_was_revoked_opens_nothing(town: Town) -> None:
    visitor = town.visitor()
    made = visitor.post("/api/v1/keys", json={"name": "gone", "role": "viewer"}, headers=town.api()).json
    mine = {"Authorization": f"Bearer {made['key']}"}
    assert visitor.get("/api/v1/leads", headers=mine).status_code == 200
    assert visitor.delete(f"/api/v1/keys/{made['id']}", headers=town.api()).status_code == 204
    assert visitor.get("/api/v1/leads", headers=mine).status_code == 401


def _same_purpose(endpoint: str, purpose: str) -> bool:
    """The ids themselves are tried only with purposes that the page does not take."""
    if endpoint == "confirming.page":
        return purpose in ("confirm", "confirm-form")
    takes = {"letters": "view", "leaving": "unsubscribe", "choosing": "preferences", "answers": "answer"}
    return takes.get(endpoint.partition(".")[0]) == purpose
