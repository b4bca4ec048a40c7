"""Programs as plain values: what reads well, and every way of not reading well."""

import pytest

from nurture.rules import duration
from nurture.rules.program import (
    Branch,
    Exit,
    Goto,
    Program,
    ProgramFault,
    Send,
    Wait,
    WaitFor,
    WaitUntil,
    examine,
    mails_asked_about,
    mails_sent,
    read,
    walk,
)


def program(*steps: object, **top: object) -> dict[str, object]:
    chains = top.pop("chains", {"cold": {"steps": list(steps)}})
    return {"program": "garden", "chains": chains, **top}


def faults(*steps: object, **top: object) -> list[str]:
    return [str(fault) for fault in examine(program(*steps, **top)).faults]


def warnings(*steps: object, **top: object) -> list[str]:
    return [str(fault) for fault in examine(program(*steps, **top)).warnings]


def cold(*steps: object) -> Program:
    return read(program(*steps))


def test_every_step_of_the_language():
    chain = cold(
        {"send": "welcome", "immediate": True},
        {"wait": "3d"},
        {"wait_until": {"weekday": ["tue", "thu"], "at": "10:00"}},
        {"wait_for": {"signal": "clicked", "mail": "welcome", "within": "5d"}, "then": [{"exit": "bought"}]},
        {"branch": [{"when": {"tag": "vip"}, "steps": [{"hand_over": {}}]}, {"else": True, "steps": []}]},
        {"tag": ["engaged"]},
        {"set": {"field": "interest", "to": "pricing"}},
        {"goto": {"step": "wait-1"}},
    ).chains["cold"]
    assert chain.steps[:3] == (
        Send("welcome", "welcome", True),
        Wait("wait-1", duration.parse("3d")),
        WaitUntil("wait-until-1", frozenset({1, 3}), 600),
    )
    assert isinstance(chain.steps[3], WaitFor)
    assert isinstance(chain.steps[4], Branch)
    assert [step.key for step in walk(chain.steps)] == [
        "welcome", "wait-1", "wait-until-1", "wait-for-1", "exit-1", "branch-1", "hand-over-1", "tag-1",
        "set-1", "goto-1",
    ]  # fmt: skip
    assert chain.steps[-1] == Goto("goto-1", None, "wait-1")


def test_what_comes_after_a_step_inside_a_branch_is_what_comes_after_the_branch():
    chain = cold(
        {"branch": [{"when": {"tag": "a"}, "steps": [{"send": "x"}, {"send": "y"}]}]}, {"send": "z"}
    ).chains["cold"]
    assert (chain.after["x"], chain.after["y"], chain.after["branch-1"], chain.after["z"]) == (
        "y", "z", "z", None,
    )  # fmt: skip


def test_an_empty_way_leads_past_the_branch():
    chain = cold({"wait_for": {"signal": "clicked", "within": "1d"}, "then": []}, {"send": "z"}).chains[
        "cold"
    ]
    step = chain.steps[0]
    assert chain.into(step, step.then) == "z"


def test_counted_keys_keep_clear_of_written_ones():
    keys = [
        step.key
        for step in cold({"wait": "1d"}, {"wait": "2d", "key": "wait-1"}, {"wait": "3d"}).chains["cold"].steps
    ]
    assert keys == ["wait-2", "wait-1", "wait-3"]


