"""What chance alone seldom brings about in a life: mails that wait when their lead leaves, steps that go
while somebody stands there, mails that move to another step, clicks that turn out to be a machine's."""

import json
import os
from collections import Counter
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import Row

from nurture.flows import leave
from nurture.flows.record import record
from nurture.rules import hits
from nurture.rules import program as rules
from nurture.rules.hits import CLICK, Hit
from nurture.rules.ids import millis_of, uuid7
from tests.flows.life import Life
from tests.flows.recording import CHROME

LEFT, CHANGED_CHAINS = "left while a mail waited", "changed chains while a mail waited"
STEP_WENT = "stood at a step that went"
MAIL_MOVED, HAD_IT = "stood where a mail that was out moved away", "came to a mail it had had"
TURNED = "a click that had counted turned out to be a machine's"
HELD_OUT = "was held out while another got mails"
SITUATIONS = (LEFT, CHANGED_CHAINS, STEP_WENT, MAIL_MOVED, HAD_IT, TURNED, HELD_OUT)
_HARMLESS = ("wait", "tag", "set", "signal")


class TurningPoints(Life):
    """A life that seeks them out; `met` counts how often each of SITUATIONS came about, over all lives, and
    `begun` numbers these by their programs."""

    met: ClassVar[Counter[str]]
    begun: ClassVar[dict[str, int]]

    def look_at_once(self) -> None:
        """What must hold before anybody works again."""

    def first_of_all(self):
        """Each life begins with another turning point, so that ten of them meet all; one that is lived
        again, because it broke a law, with the same."""
        turns = (
            lambda: self.a_lead_leaves_while_its_mail_waits(how="goal"),
            lambda: self.a_lead_leaves_while_its_mail_waits(how="temperature"),
            self.a_step_goes_at_which_somebody_waits,
            self.a_mail_goes_out_and_moves_to_another_step,
            lambda: self.a_click_that_counted_was_a_machines(back=False),
        )
        what = json.dumps(
            {name: said for name, said in self.raw.items() if name not in ("program", "holdout")}
        )
        turns[self.begun.setdefault(what, len(self.begun)) % len(turns)]()

    @rule(how=st.sampled_from(["goal", "reply", "temperature", "temperature"]))
    def a_lead_leaves_while_its_mail_waits(self, how):
        waiting = self.until("SELECT d.lead_id, e.id AS run_id, l.temperature FROM delivery d" + _WAITING)
        if waiting is None:
            return
        now, lead = self.garden.clock.now, waiting.lead_id
        if how == "temperature":
            self.garden.warm(lead, waiting.temperature, "warm" if waiting.temperature == "cold" else "cold")
        else:
            with self.garden.sessions.begin() as session:
                if how == "reply":
                    leave.leave_on(session, [lead], "reply", "replied", now=now)
                else:
                    leave.leave_all(session, [lead], "goal_of_another", now=now)
        if self.garden.value("SELECT state FROM enrollment WHERE id = :id", id=waiting.run_id) == "ended":
            self.met[CHANGED_CHAINS if how == "temperature" else LEFT] += 1
        self.look_at_once()
        self.live_on(20)

    @rule()
    def a_step_goes_at_which_somebody_waits(self):
        here = self.until(
            "SELECT e.step_key, c.temperature FROM enrollment e JOIN chain c ON c.id = e.chain_id"
            " WHERE e.lead_id = ANY(:leads) AND e.state = 'active' AND e.awaiting_delivery_id IS NULL"
            " AND e.due_at > now_of.at AND e.step_key IS NOT NULL",
            sends=True,
        )
        steps, at = self.place(here)
        if here is None or at is None or len(steps) == 1:
            return
        if self.publish_steps(here.temperature, steps[:at] + steps[at + 1 :]):
            self.met[STEP_WENT] += 1
        self.look_at_once()
        self.live_on(20)

    @rule()
    def a_mail_goes_out_and_moves_to_another_step(self):
        """Its lead stands where it was, and comes to where it is."""
        self.until("SELECT d.lead_id, d.id FROM delivery d" + _WAITING)
        self.away_until, self.says = self.garden.clock.now, "fine"
        self.send()
        self.garden.clock.moment += timedelta(minutes=1)
        for here in self.rows(
            "SELECT DISTINCT e.step_key, c.temperature FROM enrollment e JOIN chain c ON c.id = e.chain_id"
            " JOIN delivery d ON d.dedup_key = 'chain:' || e.id || ':' || e.step_key || ':' || e.pass_no"
            " WHERE e.lead_id = ANY(:leads) AND e.state = 'active' AND d.state = 'sent'"
        ):
            steps, at = self.place(here)
            if at is not None and "send" in steps[at]:
                self.edits += 1
                again = {"send": steps[at]["send"], "key": f"again-{self.edits}"}
                after = steps[at + 1 :]
                # Behind a step at which everybody there lands, so that the mail lies before them.
                landing = after if after and after[0].keys() & set(_HARMLESS) else [
                    {"wait": "1h", "key": f"land-{self.edits}"}, *after]  # fmt: skip
                if self.publish_steps(here.temperature, [*steps[:at], landing[0], again, *landing[1:]]):
                    self.met[MAIL_MOVED] += 1
        self.look_at_once()
        self.live_on(150)

    @rule(back=st.booleans())
    def a_click_that_counted_was_a_machines(self, back):
        """And after all a person's, if `back`."""
        for delivery_id, link_id in [one for lead in self.leads for one in self.links_of(lead)][:1]:
            at = self.garden.clock.now + timedelta(minutes=10)
            seen = Hit(
                uuid7(millis_of(at), os.urandom(10)), CLICK, delivery_id, link_id,
                method="GET", ua=CHROME, ip="198.51.100.9",
            )  # fmt: skip
            self.stream.add([hits.write(seen)])
            self.garden.clock.moment = at + timedelta(minutes=1)
            while record(self.garden.sessions, self.stream, [], now=self.garden.clock.now):
                pass
            self.turn()
            clicked = "SELECT clicked_at FROM delivery WHERE id = :id"
            counted = self.garden.value(clicked, id=delivery_id)
            self.turn_verdict("machine")
            self.met[TURNED] += counted is not None
            self.look_at_once()
            self.turn()
            if back:
                self.turn_verdict("human")
                self.look_at_once()
        self.live_on(9)

    def teardown(self):
        if hasattr(self, "leads"):
            self.met[HAD_IT] += len(
                self.rows("SELECT 1 FROM chain_event WHERE lead_id = ANY(:leads) AND reason = 'had_it'")
            )
            mailed = self.rows("SELECT 1 FROM delivery WHERE lead_id = ANY(:leads) AND state = 'sent'")
            self.met[HELD_OUT] += bool(mailed) and len(self.held_out())
        super().teardown()

    # How it is brought about

    def until(self, wanted: str, *, sends: bool = False) -> Row[Any] | None:
        """Live on until this finds something, nobody sending meanwhile unless `sends`; the first of it."""
        if not self.rows("SELECT 1 FROM enrollment WHERE lead_id = ANY(:leads) AND state = 'active'"):
            self.garden.clock.moment += timedelta(days=3)
            self.garden.enter(*self.leads)
        for _moment in range(8):
            self.away_until = self.garden.clock.now + timedelta(days=0 if sends else 99)
            self.turn()
            now = f"(SELECT CAST('{self.garden.clock.now.isoformat()}' AS timestamptz))"
            found = self.rows(wanted.replace("now_of.at", now) + " ORDER BY 1, 2 LIMIT 1")
            if found:
                return found[0]
            at = self.next_moment() if sends else self.next_step()
            if at is None:
                return None
            self.garden.clock.moment = at
        return None

    def next_step(self):
        """When a run is due next."""
        [(at,)] = self.rows(
            "SELECT min(due_at) FROM enrollment WHERE lead_id = ANY(:leads) AND state <> 'ended'"
        )
        return at if at is not None and at > self.garden.clock.now else None

    def place(self, here: Row[Any] | None) -> tuple[list[Any], int | None]:
        """The steps of the chain and the number of this one, None where it is inside another or not live."""
        steps = self.raw["chains"][here.temperature]["steps"] if here is not None else []
        keys = [step["key"] for step in steps]
        return steps, keys.index(here.step_key) if here is not None and here.step_key in keys else None

    def publish_steps(self, temperature: str, steps: list[Any]) -> bool:
        """Let a chain have these steps, and those inside go on by them; whether that can be."""
        chain = {**self.raw["chains"][temperature], "steps": steps}
        raw = {**self.raw, "chains": {**self.raw["chains"], temperature: chain}}
        if rules.examine(raw).faults:
            return False
        self.raw = raw
        self.publish(raw, "move")
        return True


_WAITING = (
    " JOIN enrollment e ON e.awaiting_delivery_id = d.id JOIN lead l ON l.id = d.lead_id"
    " WHERE d.lead_id = ANY(:leads) AND d.state = 'ready' AND e.state = 'active'"
)
