"""What an edit is, in rules alone: the difference, the words, where a run goes on, and the plan."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.edits import Gone, Standing, changed_steps, compare, gone_of, lands_at, plan
from nurture.rules.edits.order import kept_in_order, merged
from nurture.rules.edits.saying import changes_in_words, plan_in_words
from nurture.rules.edits.words import compared
from nurture.rules.program import read

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)


def spec(*steps, **more):
    return {"program": "p", "chains": {"cold": {"steps": list(steps)}}, **more}


def send(mail, key=None):
    return {"send": mail, "key": key or mail}


def wait(span, key="pause"):
    return {"wait": span, "key": key}


OLD = spec(send("one"), wait("3d"), send("two"), send("three"))


def states(before, after):
    return [(step.key, step.state) for step in compare(before, after).chains[0].steps]


def test_steps_are_told_apart_by_their_keys():
    new = spec(send("three"), send("one"), wait("5d"), send("four"))
    assert states(OLD, new) == [
        ("three", "moved"), ("one", "same"), ("pause", "changed"), ("two", "removed"), ("four", "added"),
    ]  # fmt: skip
    assert changes_in_words(compare(OLD, new)) == "1 step added, 1 step removed, 1 step moved, 1 step changed"


def test_a_step_pulled_into_a_branch_has_moved_and_a_condition_is_shown_at_its_way():
    was = {"key": "b", "branch": [{"when": {"tag": "x"}, "steps": []}, {"else": True, "steps": []}]}
    now = {
        "key": "b",
        "branch": [{"when": {"tag": "y"}, "steps": [send("one")]}, {"else": True, "steps": []}],
    }
    found = compare(spec(send("one"), was), spec(now)).chains[0].steps
    assert [(step.key, step.way, step.state) for step in found] == [
        ("b", "", "same"), ("b", "branch.0", "changed"), ("one", "", "moved"), ("b", "branch.1", "same"),
    ]  # fmt: skip
    [setting] = found[1].settings
    assert (setting.name, setting.before, setting.after) == ("when", {"tag": "x"}, {"tag": "y"})


def test_the_same_program_differs_in_nothing():
    assert compare(OLD, OLD).count == 0


def test_settings_and_mails_are_compared_by_name():
    mails = {"one": {"subject": "Hello", "body": "Dear friend", "format": "md"}}
    newer = {"one": {"subject": "Hello", "body": "Dear old friend", "format": "md"}}
    found = compare(spec(window={"from": "09:00"}), spec(window={"from": "10:00"}), mails, newer)
    assert [(one.name, one.before, one.after) for one in found.settings] == [
        ("window.from", "09:00", "10:00")
    ]
    [mail] = found.mails
    assert [(piece.sign, piece.text) for piece in mail.words[0].pieces] == [
        ("=", "Dear "), ("+", "old "), ("=", "friend"),
    ]  # fmt: skip


@given(st.text(alphabet="ab \n.", max_size=40), st.text(alphabet="ab \n.", max_size=40))
def test_both_texts_can_be_read_off_their_comparison(before, after):
    pieces = compared(before, after)
    assert "".join(piece.text for piece in pieces if piece.sign in "=-") == before
    assert "".join(piece.text for piece in pieces if piece.sign in "=+") == after


@given(st.lists(st.integers(0, 9).map(str), unique=True), st.lists(st.integers(0, 9).map(str), unique=True))
def test_everything_of_both_orders_stands_once_in_one_list(before, after):
    both = [name for name in before if name in after], [name for name in after if name in before]
    kept = kept_in_order(*both)
    rows = list(merged(before, after, kept))
    assert sorted(name for name, _new in rows) == sorted({*before, *after})
    assert [name for name, new in rows if new] == after
    assert [name for name, _new in rows if name in kept] == [name for name in before if name in kept]


def test_a_run_goes_on_at_the_next_step_that_is_left():
    before, after = (read(one).chains["cold"] for one in (OLD, spec(send("three"))))
    assert [lands_at(before, after, key) for key in ("one", "pause", "two", "three")] == ["three"] * 4
    assert lands_at(after, read(spec(send("new"))).chains["cold"], "three") is None
    assert changed_steps(before, read(spec(wait("9d"))).chains["cold"]) == {"pause"}


def test_what_is_gone_is_carried_on_through_every_edit():
    first, second, third = (
        read(OLD),
        read(spec(send("one"), send("three"))),
        read(spec(send("one"), send("x"))),
    )
    gone = gone_of(first, second, Gone(), NOW)
    assert gone.steps["cold"] == {"pause": "three", "two": "three"}
    again = gone_of(second, third, Gone.from_json(gone.as_json()), NOW)
    assert again.steps["cold"] == {"pause": None, "two": None, "three": None}
    back = gone_of(third, first, again, NOW)
    assert back.steps["cold"] == {"x": None}


def test_a_mail_sent_by_another_step_is_passed_over_by_who_had_it_before():
    gone = gone_of(read(OLD), read(spec(send("two", "again"))), Gone(), NOW)
    earlier, later = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    assert gone.had("cold", {"two": earlier}) == {"again"}
    assert gone.had("cold", {"two": later}) == frozenset()


def test_a_plan_counts_who_goes_where():
    new = read(spec(send("one"), send("three"), send("two", "second")))
    standing = [
        Standing("cold", 1, "pause", 412),
        Standing("cold", 1, "one", 5, mailed=True, had=frozenset({"two"})),
        Standing("cold", 1, None, 3),
    ]
    found = plan({1: read(OLD)}, 1, new, standing, {"three"})
    said = [(one.what, one.step_key, one.n, one.to) for one in found.effects]
    assert said == [
        ("goes_on", "pause", 412, "three"),
        ("new_words", "three", 420, None),
        ("passes_over", "second", 5, None),
    ]
    assert plan_in_words(found, lambda _chain, key: key) == [
        "412 leads stand at “pause”, which goes away, and go on at “three”.",
        "420 leads get the changed mail “three”.",
        "5 leads had the mail of “second” from another step, and pass it over.",
        "Nobody gets a mail twice.",
    ]
