"""The sample program says what it should, and leads somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from nurture.flows.check_programs import check_folder
from tests.campaigns.reading import parts, steps, words

FOLDER = Path(__file__).parents[2] / "campaigns" / "consulting"
MAILS = sorted(path for path in (FOLDER / "mails").glob("*.md") if "." not in path.stem)


@pytest.fixture(scope="module")
def program() -> dict[str, Any]:
    return YAML(typ="safe").load((FOLDER / "program.yaml").read_text())


def test_the_program_has_no_fault_and_its_thresholds_can_be_reached():
    checked = check_folder(FOLDER)
    assert (checked.faults, checked.warnings) == ([], [])


@pytest.mark.parametrize(("temperature", "least"), [("cold", 4), ("warm", 4), ("hot", 3)])
def test_each_chain_has_enough_to_say(program: dict[str, Any], temperature: str, least: int):
    sent = {step["send"] for step in steps(program["chains"][temperature]) if "send" in step}
    assert len(sent) >= least


def test_every_mail_is_sent_somewhere_and_every_step_has_its_words(program: dict[str, Any]):
    sent = {step["send"] for chain in program["chains"].values() for step in steps(chain) if "send" in step}
    assert sent == {path.stem for path in MAILS}


def test_the_steps_of_the_first_part_are_all_in_use(program: dict[str, Any]):
    used = {name for chain in program["chains"].values() for step in steps(chain) for name in step}
    assert {"send", "wait", "wait_until", "branch", "wait_for", "exit", "goto", "hand_over"} <= used


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_a_mail_is_short_useful_and_leads_on(path: Path):
    head, body = parts(path)
    assert set(head) == {"name", "subject", "preheader"}
    assert len(head["subject"]) <= 60
    assert 20 <= len(head["preheader"]) <= 110
    assert 120 <= len(words(body)) <= 250
    links = re.findall(r"\]\((https://[^)]+)\)", body)
    assert 1 <= len(links) <= 3
    assert len(set(links)) == len(links)
    assert 'lead.first_name | default("there", true)' in body
    assert "sender.name | default(sender.company, true)" in body


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_each_mail_says_the_same_in_russian(path: Path):
    head, body = parts(path.with_suffix(".ru.md"))
    english = parts(path)[1]
    assert set(head) == {"subject", "preheader"}
    assert len(head["subject"]) <= 60
    assert 20 <= len(head["preheader"]) <= 110
    assert 100 <= len(words(body)) <= 230
    links, theirs = (re.findall(r"\]\((https://[^)]+)\)", text) for text in (body, english))
    assert links == [link.replace("example.com/", "example.com/ru/") for link in theirs]
    assert body.count("**") == english.count("**")
    assert "lead.first_name" in body and "sender.name | default(sender.company, true)" in body


def test_no_mail_repeats_another():
    subjects = [parts(path)[0]["subject"] for path in MAILS]
    assert len(set(subjects)) == len(subjects)
