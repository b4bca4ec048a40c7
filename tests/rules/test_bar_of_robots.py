"""The bar that verdicts are held to, on a log of ten thousand mails and on lists of programs."""

import sys
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest

from nurture.rules.hits import CLICK
from nurture.rules.robots import HUMAN, MACHINE
from nurture.rules.user_agents import kind_of
from tests.rules import gated_shapes, lived_shapes, session_shapes
from tests.rules.hit_shapes import Log, a_log
from tests.rules.known_user_agents import BROWSERS, PROXIES, ROBOTS
from tests.rules.lived_programs import PEOPLES, SAYING_SO
from tests.rules.unseen_shapes import CARDS, an_unseen_log


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Says a line to whoever runs the tests, captured or not."""

    def out(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{line}\n")

    return out


@pytest.mark.parametrize("seed", [1, 2])
def test_of_ten_thousand_mails_bots_clicks_are_excluded_and_peoples_kept(
    seed: int, say: Callable[[str], None]
) -> None:
    clicks = holds_the_bar(a_log(10_000, seed), f"log {seed}", say)
    assert clicks[True] > 10_000
    assert clicks[False] > 3_000


@pytest.mark.parametrize(("seed", "later"), [(11, False), (21, True)])
def test_the_bar_holds_on_shapes_that_no_rule_was_written_for(
    seed: int, later: bool, say: Callable[[str], None]
) -> None:
    clicks = holds_the_bar(an_unseen_log(260, seed, later=later), f"unseen {seed}", say)
    assert clicks[True] > 5_000
    assert clicks[False] > 1_500


def test_a_week_of_products_and_people_is_told_apart(say: Callable[[str], None]) -> None:
    """Among them scanners that nobody can tell from a reader: one link, once, from a cloud."""
    clicks = holds_the_bar(lived_shapes.a_week(330, 51), "a week", say)
    assert clicks[True] > 20_000
    assert clicks[False] > 3_000


def test_gates_of_any_policy_and_readers_on_any_errand_are_told_apart(say: Callable[[str], None]) -> None:
    clicks = holds_the_bar(gated_shapes.a_post(420, 61), "gates", say)
    assert clicks[True] > 10_000
    assert clicks[False] > 2_000


def test_what_overlaps_in_every_respect_is_told_apart_by_where_it_comes_from(
    say: Callable[[str], None],
) -> None:
    clicks = holds_the_bar(session_shapes.sessions(200, 71), "sessions", say)
    assert clicks[True] > 10_000
    assert clicks[False] > 4_000


def test_whoever_reads_in_a_program_is_no_robot_and_whoever_says_so_is_one() -> None:
    assert [ua for ua in SAYING_SO if kind_of(ua) != "machine"] == []
    assert [ua for ua in PEOPLES if kind_of(ua) != "browser"] == []


def test_colleagues_behind_one_address_on_one_morning_are_people() -> None:
    log = an_unseen_log(120, 13)
    morning = [
        found for told, found in log.verdicts() if told.shape == "one morning" and told.hit.kind == CLICK
    ]
    accused = [found.reasons for found in morning if found.verdict != HUMAN]
    assert len(morning) > 300 and len(accused) <= len(morning) // 200, accused


def holds_the_bar(log: Log, name: str, say: Callable[[str], None]) -> Counter[bool]:
    """How many clicks of bots and of people there were; at most one in a hundred of either is mistaken."""
    clicks: Counter[bool] = Counter()
    wrong: Counter[tuple[bool, str]] = Counter()
    for told, found in log.verdicts():
        if told.hit.kind == CLICK:
            clicks[told.bot] += 1
            wrong[told.bot, told.shape] += (found.verdict == HUMAN) == told.bot
    let_in = sum(number for (bot, _shape), number in wrong.items() if bot) / clicks[True]
    lost = sum(number for (bot, _shape), number in wrong.items() if not bot) / clicks[False]
    say(
        f"{name}: {clicks[True]} clicks of bots, {1 - let_in:.2%} excluded; "
        f"{clicks[False]} of people, {lost:.2%} lost"
    )
    assert let_in <= 0.01, wrong
    assert lost <= 0.01, wrong
    return clicks


def test_programs_are_told_apart_by_what_they_call_themselves(say: Callable[[str], None]) -> None:
    robots = [ua for ua in (*ROBOTS, *CARDS) if kind_of(ua) != "machine"]
    people = [ua for ua in BROWSERS if kind_of(ua) == "machine"]
    odd = [ua for ua in BROWSERS if kind_of(ua) != "browser"]
    say(f"{len(robots)} of {len(ROBOTS)} robots missed, {len(people)} of {len(BROWSERS)} browsers accused")
    assert len(robots) <= 0.01 * len(ROBOTS), robots
    assert len(people) <= 0.005 * len(BROWSERS), people
    assert len(odd) <= 0.01 * len(BROWSERS), odd
    assert {kind_of(ua) for ua in PROXIES} == {"privacy_proxy"}


def test_a_log_is_the_same_for_the_same_seed() -> None:
    ids: list[list[UUID]] = [[one.hit.id for one in a_log(50, 7).told] for _twice in range(2)]
    assert ids[0] == ids[1]
    assert MACHINE in {found.verdict for _told, found in a_log(200, 7).verdicts()}
