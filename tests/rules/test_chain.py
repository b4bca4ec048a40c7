"""The next step of a run, decided on values alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nurture.rules.chain import Around, Decision, Hand, MoveTo, SendMail, Standing, next_step
from nurture.rules.facts import Facts, SignalFact
from nurture.rules.program import Program, ProgramFault, read

TUESDAY = datetime(2026, 3, 3, 10, tzinfo=UTC)
ANNA = Facts(lead_id=1, consents=frozenset({"marketing"}), fields={"email": "anna@muster.example"})


def program(*steps: object, **top: object) -> Program:
    raw = {
        "program": "garden",
        "after_end": "exit",
        "chains": {"cold": {"steps": list(steps)}, "warm": {"steps": [{"send": "w"}]}},
    }
    return read(raw | top)


def decide(
    found: Program,
    standing: Standing | None = None,
    lead: Facts = ANNA,
    now: datetime = TUESDAY,
    around: Around | None = None,
) -> Decision:
    standing = standing or Standing(None, TUESDAY, TUESDAY)
    return next_step(found, found.chains["cold"], standing, lead, around or Around(), now)


def test_a_run_begins_at_the_first_step_and_stays_until_its_mail_has_settled():
    decision = decide(program({"send": "x"}, {"wait": "3d"}))
    assert decision.intents == (SendMail("x", "x"),)
    assert (decision.state, decision.position, decision.due_at) == ("active", "x", None)
    assert (decision.arrivals, decision.departures) == (("x",), ())


def test_a_settled_mail_lets_the_wait_count_from_its_acceptance():
    accepted = TUESDAY + timedelta(minutes=5)
    standing = Standing("x", TUESDAY, TUESDAY, settled_state="sent", settled_at=accepted)
    decision = decide(program({"send": "x"}, {"wait": "2h"}), standing, now=TUESDAY + timedelta(hours=1))
    assert (decision.position, decision.due_at) == ("wait-1", accepted + timedelta(hours=2))
    assert (decision.arrivals, decision.departures) == (("wait-1",), ("x",))


def test_a_wait_looked_at_too_early_keeps_its_end():
    standing = Standing("wait-1", TUESDAY, TUESDAY)
    decision = decide(program({"wait": "3d"}), standing, now=TUESDAY + timedelta(days=1))
    assert (decision.due_at, decision.arrivals) == (TUESDAY + timedelta(days=3), ())


def test_a_changed_zone_plans_a_wait_anew():
    found = program({"wait": "30d"}, timezone="Europe/Berlin")
    standing = Standing("wait-1", TUESDAY, TUESDAY)
    at_home = decide(found, standing).due_at
    abroad = decide(found, standing, replace(ANNA, timezone="Asia/Tokyo")).due_at
    assert abroad - at_home == timedelta(hours=1)  # Berlin has gone to summer time meanwhile


def test_a_late_worker_still_waits_for_the_weekday_that_was_asked_for():
    found = program({"wait": "1d"}, {"wait_until": {"weekday": "thu", "at": "10:00"}})
    decision = decide(found, Standing("wait-1", TUESDAY, TUESDAY), now=TUESDAY + timedelta(days=5))
    assert decision.due_at == datetime(2026, 3, 12, 10, tzinfo=UTC)


def test_a_signal_of_no_named_mail_counts_only_after_the_step_was_reached():
    found = program({"wait_for": {"signal": "visited", "within": "5d"}, "then": [{"exit": "seen"}]})
    standing = Standing("wait-for-1", TUESDAY, TUESDAY - timedelta(days=9))
    early = replace(ANNA, signals=(SignalFact("visited", TUESDAY - timedelta(days=1)),))
    assert decide(found, standing, early).state == "active"
    late = replace(ANNA, signals=(SignalFact("visited", TUESDAY + timedelta(days=1)),))
    assert decide(found, standing, late, TUESDAY + timedelta(days=1)).reason == "seen"


def test_a_skipped_mail_says_why_and_the_chain_goes_on():
    decision = decide(program({"send": "x"}, {"wait": "3d"}), lead=replace(ANNA, consents=frozenset()))
    assert decision.position == "wait-1"
    assert [(line.step_key, line.what, line.reason) for line in decision.history] == [
        ("x", "skipped", "no_consent")
    ]


def test_going_to_another_chain_ends_this_run_and_names_the_other():
    decision = decide(program({"goto": {"chain": "warm"}}))
    assert decision.intents == (MoveTo("warm", None),)
    assert (decision.state, decision.reason, decision.finished) == ("ended", "goto", None)


def test_changing_chains_without_a_mail_in_between_comes_to_rest():
    decision = decide(program({"goto": {"chain": "warm"}}), Standing(None, TUESDAY, TUESDAY, hops=6))
    assert (decision.state, decision.reason) == ("resting", "circle")


def test_hand_over_does_not_stop_the_chain():
    decision = decide(program({"hand_over": {}}, {"exit": "handed_over"}))
    assert decision.intents == (Hand("hand-over-1"),)
    assert decision.finished == "handed_over"


def test_a_run_behind_its_last_step_comes_to_the_end():
    decision = decide(program({"send": "x"}), Standing(None, TUESDAY, TUESDAY, over=True))
    assert (decision.state, decision.reason, decision.departures) == ("ended", "done", ())


def test_a_resting_lead_rests_on_until_the_chain_repeats():
    found = program({"send": "x"}, after_end="repeat")
    resting = Standing("x", TUESDAY, TUESDAY, resting="repeat", settled_state="sent")
    assert decide(found, resting).intents == (SendMail("x", "x"),)
    assert decide(found, resting).standing.pass_no == 2
    listed = decide(found, replace(resting, resting="newsletter_only"))
    assert (listed.state, listed.due_at) == ("resting", TUESDAY + timedelta(days=90))


keys = st.sampled_from(["a", "b", "c"])
steps = st.recursive(
    st.one_of(
        keys.map(lambda key: {"send": key}),
        st.integers(1, 9).map(lambda days: {"wait": f"{days}d"}),
        st.just({"wait_until": {"weekday": "tue", "at": "10:00"}}),
        st.just({"tag": ["vip"]}),
        st.just({"goto": {"chain": "warm"}}),
        st.just({"exit": "done"}),
        keys.map(lambda key: {"goto": {"step": key}}),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(
            lambda block: {
                "branch": [{"when": {"tag": "vip"}, "steps": block}, {"else": True, "steps": block[:1]}]
            }
        ),
        st.lists(inner, max_size=3).map(
            lambda block: {"wait_for": {"signal": "clicked", "mail": "a", "within": "2d"}, "then": block}
        ),
    ),
    max_leaves=12,
)


def readable(raw: list[object]) -> Program | None:
    try:
        return program(
            *raw,
            frequency={"max": 2, "per": "7d"},
            window={"days": "mon-fri", "from": "09:00", "to": "17:00"},
        )
    except ProgramFault:
        return None


@given(st.lists(steps, min_size=1, max_size=6), st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_program_that_reads_well_runs_in_bounds_within_its_window_and_cap(raw, clicks):
    """A lead walks through any program for 60 days: every due time lies ahead, every mail inside window
    and cap, every arrival is left again, and no moment takes more than a few decisions."""
    found = readable(raw)
    assume(found is not None)
    signals = (
        tuple(SignalFact("clicked", TUESDAY + timedelta(days=n), "a") for n in range(60)) if clicks else ()
    )
    lead = replace(ANNA, signals=signals)
    now, standing, sends = TUESDAY, Standing(None, TUESDAY, TUESDAY), []
    inside: list[str] = []
    for _turn in range(400):
        seen = replace(lead, signals=tuple(one for one in lead.signals if one.occurred_at <= now))
        decision = decide(found, standing, seen, now, Around(tuple(sends)))
        inside += decision.arrivals
        for key in decision.departures:
            inside.remove(key)
        if decision.state != "active":
            assert inside == []
            return
        assert inside == [decision.position]
        standing = decision.standing
        if decision.due_at is None:
            assert 9 <= now.hour < 17
            assert now.weekday() < 5
            sends.append(now)
            assert sum(now - timedelta(days=7) < sent for sent in sends) <= 2
            now += timedelta(minutes=1)
            standing = replace(standing, settled_state="sent", settled_at=now)
        else:
            assert decision.due_at > now
            now = decision.due_at
        if now > TUESDAY + timedelta(days=60):
            return
    pytest.fail("this run does not come forward")
