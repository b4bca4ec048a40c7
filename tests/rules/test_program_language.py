"""The language of programs: every kind of step and every key, what is wrong, how it is described."""

import pytest

from nurture.rules.program import CallWebhook, HoldOut, Notify, Split, WaitFor, WaitUntilDate, examine, read
from nurture.rules.program import kinds as described
from nurture.rules.program.keys import KINDS


def program(*steps: object, **top: object) -> dict[str, object]:
    chains = top.pop("chains", {"cold": {"steps": list(steps)}})
    return {"program": "garden", "chains": chains, **top}


def faults(*steps: object, **top: object) -> list[str]:
    return [str(fault) for fault in examine(program(*steps, **top)).faults]


def chain(**said: object) -> list[str]:
    return faults(chains={"cold": {**said, "steps": [{"exit": "done"}]}})


def test_every_kind_of_step_is_described_and_its_example_reads():
    kinds = described.steps()
    assert sorted(kind.word for kind in kinds) == sorted(KINDS)
    for kind in kinds:
        steps = [{"send": "other", "key": "other"}, kind.example]
        chains = {"cold": {"steps": steps}, "warm": {"steps": [{"exit": "done"}]}}
        assert faults(chains=chains) == [], kind.word
        assert all(field.type in described.TYPES for field in kind.fields)


@pytest.mark.parametrize("kind", described.steps(), ids=lambda kind: kind.word)
def test_what_is_described_is_what_is_read(kind):
    """Beside the word, and inside its mapping, exactly the described names are known."""
    beside = {field.name for field in kind.fields if len(field.at) == 1} | {kind.word, "key"}
    beside |= {block.at for block in kind.blocks if block.shape == "steps"}
    inside = {field.name for field in kind.fields if len(field.at) == 2}
    for form, _words in kind.forms or (("", ""),):
        mine = {field.name for field in kind.fields if len(field.at) == 2 and field.form in ("", form)}
        step = dict(kind.example)
        if form == "date":
            step[kind.word] = {"field": "dates.renewal"}
        if "else" in beside and form != "weekday":
            assert known_beside(step) == (beside if kind.word != "split" else {*beside, "a", "b"})
        if inside:
            assert mine <= known_inside(step, kind.word)
            assert known_inside(step, kind.word) <= inside


def known_beside(step: dict[str, object]) -> set[str]:
    return named(faults({**step, "nonsense": 1}), "nonsense")


def known_inside(step: dict[str, object], word: str) -> set[str]:
    return named(faults({**step, word: {**step[word], "nonsense": 1}}), "nonsense")


def named(said: list[str], unknown: str) -> set[str]:
    sentence = next(one for one in said if f'"{unknown}" is not known here' in one)
    return set(sentence.partition("known: ")[2].partition(".")[0].split(", "))


def test_a_program_says_no_more_than_is_described():
    top = {field.at[0] for field in described.program_fields()} | {"chains"}
    assert named(faults({"exit": "done"}, nonsense=1), "nonsense") == top
    mine = {field.at[0] for field in described.chain_fields()} | {"steps"}
    assert named(chain(nonsense=1), "nonsense") == mine


