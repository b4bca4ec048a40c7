"""The programs that come along are ready to be used: they have no fault, lead somewhere, and are written for
people, in English and in Russian."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from nurture.flows.check_programs import check_folder
from tests.campaigns.reading import parts, steps, words

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
PROGRAMS = sorted(path.parent for path in CAMPAIGNS.glob("*/program.yaml"))
MAILS = sorted(path for path in CAMPAIGNS.glob("*/mails/*.md") if "." not in path.stem)
LINK = re.compile(r"\]\((https://[^)]+)\)")


def named(path: Path) -> str:
    return path.name if path.is_dir() else f"{path.parents[1].name}/{path.stem}"


def program(folder: Path) -> dict[str, Any]:
    return YAML(typ="safe").load((folder / "program.yaml").read_text())


def test_there_is_a_program_for_each_of_the_usual_jobs():
    assert {folder.name for folder in PROGRAMS} == {
        "consulting",
        "kitchens",
        "newsletter",
        "trial",
        "webinar",
        "win-back",
    }


@pytest.mark.parametrize("folder", PROGRAMS, ids=named)
def test_a_program_has_no_fault_and_its_thresholds_can_be_reached(folder: Path):
    checked = check_folder(folder)
    assert (checked.faults, checked.warnings) == ([], [])


@pytest.mark.parametrize("folder", PROGRAMS, ids=named)
def test_a_program_has_a_chain_for_each_temperature_and_sends_every_mail(folder: Path):
    chains = program(folder)["chains"]
    assert list(chains) == ["cold", "warm", "hot"]
    sent = {step["send"] for chain in chains.values() for step in steps(chain) if "send" in step}
    assert sent == {path.stem for path in MAILS if path.parents[1] == folder}


@pytest.mark.parametrize("folder", PROGRAMS, ids=named)
def test_the_hot_chain_leads_to_sales(folder: Path):
    assert any("hand_over" in step for step in steps(program(folder)["chains"]["hot"]))


@pytest.mark.parametrize("path", MAILS, ids=named)
def test_a_mail_is_short_and_leads_on(path: Path):
    head, body = parts(path)
    assert set(head) == {"name", "subject", "preheader"}
    assert len(head["subject"]) <= 75
    assert 20 <= len(head["preheader"]) <= 110
    assert 70 <= len(words(body)) <= 250
    links = LINK.findall(body)
    assert 1 <= len(links) <= 4
    assert len(set(links)) == len(links)
    assert 'lead.first_name | default("there", true)' in body
    assert "sender.name | default(sender.company, true)" in body


@pytest.mark.parametrize("path", MAILS, ids=named)
def test_each_mail_says_the_same_in_russian(path: Path):
    head, body = parts(path.with_suffix(".ru.md"))
    english = parts(path)[1]
    assert set(head) == {"subject", "preheader"}
    assert len(head["subject"]) <= 75
    assert 20 <= len(head["preheader"]) <= 110
    assert 60 <= len(words(body)) <= 230
    there = [link.replace("example.com/", "example.com/ru/") for link in LINK.findall(english)]
    assert LINK.findall(body) == there
    assert body.count("**") == english.count("**")
    assert "lead.first_name" in body and "sender.name | default(sender.company, true)" in body


def test_no_mail_repeats_another():
    subjects = [parts(path)[0]["subject"] for path in MAILS]
    assert len(set(subjects)) == len(subjects)
