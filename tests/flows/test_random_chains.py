"""Whatever the program, the hours and the leads do, the laws of chains hold, on the real engine."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from nurture.flows import enroll
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules import program as rules
from nurture.rules.timing import ends_at, is_open, zone_for
from nurture.store import enrollments
from nurture.store import leads as lead_rows
from nurture.store.enrollments import Settled
from tests.flows.garden import Garden
from tests.flows.random_programs import KINDS, MAILS, programs

MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
WHO = st.integers(0, 2)
_numbers = count(1)


class Life(RuleBasedStateMachine):
    """Three leads in a program, and everything that can happen to them."""

    garden: Garden

    @initialize(
        raw=programs(),
        dates=st.lists(st.sampled_from(["2026-03-20", "2026-02-01", ""]), min_size=3, max_size=3),
    )
    def begin(self, raw, dates):
        number = next(_numbers)
        self.program = {"program": f"life-{number}", **raw}
        assume(not rules.examine(self.program).faults)
        self.read = rules.read(self.program)
        self.garden.clock.moment = MONDAY
        self.execute("UPDATE program SET state = 'paused', paused_at = :now")
        self.garden.folder = self.garden.folder.parent / f"life-{number}"
        chains = "".join(f"  {name}: {json.dumps(chain)}\n" for name, chain in raw["chains"].items())
        frame = {name: value for name, value in self.program.items() if name != "chains"}
        lines = "\n".join(f"{name}: {json.dumps(value)}" for name, value in frame.items())
        self.garden.publish(chains, head=lines, mails=" ".join(MAILS))
        zones = (None, "Asia/Tokyo", "America/New_York")
        self.leads = [
            self.garden.lead(
                f"lead-{number}-{at}", timezone=zones[at], dates={"renewal": dates[at]} if dates[at] else {}
            )
            for at in range(3)
        ]
        with self.garden.sessions.begin() as session:
            lead_rows.refold(session, self.leads)
        self.warmth = dict.fromkeys(self.leads, "cold")
        self.garden.enter(*self.leads)

    def execute(self, sql: str, **values: object) -> None:
        with self.garden.sessions.begin() as session:
            session.execute(text(sql), {"now": self.garden.clock.now, **values} if ":now" in sql else values)

    def rows(self, sql: str) -> list:
        with self.garden.sessions() as session:
            return list(session.execute(text(sql), {"leads": self.leads}))

    @rule(hours=st.integers(1, 40), end=st.sampled_from(["sent", "sent", "sent", "failed", "skipped"]))
    def time_passes(self, hours, end):
        for _hour in range(hours):
            self.garden.tick()
            while self.deliver(end):
                self.garden.tick()
            self.garden.clock.moment += timedelta(hours=1)

    def deliver(self, end: str) -> int:
        """What may go out now comes to its end: due, and its window still open."""
        now = self.garden.clock.now
        with self.garden.sessions.begin() as session:
            ready = (
                session.execute(
                    text(
                        "SELECT id FROM delivery WHERE state = 'ready' AND due_at <= :now"
                        " AND lead_id = ANY(:leads)"
                        " AND coalesce(CAST(params ->> 'until' AS timestamptz), 'infinity') > :now"
                    ),
                    {"now": now, "leads": self.leads},
                )
                .scalars()
                .all()
            )
            session.execute(
                text(
                    "UPDATE delivery SET state = :state, settled_at = :now,"
                    " sent_at = CASE WHEN :state = 'sent' THEN CAST(:now AS timestamptz) END"
                    " WHERE id = ANY(:ids)"
                ),
                {"state": end, "now": now, "ids": list(ready)},
            )
            enrollments.settle_sends(session, [Settled(one, end) for one in ready], now=now)
        return len(ready)

    @rule(days=st.integers(1, 12))
    def nobody_works_for_days(self, days):
        self.garden.clock.moment += timedelta(days=days)

    @rule(who=WHO)
    def the_temperature_changes(self, who):
        lead = self.leads[who]
        new = "warm" if self.warmth[lead] == "cold" else "cold"
        self.garden.warm(lead, self.warmth[lead], new)
        self.warmth[lead] = new

    @rule(who=WHO, kind=KINDS)
    def a_lead_does_something(self, who, kind):
        self.garden.signal(self.leads[who], kind)

    @rule(who=WHO, tag=st.sampled_from(["engaged", "buyer", "goal"]))
    def a_tag_is_given(self, who, tag):
        lead = self.leads[who]
        self.execute("UPDATE lead SET tags = array_append(tags, :tag) WHERE id = :lead", tag=tag, lead=lead)
        with self.garden.sessions.begin() as session:
            enroll.leave_reached(session, [lead], now=self.garden.clock.now)

    @rule(who=WHO)
    def a_lead_replies(self, who):
        with self.garden.sessions.begin() as session:
            enroll.leave_on(session, [self.leads[who]], "reply", "replied", now=self.garden.clock.now)

    @rule(who=WHO)
    def a_lead_unsubscribes(self, who):
        with self.garden.sessions.begin() as session:
            unsubscribe(session, self.leads[who], None, how="page", proof={}, now=self.garden.clock.now)

    @rule()
    def leads_are_looked_at_again(self):
        self.garden.enter(*self.leads)

    @rule(who=WHO, day=st.sampled_from(["2026-03-06", "2026-04-10", "2026-02-01"]))
    def a_date_changes(self, who, day):
        self.garden.change(self.leads[who], dates={"renewal": day})

    @rule()
    def a_turn_is_taken_again_as_after_a_crash(self):
        """What was decided before and whose mail is there already is decided once more."""
        self.execute(
            "UPDATE enrollment SET due_at = :now WHERE lead_id = ANY(:leads) AND state = 'active'"
            " AND due_at IS NOT NULL AND awaiting_delivery_id IS NULL",
            leads=self.leads,
        )
        self.garden.tick()

    @invariant()
    def nobody_stands_without_a_due_time_or_a_reason(self):
        for run in self.rows(
            "SELECT e.*, d.state AS mail FROM enrollment e"
            " LEFT JOIN delivery d ON d.id = e.awaiting_delivery_id WHERE e.lead_id = ANY(:leads)"
        ):
            if run.state == "ended":
                assert run.exit_reason and run.ended_at and run.due_at is None
            elif run.state == "resting":
                assert run.resting_reason and run.due_at is not None
            elif run.due_at is None:
                assert run.mail == "ready" or run.due_reason == "looping", run.due_reason

    @invariant()
    def a_lead_stands_in_one_place_of_a_program(self):
        open_runs = self.rows(
            "SELECT lead_id, count(*) FROM enrollment WHERE lead_id = ANY(:leads) AND state <> 'ended'"
            " AND NOT parallel GROUP BY lead_id HAVING count(*) > 1"
        )
        assert open_runs == []

    @invariant()
    def no_step_mails_more_often_than_its_run_came_round(self):
        doubled = self.rows(
            "SELECT d.enrollment_id, d.step_key FROM delivery d JOIN enrollment e ON e.id = d.enrollment_id"
            " WHERE d.lead_id = ANY(:leads) GROUP BY d.enrollment_id, d.step_key, e.pass_no"
            " HAVING count(*) > e.pass_no"
        )
        assert doubled == []

    @invariant()
    def nothing_goes_out_outside_its_window(self):
        window = self.read.window
        for mail in self.rows(
            "SELECT d.sent_at, l.timezone FROM delivery d JOIN lead l ON l.id = d.lead_id"
            " WHERE d.lead_id = ANY(:leads) AND d.sent_at IS NOT NULL"
        ):
            if window is not None:
                assert is_open(window, zone_for(mail.timezone, self.read.timezone), mail.sent_at)

    @invariant()
    def waits_count_from_acceptance(self):
        pairs = {
            (chain.temperature, step.key): (after, chain.by_key[chain.after[after.key]])
            for chain in self.read.chains.values()
            for step in chain.by_key.values()
            if isinstance(step, rules.Send)
            and isinstance(after := chain.by_key.get(chain.after[step.key] or ""), rules.Wait)
            and isinstance(chain.by_key.get(chain.after[after.key] or ""), rules.Send)
        }
        mails = self.rows(
            "SELECT d.enrollment_id, c.temperature, d.step_key, split_part(d.dedup_key, ':', 4) AS pass_no,"
            " d.created_at, d.settled_at, l.timezone FROM delivery d JOIN chain c ON c.id = d.chain_id"
            " JOIN lead l ON l.id = d.lead_id WHERE d.lead_id = ANY(:leads)"
        )
        by_place = {(mail.enrollment_id, mail.step_key, mail.pass_no): mail for mail in mails}
        for mail in mails:
            wait, following = pairs.get((mail.temperature, mail.step_key), (None, None))
            later = by_place.get((mail.enrollment_id, following.key, mail.pass_no)) if following else None
            if wait is not None and later is not None and mail.settled_at is not None:
                zone = zone_for(mail.timezone, self.read.timezone)
                assert later.created_at >= ends_at(mail.settled_at, wait.duration, zone)

    @invariant()
    def a_lead_goes_the_same_way_of_a_split_each_time(self):
        ways = self.rows(
            "SELECT lead_id, detail ->> 'split' FROM chain_event WHERE lead_id = ANY(:leads)"
            " AND detail ->> 'split' IS NOT NULL GROUP BY 1, 2 HAVING count(DISTINCT reason) > 1"
        )
        weights = {}
        for chain in self.read.chains.values():
            for step in chain.by_key.values():
                if isinstance(step, rules.Split):
                    weights.setdefault(step.name, set()).add(tuple(share.weight for share in step.shares))
        assert [way for way in ways if len(weights[way[1]]) == 1] == []

    @invariant()
    def who_left_or_is_held_out_gets_nothing_more(self):
        assert not self.rows(
            "SELECT 1 FROM delivery d JOIN enrollment e ON e.id = d.enrollment_id"
            " WHERE d.lead_id = ANY(:leads) AND d.state = 'ready'"
            " AND (e.state = 'ended' OR e.resting_reason = 'holdout')"
        )
        assert not self.rows(
            "SELECT 1 FROM delivery d JOIN chain_event h ON h.lead_id = d.lead_id AND h.enrollment_id ="
            " d.enrollment_id AND h.reason = 'held_out' WHERE d.lead_id = ANY(:leads) AND d.created_at > h.at"
        )

    @invariant()
    def a_goal_is_counted_for_each_run_that_met_it(self):
        assert not self.rows(
            "SELECT 1 FROM enrollment e FULL JOIN goal_met g ON g.enrollment_id = e.id"
            " WHERE coalesce(e.lead_id, g.lead_id) = ANY(:leads)"
            " AND (e.exit_reason = 'goal') IS DISTINCT FROM (g.enrollment_id IS NOT NULL)"
            " AND (e.exit_reason = 'goal' OR g.enrollment_id IS NOT NULL)"
        )


def test_the_laws_of_chains_hold_whatever_happens(sessions, clock, tmp_path):
    garden = Garden(sessions, clock, tmp_path / "garden")

    class OfThisGarden(Life):
        pass

    OfThisGarden.garden = garden
    run_state_machine_as_test(
        OfThisGarden,
        settings=settings(
            max_examples=8,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