def test_the_frame_of_a_program():
    found = read(
        program(
            {"send": "x"},
            timezone="Europe/Berlin",
            window={"days": "fri-mon", "from": "9:00", "to": "24:00", "holidays": ["DE-BY", "NO"]},
            frequency={"max": 2, "per": "7d", "over": "skip"},
            holdout=12.5,
            on_warm="restart",
            after_end="repeat",
            purpose="events",
        )
    )
    assert found.window.days == {4, 5, 6, 0}
    assert (found.window.opens, found.window.closes, found.window.holidays) == (540, 1440, ("DE-BY", "NO"))
    assert (found.frequency.most, found.frequency.over, found.holdout) == (2, "skip", 12.5)
    assert (found.on_warm, found.on_cool, found.after_end, found.purpose) == (
        "restart", "resume", "repeat", "events",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"sned": "x"}, 'chains.cold.steps[0].sned: No such step. "sned" is not known here'),
        ({"sned": "x"}, 'Did you mean "send"?'),
        (
            {"sleep": {}},
            "known: send, wait, wait_until, wait_for, branch, split, holdout, goto, hand_over, exit, tag, "
            "set, signal, notify, webhook.",
        ),
        ({"send": "x", "wait": "3d"}, "One step does one thing; here stand send, wait."),
        ({"key": "x"}, "No such step."),
        ("send", "Expected names with values"),
        (None, "Expected names with values"),
        ({"send": "X Y"}, "a name in small letters"),
        ({"send": "x", "imediate": True}, 'Did you mean "immediate"?'),
        ({"send": "x", "immediate": "yes"}, "true or false"),
        ({"send": "x", "key": "Ein Schlüssel"}, '"key": expected a name'),
        ({"wait": "soon"}, "expected a length of time such as"),
        ({"wait": "0d"}, "above zero"),
        ({"wait": 3}, "expected a length of time"),
        ({"wait_until": {"weekday": "someday", "at": "10:00"}}, "weekdays such as mon-fri"),
        ({"wait_until": {"weekday": "tue"}}, '"at" is missing; expected a time of day'),
        ({"wait_until": {"weekday": "tue", "at": "25:00"}}, "a time of day"),
        ({"wait_until": {"weekday": [], "at": "10:00"}}, "weekday"),
        ({"wait_for": {"signal": "clicked"}}, "expected a length of time"),
        ({"wait_for": {"within": "2d"}}, '"signal" is missing'),
        ({"branch": []}, "a list of ways"),
        ({"branch": [{"steps": []}]}, "either when or else: true"),
        (
            {"branch": [{"else": True, "steps": []}, {"when": {"tag": "a"}, "steps": []}]},
            "else is the last way",
        ),
        ({"branch": [{"when": {"color": "red"}, "steps": []}]}, "Unknown key color"),
        ({"goto": {"chain": "lukewarm"}}, "one of cold, warm, hot"),
        ({"goto": {"chain": "warm"}}, "There is no warm chain"),
        ({"goto": {"step": "nowhere"}}, 'has no step "nowhere"'),
        ({"goto": {"chain": "cold"}}, "cannot go to itself"),
        ({"goto": {}}, "a chain or a step"),
        ({"hand_over": {"to": "Mia"}}, '"to" is not known here'),
        ({"exit": ["done"]}, "a name in small letters"),
        ({"tag": []}, "one or more tags"),
        ({"tag": [7]}, "one or more tags"),
        ({"set": {"field": "Interest", "to": []}}, "custom field"),
    ],
)
def test_what_is_wrong_with_a_step_is_said_where_it_stands(step, words):
    assert any(words in fault for fault in faults(step)), faults(step)


@pytest.mark.parametrize(
    ("top", "words"),
    [
        ({"window": {"from": "18:00", "to": "09:00"}}, "window.to: This window never opens"),
        ({"window": {"days": []}}, "at least one weekday"),
        ({"window": {"holidays": "XX"}}, "not XX"),
        ({"timezone": "Berlin"}, "a time zone such as Europe/Berlin"),
        ({"frequency": {"per": "7d"}}, '"max" is missing'),
        ({"frequency": {"max": 0, "per": "7d"}}, "a whole number from 1"),
        ({"frequency": {"max": 2}}, "expected a length of time"),
        ({"goal": {"stage": "customer"}}, '"when" is missing; expected a condition'),
        ({"after_end": "sleep"}, "one of repeat, newsletter_only, exit"),
        ({"holdout": 101}, "a number from 0 to 100"),
        ({"model": 7}, "a name in small letters"),
        ({"chains": {}}, '"chains"'),
        ({"chains": {"tepid": {"steps": []}}}, '"tepid" is not known here; known: cold, warm, hot.'),
        ({"chains": {"cold": {"steps": []}}}, "a list of steps"),
        ({"chains": {"cold": {"steps": {"send": "x"}}}}, "a list"),
        ({"chains": {"cold": {"enter": {}, "steps": [{"exit": "done"}]}}}, '"when" is missing'),
        (
            {"chains": {"cold": {"reentry": {"after": "later"}, "steps": [{"exit": "done"}]}}},
            "length of time",
        ),
    ],
)
def test_what_is_wrong_with_the_frame_is_said_where_it_stands(top, words):
    assert any(words in fault for fault in faults({"send": "x"}, **top)), faults({"send": "x"}, **top)


