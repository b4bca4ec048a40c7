"""A text brought to other values keeps every word that need not change."""

import copy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.files.yaml_lines import Faults, read_yaml
from nurture.files.yaml_rewriting import fresh, rewritten

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
TEXT = """\
# What this is for.
program: garden
window: {days: mon-fri, from: "09:00", to: "18:00"}  # office hours
chains:
  # Those who know us little.
  cold:
    steps:
      # Say hello.
      - send: one   # the first impression lasts
        key: one
      - wait: 2d
        key: pause

      # Did they read?
      - wait_for: {signal: clicked, mail: one, within: 5d}
        key: answer
        then:
          # They did.
          - send: yes
            key: yes
        else: [{send: no, key: no-mail}]
      - exit: done
        key: bye
# The end.
"""


def plain(text):
    faults = Faults("t")
    node = read_yaml(text, faults)
    assert not faults.faults
    return node.plain()


def steps(values):
    return values["chains"]["cold"]["steps"]


def changed(act):
    values = copy.deepcopy(plain(TEXT))
    act(values)
    new = rewritten(TEXT, values)
    assert plain(new) == values
    return new


def without(text, *lines):
    return "".join(line for line in text.splitlines(keepends=True) if line.strip() not in lines)


def test_the_same_values_are_the_same_text():
    assert rewritten(TEXT, plain(TEXT)) == TEXT


def test_one_setting_changes_one_line():
    new = changed(lambda values: steps(values)[1].update(wait="9d"))
    assert new == TEXT.replace("wait: 2d", "wait: 9d")


def test_a_setting_keeps_the_remark_behind_it():
    new = changed(lambda values: values["window"].update(to="17:00"))
    assert 'to: "17:00"}  # office hours\n' in new


def test_a_step_goes_with_its_remarks_and_nothing_else_goes():
    new = changed(lambda values: steps(values).pop(0))
    assert new == without(TEXT, "# Say hello.", "- send: one   # the first impression lasts", "key: one")


def test_a_step_that_moves_takes_its_remarks_along():
    new = changed(lambda values: steps(values).insert(2, steps(values).pop(0)))
    assert (
        "      # Say hello.\n      - send: one   # the first impression lasts\n        key: one\n      - exit"
        in new
    )
    assert "# They did." in new and "# Did they read?" in new


def test_a_step_moves_into_a_way_and_out_of_it():
    into = changed(
        lambda values: steps(values)[2]["then"].append(steps(values).pop(0) and steps(plain(TEXT))[0])
    )
    assert (
        "          # Say hello.\n          - send: one   # the first impression lasts\n            key: one\n"
        in into
    )


def test_a_new_step_in_a_list_in_brackets_is_written_below():
    new = changed(lambda values: steps(values)[2]["else"].append({"wait": "3d", "key": "wait-2"}))
    assert "# They did." in new and "# The end." in new


def test_a_program_is_written_from_nothing():
    values = plain(TEXT)
    assert plain(fresh(values)) == values


WORDS = st.sampled_from(
    ["one", "09:00", "NO", "true", "5d", "a: b", "# no", "", "ä", "1e3", "007", "multi\nline"]
)
VALUES = st.one_of(WORDS, st.integers(-5, 5), st.booleans(), st.lists(WORDS, max_size=3))


@pytest.mark.parametrize("program", sorted(path.parent.name for path in CAMPAIGNS.glob("*/program.yaml")))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_is_done_to_a_program_of_the_house_its_text_says_it(program, data):
    text = (CAMPAIGNS / program / "program.yaml").read_text()
    values = copy.deepcopy(plain(text))
    for _round in range(data.draw(st.integers(1, 4))):
        lists = list(every_list(values))
        here = data.draw(st.sampled_from(lists))
        there = data.draw(st.sampled_from(lists))
        act = data.draw(st.sampled_from(["move", "drop", "add", "set"]))
        if act == "add" or not here:
            key = f"new-{data.draw(st.integers(0, 999))}"
            here.insert(data.draw(st.integers(0, len(here))), {"key": key, "tag": data.draw(VALUES)})
        elif act == "set":
            here[data.draw(st.integers(0, len(here) - 1))]["note"] = data.draw(VALUES)
        elif act == "drop":
            here.pop(data.draw(st.integers(0, len(here) - 1)))
        else:
            step = here.pop(data.draw(st.integers(0, len(here) - 1)))
            if there is not step and not any(there is one for one in every_list(step)):
                there.insert(data.draw(st.integers(0, len(there))), step)
    assert plain(rewritten(text, values)) == values


def every_list(value):
    """Every list of steps inside, the outer ones first."""
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, list) and name in ("steps", "then", "else"):
                yield one
            yield from every_list(one)
    elif isinstance(value, list):
        for one in value:
            yield from every_list(one)
