"""One answer for every lead and step, and a sentence for every answer in every language."""

import re
from datetime import UTC, datetime

import pytest

from nurture.files.catalogues import catalogues
from nurture.rules import program, why, words
from nurture.rules.facts import Facts
from nurture.rules.why import Answer, Around, EventRecord, Known, MailRecord, RunRecord, wording

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
CHAIN = {
    "enter": {"when": {"all": [{"temperature": "cold"}, {"consent": "marketing"}]}},
    "steps": [
        {"send": "hello"},
        {"key": "pause", "wait": "3d"},
        {
            "key": "size",
            "branch": [{"when": {"field": "company.size", "gte": 50}, "steps": [{"send": "big"}]}],
        },
        {"send": "bye"},
    ],
}
PROGRAM = program.read({"program": "garden", "chains": {"cold": CHAIN}})


def known(**more: object) -> Known:
    return Known(PROGRAM, PROGRAM.chains["cold"], Around(), **more)


def run(**more: object) -> RunRecord:
    values = {
        "temperature": "cold", "state": "active", "step_key": "pause", "due_at": LATER, "due_reason": "wait",
        "waiting_for": None, "resting_reason": None, "exit_reason": None, "settled_state": None,
        "entered_at": NOW, "over": False,
    }  # fmt: skip
    return RunRecord(**{**values, **more})


def mail(**more: object) -> MailRecord:
    values = {
        "id": 7, "state": "sent", "reason": "", "due_at": NOW, "created_at": NOW, "settled_at": NOW,
        "sent_at": NOW, "bounced_at": None, "consent_id": 3,
    }  # fmt: skip
    return MailRecord(**{**values, **more})


def asked(given: Known, step: str) -> tuple[str, str]:
    found = why.answer(given, step, NOW)
    return found.state, found.reason


def test_a_sent_mail_names_its_time_and_the_consent_it_rested_on():
    found = why.answer(known(run=run(), mails={"hello": mail()}), "hello", NOW)
    assert (found.state, found.at, found.consent_id, found.delivery_id) == ("sent", NOW, 3, 7)


def test_the_step_one_stands_at_and_those_that_may_come_are_not_yet():
    here = known(run=run())
    assert asked(here, "pause") == ("not_yet", "wait")
    assert asked(here, "big") == ("not_yet", "ahead_until")
    assert asked(here, "bye") == ("not_yet", "ahead_until")


def test_the_way_not_taken_is_a_no():
    assert asked(known(run=run(step_key="bye")), "big") == ("no", "another_way")


def test_a_skipped_mail_says_what_it_lacked():
    event = EventRecord("skipped", "no_consent", NOW)
    assert asked(known(run=run(), events={"hello": event}), "hello") == ("no", "no_consent")


def test_the_last_round_counts():
    event = EventRecord("skipped", "frequency", LATER)
    given = known(run=run(entered_at=NOW), mails={"hello": mail()}, events={"hello": event})
    assert asked(given, "hello") == ("no", "frequency")


def test_one_who_never_came_in_learns_which_part_of_the_condition_fails():
    given = known(facts=Facts(lead_id=1))
    found = why.answer(given, "hello", NOW)
    assert (found.state, found.reason, found.detail) == (
        "no",
        "condition",
        {"condition": "consent to marketing"},
    )
    warm = known(facts=Facts(lead_id=1, temperature="warm", consents=frozenset({"marketing"})))
    assert asked(warm, "hello") == ("no", "temperature")


def test_a_paused_program_is_the_answer_of_all_who_wait_in_it():
    given = Known(PROGRAM, PROGRAM.chains["cold"], Around(program_state="paused"), run=run(step_key=None))
    assert {found.reason for found in why.answers(given, NOW).values()} == {"program_paused"}


@pytest.fixture
def translated():
    words.learn(catalogues())
    yield
    words.learn({})


@pytest.mark.usefixtures("translated")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_answer_is_one_whole_sentence(language):
    with words.speaking(language):
        sentences = [
            why.sentence(Answer(state, reason, NOW, {"more": "done", "name": "odd"}), lambda at: "TIME")
            for state, table in (("sent", wording.SENT), ("not_yet", wording.WAITS), ("no", wording.NOT_SENT))
            for reason in table
        ]
    assert all(re.fullmatch(r"\w.*[^ ]\.", text) and "{" not in text for text in sentences), sentences
    if language == "ru":
        assert not [text for text in sentences if not re.search("[а-я]", text)]


@pytest.mark.usefixtures("translated")
def test_russian_has_every_word_of_why():
    tables = (wording.SENT, wording.WAITS, wording.NOT_SENT, wording.EXITS, wording.MANY)
    every = [text for table in tables for text in table.values()]
    with words.speaking("ru"):
        assert [text for text in every if words._(text) == text and text != "{name}"] == []
