"""Programs from files: checked, loaded, published over a live one, saved."""

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import text

from nurture.errors import Conflict, FileFault, Invalid, NotFound
from nurture.flows import check_programs, pause_programs, programs, published
from tests.flows.garden import HEAD, Garden

COLD = "  cold:\n    enter: {when: {temperature: cold}}\n    steps:\n"
CAMPAIGNS = Path(__file__).parents[2] / "campaigns"


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def load(garden, folder, *, publish=False):
    with garden.sessions.begin() as session:
        return programs.load_folder(session, folder, publish=publish, now=garden.clock.now, by="mia")


def test_the_program_of_the_house_has_no_fault_and_no_doubt():
    checked = check_programs.check_folder(CAMPAIGNS / "consulting")
    assert (checked.faults, checked.warnings) == ([], [])


def test_the_same_files_again_make_no_new_version(garden):
    folder = garden.write(COLD + "      - send: one\n      - wait: 2d\n")
    first = load(garden, folder)
    again = load(garden, folder, publish=True)
    third = load(garden, folder, publish=True)
    assert (first.version_no, first.is_new, first.published) == (1, True, False)
    assert (again.version_no, again.is_new, again.published) == (1, False, True)
    assert (third.version_no, third.is_new) == (1, False)
    (folder / "mails" / "one.md").write_text("---\nsubject: New words\n---\nHello.\n")
    assert load(garden, folder).version_no == 2


