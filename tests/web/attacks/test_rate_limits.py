"""How often a stranger may try at each door that is open to everybody; whoever opens one, says it here."""

import pytest
from flask import Flask

from nurture.runtime import Runtime
from nurture.web.access_table import ACCESS, PUBLIC
from tests.web.attacks.town import Town

pytestmark = pytest.mark.xdist_group("attacks")
# endpoint -> after how many tries from one place it is over for a while, and what is tried.
LIMITED: dict[str, tuple[int, dict[str, str]]] = {
    "sessions.sign_in": (10, {"email": "viewer@kessler-ohm.example", "password": "not this one"}),
    "entering.accept": (30, {"name": "x", "password": "a long enough password"}),
    "entering.ask": (5, {"email": "viewer@kessler-ohm.example"}),
    "entering.set_password": (30, {"password": "a long enough password"}),
    "setup.save": (30, {"token": "no.such.token"}),
    "choosing.save": (60, {"purpose": "marketing"}),
    "confirming.confirm": (60, {}),
    "public_forms.send": (20, {"email": "anna@weber.example"}),
    "answers.answer": (60, {"outcome": "no such outcome"}),
    "feedback.give": (60, {"rating": "9"}),
}
# Told where there is a person with a phone.
ELSEWHERE = {"sessions.check_code": "tests/web/test_second_factor.py"}
# Doors without a limit, and why that is right.
FREE = {
    "sessions.sign_out": "ends one's own session",
    "sessions.choose_language": "keeps a word in one's own cookie",
    "leaving.unsubscribe": "to leave must always work; it works once, and again changes nothing",
    "inbound.mail": "a signed secret is the permission; a provider that is turned away loses bounces",
    "inbound.events": "the same",
}


def test_every_open_door_has_a_limit_or_a_reason(town: Town) -> None:
    doors = {endpoint for endpoint, _address in town.pages("POST") if ACCESS[endpoint] is PUBLIC}
    assert doors == set(LIMITED) | set(FREE) | set(ELSEWHERE)
    assert not set(LIMITED) & set(FREE)


@pytest.mark.parametrize("endpoint", LIMITED)
def test_after_so_many_tries_it_is_over_for_a_while(town: Town, endpoint: str) -> None:
    most, form = LIMITED[endpoint]
    [address] = [address for name, address in town.pages("POST") if name == endpoint]
    visitor = town.visitor()
    form = form | {"csrf_token": town.csrf(visitor)}
    seen = [visitor.post(address, data=form).status_code for _try in range(most + 1)]
    assert 429 not in seen[:most], seen
    assert seen[most] == 429, seen


def test_one_persons_tries_are_not_anothers(town: Town) -> None:
    def tried(email: str, place: str) -> int:
        visitor = town.visitor()
        form = {"email": email, "password": "not this one", "csrf_token": town.csrf(visitor)}
        return visitor.post("/sign-in", data=form, environ_overrides={"REMOTE_ADDR": place}).status_code

    mine = [tried("viewer@kessler-ohm.example", "198.51.100.7") for _try in range(11)]
    assert mine[-1] == 429
    assert tried("viewer@kessler-ohm.example", "203.0.113.9") == 422
    assert tried("sales@kessler-ohm.example", "198.51.100.7") == 422


def test_a_stranger_who_tries_many_accounts_from_one_place_is_stopped_too(town: Town) -> None:
    visitor = town.visitor()
    form = {"password": "not this one", "csrf_token": town.csrf(visitor)}
    seen = [
        visitor.post("/sign-in", data=form | {"email": f"guess{number}@kessler-ohm.example"}).status_code
        for number in range(61)
    ]
    assert seen[-1] == 429 and 429 not in seen[:60]


def test_the_api_counts_calls_by_key_and_strangers_by_place(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    keys = {f"Bearer nk_{number}.x" for number in range(2)}
    seen = {key: client.get("/api/v1/leads", headers={"Authorization": key}).headers for key in keys}
    assert len(seen) == 2
    stored = [name.decode() for name in runtime.redis.scan_iter("*6000*")]
    assert len(stored) >= 2
    assert not any("nk_" in name for name in stored), "no key lies in Redis in plain"
