"""Who of sales takes a ripe lead."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.conditions import parse
from nurture.rules.facts import Facts
from nurture.rules.routing import Route, Routing, Seller, choose

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
DACH, NORTH = 1, 2


def seller(id: int, **more) -> Seller:
    return Seller(
        id, f"Seller {id}", f"s{id}@example.com", sales=True, **{"holds": 0, "team_id": DACH, **more}
    )


def routing(*sellers: Seller, routes=(), owner_first=True) -> Routing:
    return Routing({one.id: one for one in sellers}, routes, DACH, owner_first)


def lead(country="DE", owner=None) -> Facts:
    return Facts(1, owner=owner, fields={"country": country})


def taken_by(found: Routing, facts: Facts, *, urgent=False, without=None) -> int | str | None:
    choice = choose(found, facts, urgent=urgent, now=NOW, without=without)
    return "waits" if choice.waits else choice.seller and choice.seller.id


def test_the_owner_is_asked_first() -> None:
    assert taken_by(routing(seller(1), seller(2, holds=9)), lead(owner=2)) == 2
    assert taken_by(routing(seller(1), seller(2, holds=9), owner_first=False), lead(owner=2)) == 1


def test_an_owner_without_room_does_not_keep_the_lead_waiting() -> None:
    assert taken_by(routing(seller(1), seller(2, holds=9, open_most=9)), lead(owner=2)) == 1
    assert taken_by(routing(seller(1), seller(2, away=True)), lead(owner=2)) == 1


def test_the_first_rule_that_fits_names_the_team() -> None:
    routes = [
        Route(parse({"field": "country", "in": ["NO", "SE"]}), team_id=NORTH),
        Route(parse({"field": "country", "exists": True}), seller_id=1),
    ]
    found = routing(seller(1), seller(2), seller(3, team_id=NORTH), routes=routes)
    assert taken_by(found, lead("NO")) == 3
    assert taken_by(found, lead("DE")) == 1
    assert taken_by(found, Facts(1)) == 1


def test_a_team_without_people_leaves_it_to_everybody() -> None:
    found = routing(seller(1), routes=[Route(parse({"field": "country", "eq": "NO"}), team_id=NORTH)])
    assert taken_by(found, lead("NO")) == 1


def test_the_least_loaded_takes_it_and_the_load_counts_against_their_room() -> None:
    assert taken_by(routing(seller(1, holds=3), seller(2, holds=2)), lead()) == 2
    assert taken_by(routing(seller(1, holds=3, open_most=30), seller(2, holds=2, open_most=4)), lead()) == 1


def test_a_lead_waits_while_its_team_has_no_room() -> None:
    full = routing(seller(1, today=5, per_day=5), seller(2, holds=3, open_most=3), seller(3, away=True))
    assert taken_by(full, lead()) == "waits"
    assert not full.with_room()


def test_who_asks_to_be_called_does_not_wait_for_room_but_is_not_given_to_somebody_away() -> None:
    full = routing(seller(1, today=5, per_day=5, holds=5), seller(2, away=True))
    assert taken_by(full, lead(), urgent=True) == 1
    assert taken_by(routing(seller(2, away=True)), lead(), urgent=True) == 2


def test_a_lead_taken_from_somebody_goes_to_somebody_else() -> None:
    assert taken_by(routing(seller(1), seller(2, holds=9)), lead(owner=1), without=1) == 2
    assert taken_by(routing(seller(1)), lead(owner=1), without=1) is None


def test_where_nobody_sells_the_lead_is_handed_over_to_whoever_listens() -> None:
    assert taken_by(routing(), lead()) is None
    assert routing().with_room()


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(0, 40))
def test_nobody_gets_more_than_their_room_and_no_room_stays_empty_while_leads_wait(rooms, leads) -> None:
    found = routing(*(seller(no, per_day=room) for no, room in enumerate(rooms, 1)))
    given_to = Counter()
    waiting = 0
    for _ in range(leads):
        choice = choose(found, lead(), urgent=False, now=NOW)
        if choice.waits:
            waiting += 1
        else:
            choice.seller.take()
            given_to[choice.seller.id] += 1
    assert all(given_to[no] <= room for no, room in enumerate(rooms, 1))
    assert waiting == max(0, leads - sum(rooms))
