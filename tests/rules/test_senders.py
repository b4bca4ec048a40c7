"""What may be said of a sender, and which saying holds."""

import pytest

from nurture.rules.program import ProgramFault, read
from nurture.rules.program.speaking import at_step, of_mail, said_in
from nurture.rules.senders import is_key, key_of

STEPS = [{"send": "case", "sender": "support"}, {"send": "price"}, {"send": "offer", "sender": "owner"}]


def a_program(*steps, **said):
    return {"program": "p", "chains": {"cold": {"steps": list(steps or STEPS)}}, **said}


def test_a_step_goes_before_its_mail_and_a_mail_before_its_program() -> None:
    program = read(a_program(sender="events"))
    assert of_mail(program, "case", "press") == "support"
    assert of_mail(program, "price", "press") == "press"
    assert of_mail(program, "price", "") == "events"
    assert of_mail(read(a_program()), "price", "") == "house"


def test_one_step_says_for_itself() -> None:
    program = read(a_program(sender="events"))
    assert at_step(program, "cold", "case", "press") == "support"
    assert at_step(program, "cold", "price", "press") == "press"
    assert at_step(program, "cold", "price", "") == "events"


def test_steps_that_disagree_leave_a_mail_looked_at_by_itself_to_the_mail() -> None:
    program = read(a_program({"send": "case", "key": "a", "sender": "support"}, {"send": "case", "key": "b"}))
    assert of_mail(program, "case", "press") == "press"


def test_all_that_a_program_says_is_found_wherever_a_step_stands() -> None:
    inside = {"branch": [{"when": {"tag": "x"}, "steps": [{"send": "a", "sender": "Events"}]}]}
    named = set(
        said_in(a_program(inside, {"webhook": {"url": "https://x.example", "body": {"sender": "no"}}}))
    )
    assert named == {"events"}
    assert set(said_in(a_program({"send": "a"}, sender="press"))) == {"press"}


@pytest.mark.parametrize("key", ["house", "owner", "9lives", "Two", "a b", "a_b", "x" * 41, ""])
def test_what_is_no_key_of_a_sender(key) -> None:
    assert not is_key(key)


@pytest.mark.parametrize(
    ("name", "key"),
    [("Ada Lindqvist", "ada-lindqvist"), ("House", "sender-house"), ("2nd desk", "sender-2nd-desk")],
)
def test_a_key_is_made_of_a_name(name, key) -> None:
    assert key_of(name) == key and is_key(key)


@pytest.mark.parametrize("said", ["a b", "x@", "_x"])
def test_what_no_sender_can_be_is_told_with_what_can(said) -> None:
    with pytest.raises(ProgramFault, match="house, owner, the key of a sender, or an address"):
        read(a_program({"send": "case"}, sender=said))