def test_a_draft_changes_nothing_until_it_is_published(garden):
    garden.publish(COLD + "      - wait: 1d\n      - send: one\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    load(garden, garden.write(COLD + "      - wait: 1d\n      - send: two\n"))
    garden.pass_time(2)
    assert garden.steps_sent(anna) == ["one"]


def test_more_programs_than_are_kept_in_memory_are_read_all_the_same(garden, tmp_path, monkeypatch):
    monkeypatch.setattr(published, "_MOST_KEPT", 1)
    for name in ("first", "second", "third"):
        garden.folder = tmp_path / name
        garden.publish(COLD + "      - send: one\n", head=f"program: {name}\n")
    for _again in range(2):
        with garden.sessions() as session:
            found = published.published(session)
        assert sorted(one.program.key for one in found.values()) == ["first", "second", "third"]


def test_every_link_of_a_mail_is_stored_when_it_is_loaded(garden):
    garden.publish(COLD + "      - send: one\n")
    assert garden.value("SELECT url FROM link") == "https://www.example.com/one"


def test_what_is_saved_loads_as_the_same_and_saves_as_the_same(garden, tmp_path):
    garden.publish(COLD + "      - send: one  # the first impression lasts\n      - wait: 2d\n")
    with garden.sessions.begin() as session:
        programs.save_folder(session, "garden", tmp_path / "saved")
    saved = (tmp_path / "saved" / "program.yaml").read_text()
    assert "      - send: one  # the first impression lasts\n        key: one\n" in saved
    assert "        key: wait-1\n" in saved
    assert not load(garden, tmp_path / "saved").is_new
    with garden.sessions.begin() as session:
        programs.save_folder(session, "garden", tmp_path / "again")
    assert (tmp_path / "again" / "program.yaml").read_text() == saved


def test_saving_over_another_program_is_refused(garden, tmp_path):
    garden.publish(COLD + "      - send: one\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "program.yaml").write_text("program: other\n")
    with garden.sessions.begin() as session:
        with pytest.raises(Invalid, match="holds another program"):
            programs.save_folder(session, "garden", tmp_path / "other")
        with pytest.raises(NotFound):
            programs.save_folder(session, "nobody", tmp_path / "new")


def test_a_faulty_folder_leaves_the_live_program_alone(garden):
    garden.publish(COLD + "      - send: one\n")
    folder = garden.write(COLD + "      - send: one\n      - wait: soon\n", HEAD.replace("garden", "Garden!"))
    (folder / "mails" / "one.md").write_text("---\nsubject: '{{ lead.first_name'\n---\nHello {% if %}.\n")
    with pytest.raises(FileFault) as caught:
        load(garden, folder, publish=True)
    assert [fault.split(": ")[0].removeprefix(str(folder)) for fault in caught.value.faults] == [
        "/mails/one.md:2", "/mails/one.md:4", "/program.yaml:1", "/program.yaml:9",
    ]  # fmt: skip
    assert garden.value("SELECT count(*) FROM program_version") == 1


def test_an_unknown_model_is_named_with_its_line(garden):
    folder = garden.write(COLD + "      - send: one\n", HEAD + "model: tropical\n")
    with pytest.raises(FileFault, match=r'program.yaml:4: There is no heat model "tropical"'):
        load(garden, folder)


def test_a_program_that_cannot_reach_its_thresholds_is_told_so(garden):
    loaded = garden.publish(COLD + "      - send: one\n  warm:\n    steps:\n      - send: two\n")
    assert (
        "No path of the cold chain can make a lead warm: at best its heat reaches 11, and 20 is needed."
        in (loaded.warnings[0])
    )


def test_those_at_a_removed_step_go_on_to_the_next_that_is_left(garden):
    garden.publish(
        COLD + "      - send: one\n      - {wait: 9d, key: long}\n      - send: two\n      - send: three\n"
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    loaded = garden.publish(COLD + "      - send: one\n      - send: three\n")
    assert loaded.moved == 1
    garden.pass_time(0)
    assert garden.steps_sent(anna) == ["one", "three"]
    assert ("long", "moved", "step_removed") in garden.history(anna)
    entered, left = (
        garden.value("SELECT sum(n) FROM step_count WHERE what = :what", what=what)
        for what in ("entered", "left")
    )
    assert entered == left


def test_those_behind_the_last_step_that_is_left_come_to_the_end(garden):
    garden.publish(COLD + "      - send: one\n      - wait: 9d\n      - send: two\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    garden.publish(COLD + "      - send: one\n")
    garden.pass_time(1)
    assert garden.steps_sent(anna) == ["one"]
    assert garden.run(anna).state == "ended"


def test_a_mail_waiting_at_a_removed_step_is_cancelled_and_nobody_gets_one_twice(garden):
    garden.publish(
        COLD + "      - send: one\n      - {send: one, key: once-more}\n      - wait: 1d\n      - send: two\n"
    )
    anna, ben = garden.lead("anna"), garden.lead("ben")
    garden.enter(anna)
    garden.tick()
    garden.settle()  # anna has the mail, and stands where it was sent
    garden.enter(ben)
    with garden.sessions.begin() as session:
        session.execute(
            text("UPDATE enrollment SET due_at = due_at + interval '1 h' WHERE lead_id = :a"), {"a": anna}
        )
    garden.tick()  # ben's is ready to go
    garden.publish(COLD + "      - {send: one, key: once-more}\n      - wait: 1d\n      - send: two\n")
    garden.pass_time(2)
    assert garden.steps_sent(anna) == ["one", "two"]
    assert garden.steps_sent(ben) == ["once-more", "two"]


def test_a_kept_key_keeps_its_place_while_everything_around_it_changes(garden):
    garden.publish(COLD + "      - send: one\n      - {wait: 3d, key: pause}\n      - send: two\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    garden.publish(COLD + "      - send: zero\n      - {wait: 5d, key: pause}\n      - send: three\n")
    garden.pass_time(5)
    sent = garden.sent(anna)
    assert [step for _at, _lead, step in sent] == ["one", "three"]
    assert (sent[1][0] - sent[0][0]).days == 5


def test_leads_of_a_removed_chain_rest_with_a_date(garden):
    garden.publish(COLD + "      - send: one\n      - wait: 1d\n  warm:\n    steps:\n      - send: two\n")
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.tick()
    garden.publish("  warm:\n    steps:\n      - send: two\n")
    run = garden.run(anna)
    assert (run.state, run.resting_reason) == ("resting", "chain_removed")
    assert run.due_at > garden.clock.now
    assert garden.pass_time(1) == []


def test_only_live_programs_are_paused_and_only_paused_ones_resumed(garden):
    loaded = garden.publish(COLD + "      - send: one\n")
    with garden.sessions.begin() as session:
        with pytest.raises(Conflict):
            pause_programs.resume(session, loaded.program_id, now=garden.clock.now)
        pause_programs.pause(session, loaded.program_id, now=garden.clock.now)
        with pytest.raises(Conflict):
            pause_programs.pause(session, loaded.program_id, now=garden.clock.now)


def test_a_silent_lead_of_the_house_program_hears_six_times_in_seven_weeks_and_is_left_in_peace(garden):
    loaded = load(garden, CAMPAIGNS / "consulting", publish=True)
    assert loaded.warnings == []
    anna = garden.lead("anna")
    garden.enter(anna)
    sent = garden.pass_time(80, step=timedelta(minutes=30))
    assert [step for _at, _lead, step in sent] == [
        "welcome", "one-hour-check", "tools-review", "roundtable-invitation", "case-valves", "still-useful",
    ]  # fmt: skip
    assert all(9 <= at.hour < 18 and at.weekday() < 5 for at, _lead, _step in sent)
    assert all(later[0] - first[0] > timedelta(days=2) for first, later in pairwise(sent))
    run = garden.run(anna)
    assert (run.state, run.resting_reason) == ("resting", "newsletter_only")
    assert run.due_at > garden.clock.now


def test_a_clicking_lead_of_the_house_program_goes_through_all_three_chains(garden):
    load(garden, CAMPAIGNS / "consulting", publish=True)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(1)
    garden.signal(anna, "clicked", "welcome")
    garden.pass_time(4)
    assert garden.steps_sent(anna) == ["welcome", "reorder-points"]
    garden.warm(anna, "cold", "warm")
    garden.pass_time(3)
    garden.warm(anna, "warm", "hot")
    garden.pass_time(3)
    garden.signal(anna, "clicked", "fixed-price-offer")
    garden.pass_time(1)
    assert garden.steps_sent(anna)[2:] == ["safety-stock", "fixed-price-offer"]
    assert garden.value("SELECT cause FROM handoff WHERE lead_id = :id", id=anna) == "step"
    assert [run.exit_reason for run in garden.runs(anna)] == ["warmed", "warmed", None]