def test_steps_that_divide_and_tell_read_as_written():
    steps = read(
        program(
            {
                "split": {"name": "test", "weights": {"a": 70, "b": 30}},
                "a": [{"send": "x"}],
                "b": [{"send": "y"}],
            },
            {"holdout": {"percent": 10, "name": "spring"}},
            {"holdout": 5},
            {
                "wait_until": {"field": "dates.renewal", "offset": "-14d", "at": "10:00"},
                "else": [{"exit": "no"}],
            },
            {"wait_for": {"signal": ["clicked", "visited"], "within": "5d"}},
            {"notify": {"role": "sales", "to": "mia@nurture.example", "text": "Look at {{ lead.email }}"}},
            {"webhook": {"url": "https://crm.example/h?who={{ lead.email }}", "body": {"n": [1, None]}}},
        )
    )
    split, held, shortly, date, waits, notify, webhook = steps.chains["cold"].steps
    assert isinstance(split, Split) and isinstance(date, WaitUntilDate) and isinstance(waits, WaitFor)
    assert [(one.name, one.weight) for one in split.shares] == [("a", 70), ("b", 30)]
    assert held == HoldOut("holdout-1", 10, "spring")
    assert shortly == HoldOut("holdout-2", 5, "holdout-2")
    assert (date.date.field, str(date.date.offset), date.date.minute) == ("dates.renewal", "-14d", 600)
    assert waits.signals == ("clicked", "visited")
    assert isinstance(notify, Notify) and notify.to == ("mia@nurture.example",)
    assert isinstance(webhook, CallWebhook) and webhook.body == {"n": [1, None]}
    assert steps.chains["cold"].after["x"] == "holdout-1"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"split": {"name": "t", "weights": {"a": 1}}, "a": []}, "at least two ways"),
        ({"split": {"name": "t", "weights": {"a": 0, "b": 0}}}, "at least one weight above zero"),
        ({"split": {"name": "t", "weights": {"a": -1, "b": 1}}}, "a number from 0"),
        ({"split": {"name": "t", "weights": {"A B": 1, "b": 1}}}, "a name of its own"),
        ({"split": {"name": "t", "weights": {"then": 1, "b": 1}}}, "a name of its own"),
        ({"split": {"weights": {"a": 1, "b": 1}}}, '"name" is missing'),
        ({"split": {"name": "t", "weights": {"a": 1, "b": 1}}, "c": []}, '"c" is not known here'),
        ({"split": {"name": "t", "weights": {"a": 1, "b": 1}}, "a": {}}, '"a": expected a list'),
        ({"holdout": {}}, '"percent" is missing'),
        ({"holdout": 101}, "a number from 0 to 100"),
        ({"holdout": {"percent": 5, "name": "Q 1"}}, "small letters"),
        ({"wait_until": {"field": "Renewal", "at": "10:00"}}, "a date of the lead"),
        ({"wait_until": {"offset": "-14d"}}, '"field" is missing; expected a date of the lead'),
        ({"wait_until": {"field": "dates.renewal", "offset": "soon"}}, "before or after it"),
        ({"wait_until": {"field": "dates.renewal", "at": "25:00"}}, "a time of day"),
        ({"wait_until": {"field": "dates.renewal", "weekday": "tue"}}, '"weekday" is not known here'),
        ({"wait_until": {"weekday": "tue", "at": "10:00"}, "else": []}, '"else" is not known here'),
        ({"wait_for": {"signal": [], "within": "2d"}}, "a kind of signal"),
        ({"wait_for": {"signal": ["Clicked it"], "within": "2d"}}, "a kind of signal"),
        ({"signal": {}}, '"kind" is missing'),
        ({"signal": {"kind": "done", "data": [1]}}, "names with plain values"),
        ({"notify": {"text": "x"}}, "Say who is told"),
        ({"notify": {"owner": True}}, '"text" is missing'),
        ({"notify": {"role": "boss", "text": "x"}}, "one of admin, marketer, sales, viewer"),
        ({"notify": {"to": "nobody", "text": "x"}}, "e-mail addresses"),
        ({"webhook": {}}, '"url" is missing'),
        ({"webhook": {"url": "ftp://crm.example"}}, "its host written out"),
        ({"webhook": {"url": "https://{{ lead.city }}.example/"}}, "its host written out"),
        ({"webhook": {"url": "crm.example/hook"}}, "its host written out"),
    ],
)
def test_what_is_wrong_with_a_step_is_said_where_it_stands(step, words):
    assert any(words in fault for fault in faults(step)), faults(step)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"enter": {}}, '"when" is missing; expected a condition'),
        ({"enter": {"signal": 7}}, "a kind of signal"),
        ({"enter": {"form": []}}, "the key of a form"),
        ({"enter": {"date": {"at": "10:00"}}}, "a date of the lead"),
        ({"enter": {"date": {"field": "company.founded"}}}, "a date of its own"),
        ({"reentry": {}}, '"after" is missing'),
        ({"reentry": {"multiple": False, "after": "90d"}}, "nobody in again"),
        ({"enter": {"when": {"tag": "x"}}, "reentry": {"after": "1d", "concurrent": True}}, "Only a signal"),
        ({"reentry": {"multiple": "yes", "after": "1d"}}, "true or false"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_where_it_stands(said, words):
    assert any(words in fault for fault in chain(**said)), chain(**said)


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ({"goal": {"when": {"stage": "customer"}, "value": -1}}, "a number from 0"),
        ({"goal": {"when": {"stage": "customer"}, "value": {"field": "A"}}}, "custom field"),
        ({"goal": {"when": {"stage": "customer"}, "value": 5, "currency": "euro"}}, "a currency such as EUR"),
        ({"goal": {"when": {"stage": "customer"}, "currency": "EUR"}}, "needs a value"),
        ({"exit_on": ["bounce"]}, "a list of reply, hand_over"),
    ],
)
def test_what_is_wrong_with_goal_and_exits_is_said_where_it_stands(top, words):
    assert any(words in fault for fault in faults({"exit": "done"}, **top)), faults({"exit": "done"}, **top)


def test_a_loop_through_a_split_or_a_date_that_may_be_past_needs_a_wait():
    split = {"split": {"name": "t", "weights": {"a": 1, "b": 1}}, "a": [{"wait": "1d"}], "b": []}
    assert any("leads back to itself" in one for one in faults(split, {"goto": {"step": "split-1"}}))
    date = {"wait_until": {"field": "dates.renewal"}}
    assert any("leads back to itself" in one for one in faults(date, {"goto": {"step": "wait-until-1"}}))


def test_steps_behind_a_split_whose_ways_all_leave_are_doubtful():
    leave = [{"exit": "done"}]
    split = {"split": {"name": "t", "weights": {"a": 1, "b": 1}}, "a": leave, "b": [{"exit": "too"}]}
    found = examine(program(split, {"send": "x"})).warnings
    assert any("Nobody reaches this step" in str(one) for one in found)