def test_all_faults_are_named_at_once():
    with pytest.raises(ProgramFault) as caught:
        read({"program": "X", "chains": {"cold": {"steps": [{"wait": "x"}, {"send": 7}]}}, "colour": "red"})
    assert set(caught.value.errors) == {
        "program", "colour", "chains.cold.steps[0].wait", "chains.cold.steps[1].send",
    }  # fmt: skip


@pytest.mark.parametrize(
    "raw", [None, 7, "program", [], {"program": None}, {"chains": 7}, {"chains": {"cold": 7}}]
)
def test_anything_at_all_is_read_without_falling_over(raw):
    with pytest.raises(ProgramFault):
        read(raw)


def test_doubled_keys_are_named_and_other_chains_have_keys_of_their_own():
    assert "Two steps of the cold chain have the key" in faults({"send": "x"}, {"send": "x"})[0]
    chains = {name: {"steps": [{"send": "x"}]} for name in ("cold", "warm")}
    assert faults(chains=chains) == []


@pytest.mark.parametrize(
    "steps",
    [
        [{"send": "x"}, {"goto": {"step": "x"}}],
        [{"tag": "a", "key": "a"}, {"goto": {"step": "a"}}],
        [{"goto": {"step": "self"}, "key": "self"}],
        [{"wait_for": {"signal": "clicked", "mail": "x", "within": "5d"}, "key": "w",
          "then": [{"goto": {"step": "w"}}]}, {"send": "x"}],
        [{"branch": [{"when": {"tag": "a"}, "steps": [{"wait": "1d"}]}], "key": "b"},
         {"goto": {"step": "b"}}],
    ],
)  # fmt: skip
def test_circles_without_a_wait_are_faults(steps):
    assert any("leads back to itself without any wait" in fault for fault in faults(*steps))


@pytest.mark.parametrize(
    "steps",
    [
        [{"send": "x"}, {"wait": "7d"}, {"goto": {"step": "x"}}],
        [{"wait_for": {"signal": "clicked", "within": "5d"}, "key": "w", "then": [{"goto": {"step": "w"}}]}],
        [{"goto": {"step": "end"}}, {"exit": "done", "key": "end"}],
    ],
)
def test_circles_with_a_wait_are_fine(steps):
    assert faults(*steps) == []


def test_two_chains_that_send_leads_back_and_forth_at_once_are_a_circle():
    chains = {
        "cold": {"steps": [{"send": "x"}, {"goto": {"chain": "warm"}}]},
        "warm": {"steps": [{"send": "y"}, {"goto": {"chain": "cold"}}]},
    }
    assert len(faults(chains=chains)) == 2


def test_steps_that_nobody_reaches_are_doubtful():
    assert warnings({"exit": "done"}, {"send": "x"}) == [
        "chains.cold.steps[1]: Nobody reaches this step: the one above always leaves."
    ]
    both = {
        "wait_for": {"signal": "clicked", "within": "1d"},
        "then": [{"exit": "a"}],
        "else": [{"exit": "b"}],
    }
    assert len(warnings(both, {"send": "x"})) == 1


def test_an_immediate_mail_that_is_not_the_first_is_doubtful():
    assert (
        "immediate counts only for the first mail"
        in warnings({"send": "x"}, {"send": "y", "immediate": True})[0]
    )


def test_the_mails_of_a_program_are_known_by_where_they_are_sent_and_asked_about():
    found = cold(
        {"send": "x"},
        {"branch": [{"when": {"not": {"signal": "opened", "mail": "y"}}, "steps": [{"send": "z"}]}]},
        {"wait_for": {"signal": "clicked", "mail": "q", "within": "1d"}},
    )
    assert [mail for _place, mail in mails_sent(found)] == ["x", "z"]
    assert [mail for _place, mail in mails_asked_about(found)] == ["y", "q"]


def test_steps_nested_without_end_are_refused():
    step: dict[str, object] = {"exit": "done"}
    for _level in range(60):
        step = {"branch": [{"else": True, "steps": [step]}]}
    assert any("nested too deeply" in fault for fault in faults(step))


def test_an_exit_without_a_reason_of_its_own_is_done():
    assert cold({"exit": None}).chains["cold"].steps == (Exit("exit-1", "done"),)
