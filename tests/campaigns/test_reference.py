"""The reference of the language: every example in it is one, and every kind of step has one."""

import re
from pathlib import Path

import pytest

from nurture.files.yaml_lines import Faults, read_yaml
from nurture.rules.program import examine
from nurture.rules.program.keys import KINDS, kind_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "programs.md").read_text()
EXAMPLES = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S) if block.startswith("- ")]


def steps_of(example: str) -> list[dict[str, object]]:
    faults = Faults("programs.md")
    root = read_yaml(example, faults)
    assert root is not None and not faults.lines()
    return root.plain()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split(":")[0])
def test_every_example_is_read_without_a_fault(example):
    other = {"steps": [{"exit": "done"}]}
    chains = {"cold": {"steps": [{"send": "welcome", "key": "first"}, *steps_of(example)]}, "warm": other}
    assert examine({"program": "garden", "chains": chains}).faults == ()


def test_every_kind_of_step_has_an_example():
    shown = {kind_of(step) for example in EXAMPLES for step in steps_of(example)}
    assert shown == set(KINDS)


def test_every_key_of_the_frame_is_in_the_page():
    for key in (
        "enter",
        "reentry",
        "multiple",
        "concurrent",
        "goal",
        "value",
        "currency",
        "exit_on",
        "holdout",
    ):
        assert f"`{key}`" in PAGE or f"{key}:" in PAGE
