import pytest

from nurture.rules.stages import OUTCOMES, WITH_SALES, Move, after, takes


@pytest.mark.parametrize(
    ("outcome", "move"),
    [
        ("accepted", Move("sales_ready", arms=False, ends_nurturing=False)),
        ("contacted", Move("sales_ready", arms=False, ends_nurturing=False)),
        ("meeting", Move("opportunity", arms=False, ends_nurturing=True)),
        ("won", Move("customer", arms=False, ends_nurturing=True)),
        ("lost", Move("lost", arms=False, ends_nurturing=True)),
        ("later", Move("lead", arms=True, ends_nurturing=False)),
        ("rejected", Move("lead", arms=True, ends_nurturing=False)),
    ],
)
def test_each_answer_moves_the_stage(outcome: str, move: Move) -> None:
    assert after(outcome, "", came_from="lead") == move


def test_a_disqualified_lead_is_lost() -> None:
    assert after("rejected", "disqualified", came_from="lead").stage == "lost"


@pytest.mark.parametrize("outcome", ["rejected", "later"])
def test_a_customer_whom_sales_returns_is_a_customer_still(outcome: str) -> None:
    assert after(outcome, "", came_from="customer").stage == "customer"


def test_a_released_handoff_takes_every_answer_and_a_closed_one_none() -> None:
    assert all(takes("released", outcome) for outcome in OUTCOMES)
    for closed in ("waiting", "withdrawn", "rejected", "later", "won", "lost"):
        assert not any(takes(closed, outcome) for outcome in OUTCOMES)


def test_whatever_sales_holds_can_come_to_its_end() -> None:
    assert all(takes(state, "won") and takes(state, "lost") for state in WITH_SALES)


def test_an_opportunity_is_not_rejected_but_lost() -> None:
    assert not takes("meeting", "rejected")
