"""Segments at the terminal: written to a file, taken back the same, counted, refused with the line."""

import json

import pytest

from nurture.flows import membership, segments
from nurture.flows.leads import save_lead
from tests.conftest import TUESDAY
from tests.embedded.terminals import terminal

__all__ = ["terminal"]
CONDITION = {
    "all": [{"tag": "fair"}, {"not": {"all": [{"stage": "lost"}, {"field": "city", "in": ["NO", "1"]}]}}]
}


@pytest.fixture
def fair(runtime, clock):
    """Two leads of whom one was at the fair, and the segment of those."""
    with runtime.sessions.begin() as session:
        for email, tags in (("ada@muster.example", ["Fair"]), ("bo@muster.example", [])):
            said = {"email": email, "tags": tags}
            save_lead(session, said, now=clock.now, by="test", pepper=b"pepper", base_url="http://localhost")
        segments.create(
            session, {"key": "fair", "name": "Was at the fair", "condition": CONDITION}, now=clock.now
        )
    while membership.update_dirty(runtime.sessions, now=clock.now):
        pass


def test_segments_are_saved_and_loaded_as_they_were(terminal, fair, tmp_path, runtime):
    file = tmp_path / "segments.yaml"
    assert terminal.type("segments", "save", str(file)).output == f"1 segments written to {file}.\n"
    with runtime.sessions.begin() as session:
        segments.remove(session, "fair", now=TUESDAY)
    assert terminal.type("segments", "load", str(file)).output == "1 segments made, 0 changed.\n"
    assert terminal.type("segments", "load", str(file)).output == "0 segments made, 1 changed.\n"
    with runtime.sessions() as session:
        found = segments.existing(session, "fair")
        assert (found.name, found.condition) == ("Was at the fair", CONDITION)


def test_a_segment_is_shown_listed_and_looked_into(terminal, fair):
    assert "fair" in terminal.type("segments", "list").output
    (listed,) = json.loads(terminal.type("segments", "list", "--json").output)
    assert (listed["segment"], listed["size"], listed["condition"]) == ("fair", 1, CONDITION)
    shown = terminal.type("segments", "show", "fair").output
    assert '- segment: fair\n  name: "Was at the fair"\n' in shown
    assert "# 1 leads" in shown
    assert "ada@muster.example" in terminal.type("segments", "members", "fair").output
    (member,) = json.loads(terminal.type("segments", "members", "fair", "--json").output)
    assert member["email"] == "ada@muster.example"


def test_a_condition_from_anywhere_is_counted(terminal, fair):
    counted = terminal.type("segments", "count", "-", said="not: {tag: fair}\n")
    assert counted.output.startswith("1 leads: ")


def test_what_is_wrong_with_a_file_is_named_by_its_line_and_nothing_is_kept(terminal, fair, tmp_path):
    file = tmp_path / "segments.yaml"
    file.write_text(
        "- segment: new\n  name: New\n  condition: {tag: x}\n"
        "- segment: worse\n  nam: Worse\n  condition:\n    all:\n      - {tagg: x}\n"
    )
    done = terminal.type("segments", "load", str(file))
    assert done.exit_code == 1
    assert "segments.yaml:5" in done.output
    assert "segments.yaml:8" in done.output
    assert terminal.type("segments", "show", "new").exit_code == 1
