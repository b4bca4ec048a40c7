"""Drafts: begun from the newest version, changed one after the other, undone, never overwritten."""

from datetime import timedelta

import pytest

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import drafts, segments, tags
from tests.flows.garden import Garden

COLD = "  cold:\n    enter: {when: {temperature: cold}}\n    steps:\n"


@pytest.fixture
def garden(sessions, clock, tmp_path):
    garden = Garden(sessions, clock, tmp_path / "garden")
    garden.publish(COLD + "      - send: one  # the first impression lasts\n      - wait: 2d\n")
    return garden


def look(garden):
    with garden.sessions() as session:
        return drafts.draft_of(session, 1)


def write(garden, revision, old, new, *, by="user:1", what="steps"):
    def change(files):
        return {**files, "program.yaml": files["program.yaml"].replace(old, new)}

    with garden.sessions.begin() as session:
        return drafts.edit(session, 1, revision, change, what=what, by=by, now=garden.clock.now)


def yaml(garden):
    return look(garden).source["program.yaml"]


def test_while_nothing_is_drafted_the_newest_version_is_what_one_sees(garden):
    found = look(garden)
    assert (found.revision, found.base_no, found.can_undo, found.can_redo) == (0, 1, False, False)
    assert "# the first impression lasts" in found.source["program.yaml"]


def test_a_draft_is_read_as_a_program_with_its_mails(garden):
    write(garden, 0, "wait: 2d", "wait: 9d")
    with garden.sessions() as session:
        drafted = drafts.drafted(session, 1)
    assert drafted.program.chains["cold"].by_key["wait-1"].duration.elapsed == timedelta(days=9)
    assert (drafted.mails["one"].subject, drafted.faults) == ("About one", [])


def test_a_draft_with_faults_is_kept_with_what_was_typed(garden):
    write(garden, 0, "wait: 2d", "wait: soon")
    assert "wait: soon" in yaml(garden)
    with garden.sessions() as session:
        [fault] = drafts.drafted(session, 1).faults
    assert fault.startswith('program.yaml:10: "wait": ')


def test_whoever_saves_second_is_told_and_nothing_is_overwritten(garden):
    write(garden, 0, "wait: 2d", "wait: 3d", by="user:1")
    with pytest.raises(Conflict, match="user:1 has changed this draft since you opened it"):
        write(garden, 0, "wait: 2d", "wait: 4d", by="user:2")
    assert "wait: 3d" in yaml(garden)
    assert write(garden, 1, "wait: 3d", "wait: 4d", by="user:2").revision == 2


def test_changes_are_undone_and_done_again_one_by_one(garden):
    write(garden, 0, "wait: 2d", "wait: 3d")
    garden.clock.moment += timedelta(minutes=1)
    write(garden, 1, "wait: 3d", "wait: 4d")
    with garden.sessions.begin() as session:
        back = drafts.undo(session, 1, 2, by="user:1", now=garden.clock.now)
    assert ("wait: 3d" in back.source["program.yaml"], back.revision) == (True, 3)
    with garden.sessions.begin() as session:
        back = drafts.undo(session, 1, 3, by="user:1", now=garden.clock.now)
        assert ("wait: 2d" in back.source["program.yaml"], back.can_undo) == (True, False)
        again = drafts.redo(session, 1, 4, by="user:1", now=garden.clock.now)
    assert ("wait: 3d" in again.source["program.yaml"], again.can_redo) == (True, True)
    write(garden, 5, "wait: 3d", "wait: 7d")
    assert not look(garden).can_redo
    with garden.sessions.begin() as session, pytest.raises(Conflict, match="nothing to do again"):
        drafts.redo(session, 1, 6, by="user:1", now=garden.clock.now)


def test_what_is_typed_in_one_go_is_one_step_back(garden):
    for revision, (old, new) in enumerate([("2d", "21d"), ("21d", "210d"), ("210d", "21d")]):
        garden.clock.moment += timedelta(seconds=2)
        write(garden, revision, f"wait: {old}", f"wait: {new}", what="step:wait-1")
    with garden.sessions.begin() as session:
        back = drafts.undo(session, 1, 3, by="user:1", now=garden.clock.now)
    assert "wait: 2d" in back.source["program.yaml"]


def test_a_new_file_goes_when_it_is_undone(garden):
    def add(files):
        return {**files, "mails/two.md": "---\nsubject: Two\n---\nHello.\n"}

    with garden.sessions.begin() as session:
        drafts.edit(session, 1, 0, add, what="mail:two", by="mia", now=garden.clock.now)
        back = drafts.undo(session, 1, 1, by="mia", now=garden.clock.now)
        assert "mails/two.md" not in back.source
        again = drafts.redo(session, 1, 2, by="mia", now=garden.clock.now)
    assert "mails/two.md" in again.source


def test_a_discarded_draft_leaves_the_newest_version(garden):
    write(garden, 0, "wait: 2d", "wait: 3d")
    with garden.sessions.begin() as session:
        drafts.discard(session, 1, 1, by="mia", now=garden.clock.now)
    assert (look(garden).revision, "wait: 2d" in yaml(garden)) == (0, True)
    assert garden.value("SELECT count(*) FROM draft_change") == 0


def test_a_draft_of_no_program_and_one_without_its_file_are_refused(garden):
    with garden.sessions.begin() as session, pytest.raises(NotFound):
        drafts.draft_of(session, 99)
    with garden.sessions.begin() as session, pytest.raises(Invalid, match=r"needs its file program.yaml"):
        drafts.edit(session, 1, 0, lambda files: {}, what="steps", by="mia", now=garden.clock.now)


def test_a_tag_and_a_segment_that_only_a_draft_asks_for_stay(garden):
    with garden.sessions.begin() as session:
        segments.create(
            session, {"name": "Fair", "condition": {"tag": "fair"}}, now=garden.clock.now, by="mia"
        )
    write(garden, 0, "{temperature: cold}", "{all: [{segment: fair}, {tag: oak}]}")
    with garden.sessions.begin() as session, pytest.raises(Conflict, match="garden"):
        segments.remove(session, "fair", now=garden.clock.now, by="mia")
    with garden.sessions.begin() as session, pytest.raises(Conflict, match="oak is asked for by garden"):
        tags.remove(session, "oak", now=garden.clock.now, by="mia")
