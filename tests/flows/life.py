"""The life of a few leads in a random program: everything that can happen to them, on the real engine."""

import gc
import json
import os
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import Engine, text

from nurture.buffers.stream import HitStream
from nurture.flows import leave, live_edits, programs
from nurture.flows.deliver import deliver
from nurture.flows.overrule import overrule_hit
from nurture.flows.rate import rate
from nurture.flows.reach_goals import leave_reached
from nurture.flows.record import record
from nurture.flows.rejudge import rejudge
from nurture.flows.sweep import sweep
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules import hits
from nurture.rules import program as rules
from nurture.rules.entering import held_out
from nurture.rules.hits import CLICK, Hit
from nurture.rules.ids import millis_of, uuid7
from nurture.store import leads as lead_rows
from tests.flows.crashes import dying_at
from tests.flows.garden import Garden
from tests.flows.mailroom import Mailroom
from tests.flows.random_programs import EDITS, KINDS, MAILS, edited
from tests.flows.random_programs import programs as random_programs
from tests.flows.recording import CHROME
from tests.mail.scripted_smtp import Hang, ScriptedSmtp

MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
SCANNER = "Barracuda Sentinel (EE)"
WHO = st.integers(0, 2)
_numbers = count(1)


def _share_of_one(program: str, leads: list[int]) -> float:
    """The share in percent by which exactly one of these is held out: who comes first by its hash."""
    return (min(zlib.crc32(f"{program}:{lead}".encode()) % 10_000 for lead in leads) + 1) / 100


class Life(RuleBasedStateMachine):
    """Three leads in a program. Mails go out by SMTP to a server that may refuse, hang up after the dot or be
    away; processes die at any statement; the program is edited while they stand in it."""

    garden: Garden
    room: Mailroom
    server: ScriptedSmtp
    engine: Engine
    stream: HitStream

    @initialize(
        raw=random_programs(),
        dates=st.lists(st.sampled_from(["2026-03-20", "2026-02-01", ""]), min_size=3, max_size=3),
        compared=st.booleans(),
    )
    def begin(self, raw, dates, compared):
        """With `compared`, one of the three is held out."""
        number = next(_numbers)
        self.raw = {"program": f"life-{number}", **raw, "holdout": 0}
        assume(not rules.examine(self.raw).faults)
        self.garden.clock.moment = MONDAY
        zones = (None, "Asia/Tokyo", "America/New_York")
        self.leads = [
            self.garden.lead(
                f"lead-{number}-{at}", timezone=zones[at], dates={"renewal": dates[at]} if dates[at] else {}
            )
            for at in range(3)
        ]
        if compared:
            self.raw["holdout"] = _share_of_one(self.raw["program"], self.leads)
        self.read, self.words, self.edits = rules.read(self.raw), 0, 0
        self.away_until, self.says = MONDAY, "fine"
        self.outbox = self.room.new_outbox()
        self.server.on, self.taken_before = self.answer, len(self.server.log)
        self.execute("UPDATE program SET state = 'draft'")
        self.execute(
            "UPDATE delivery SET state = 'cancelled' WHERE state IN ('ready', 'deferred', 'scheduled',"
            " 'leased', 'sending')"
        )
        self.folder = self.garden.folder.parent / f"life-{number}"
        self.publish(self.raw, "move")
        with self.garden.sessions.begin() as session:
            lead_rows.refold(session, self.leads)
        self.garden.enter(*self.leads)
        self.live_on(50)
        self.first_of_all()

    def first_of_all(self) -> None:
        """What a life begins with, once its leads have come in."""

    def teardown(self):
        if hasattr(self, "outbox"):
            self.outbox.close()

    # The house

    def held_out(self) -> list[int]:
        """The leads that are to get no mails of the program, to compare with."""
        return [lead for lead in self.leads if held_out(self.read, lead)]

    def execute(self, sql: str, **values: object) -> None:
        with self.garden.sessions.begin() as session:
            session.execute(text(sql), {"now": self.garden.clock.now, **values} if ":now" in sql else values)

    def rows(self, sql: str, **values: object) -> list:
        with self.garden.sessions() as session:
            return list(session.execute(text(sql), {"leads": self.leads, **values}))

    def publish(self, raw, inside):
        """The program as it is now, made live."""
        (self.folder / "mails").mkdir(parents=True, exist_ok=True)
        (self.folder / "program.yaml").write_text(json.dumps(raw))
        for key in MAILS:
            body = f"---\nsubject: About {key}\n---\nHello {self.words}, [read](https://www.example.com/).\n"
            (self.folder / "mails" / f"{key}.md").write_text(body)
        now = self.garden.clock.now
        with self.garden.sessions.begin() as session:
            loaded = programs.load_folder(session, self.folder, publish=False, now=now, by="mia")
            live_edits.publish_draft(session, loaded.program_id, inside=inside, now=now, by="mia")
        self.program_id = loaded.program_id

    def answer(self, phase: str, _argument: str) -> str | None:
        """What the mail server says."""
        if self.says == "hangs" and phase == "dot":
            self.says = "fine"
            raise Hang
        if phase == "rcpt" and self.says == "refuses":
            return "550 5.1.1 no such user"
        if phase == "rcpt" and self.says == "is busy":
            return "451 4.3.2 later"
        return None

    def turn(self) -> None:
        """Everything that is due at this moment, until nothing is. What steps say of a lead is rated at the
        next."""
        now = self.garden.clock.now
        rejudge(self.garden.sessions, now=now)
        rate(self.garden.sessions, now=now)
        while self.garden.tick() + (self.send() if now >= self.away_until else 0):
            pass

    def send(self) -> int:
        if self.outbox.resting:
            # Its rest is in real seconds: another process takes over.
            self.outbox.close()
            self.outbox = self.room.new_outbox()
        now = self.garden.clock.now
        return deliver(self.garden.sessions, self.room.mailer, self.outbox, now=now)

    def next_moment(self) -> datetime | None:
        """When something is due next."""
        found = self.rows(
            "SELECT min(due_at) FROM enrollment WHERE lead_id = ANY(:leads) AND state <> 'ended'"
            " AND awaiting_delivery_id IS NULL"
            " UNION ALL SELECT min(due_at) FROM delivery WHERE lead_id = ANY(:leads)"
            " AND state IN ('ready', 'deferred', 'scheduled')"
            " UNION ALL SELECT min(CAST(params ->> 'until' AS timestamptz)) FROM delivery"
            " WHERE lead_id = ANY(:leads) AND state IN ('ready', 'deferred', 'scheduled')"
        )
        now = self.garden.clock.now
        moments = [at for (at,) in found if at is not None] + [self.away_until]
        return min((at for at in moments if at > now), default=None)

    # What can happen

    def live_on(self, hours: float, away: float = 3) -> None:
        """The mail server is away for some hours first, so that mails are accepted later than queued."""
        until = self.garden.clock.now + timedelta(hours=hours)
        self.away_until = self.garden.clock.now + timedelta(hours=away)
        self.turn()
        while (at := self.next_moment()) is not None and at <= until:
            self.garden.clock.moment = at
            self.turn()
        # What is due at the end is queued and not sent yet: whatever comes next meets it there.
        self.garden.clock.moment = until
        self.away_until = until + timedelta(hours=1)
        self.turn()

    @rule(
        hours=st.integers(1, 120),
        away=st.sampled_from([0, 5, 20]),
        says=st.sampled_from(["fine", "refuses", "is busy", "hangs"]),
    )
    def the_mail_server_has_its_moods(self, hours, away, says):
        self.says = says
        self.live_on(hours, away)
        self.says = "fine"

    @rule(days=st.integers(1, 12))
    def nobody_works_for_days(self, days):
        self.garden.clock.moment += timedelta(days=days)

    @rule(who=WHO)
    def the_temperature_changes(self, who):
        lead = self.leads[who]
        old = self.garden.value("SELECT temperature FROM lead WHERE id = :lead", lead=lead)
        self.garden.warm(lead, old, "warm" if old == "cold" else "cold")
        self.live_on(9)

    @rule(who=WHO, kind=KINDS)
    def a_lead_does_something(self, who, kind):
        self.garden.signal(self.leads[who], kind)
        self.live_on(9)

    @rule(who=WHO, tag=st.sampled_from(["engaged", "buyer", "goal"]))
    def a_tag_is_given(self, who, tag):
        lead = self.leads[who]
        self.execute("UPDATE lead SET tags = array_append(tags, :tag) WHERE id = :lead", tag=tag, lead=lead)
        with self.garden.sessions.begin() as session:
            leave_reached(session, [lead], now=self.garden.clock.now)
        self.live_on(20)

    @rule(who=WHO)
    def a_lead_replies(self, who):
        with self.garden.sessions.begin() as session:
            leave.leave_on(session, [self.leads[who]], "reply", "replied", now=self.garden.clock.now)
        self.live_on(20)

    @rule(who=WHO)
    def a_lead_unsubscribes(self, who):
        with self.garden.sessions.begin() as session:
            unsubscribe(session, self.leads[who], None, how="page", proof={}, now=self.garden.clock.now)
        self.live_on(20)

    @rule()
    def leads_are_looked_at_again(self):
        self.garden.enter(*self.leads)
        self.live_on(20)

    @rule(who=WHO, day=st.sampled_from(["2026-03-06", "2026-04-10", "2026-02-01"]))
    def a_date_changes(self, who, day):
        self.garden.change(self.leads[who], dates={"renewal": day})
        self.live_on(20)

    @rule(
        who=WHO,
        browser=st.sampled_from([CHROME, CHROME, SCANNER]),
        clicks=st.integers(1, 3),
        verdict=st.sampled_from([None, "human", "machine"]),
    )
    def a_mail_is_clicked(self, who, browser, clicks, verdict):
        """By its reader, or by a machine at the gate; somebody of the house may know better at once."""
        now = self.garden.clock.now
        for delivery_id, link_id in self.links_of(self.leads[who]):
            for no in range(clicks):
                at = now + timedelta(seconds=90 + 7 * no)
                seen = Hit(
                    uuid7(millis_of(at), os.urandom(10)), CLICK, delivery_id, link_id,
                    method="GET", ua=browser, ip="198.51.100.7",
                )  # fmt: skip
                self.stream.add([hits.write(seen)])
        self.garden.clock.moment += timedelta(minutes=5)
        while record(self.garden.sessions, self.stream, [], now=self.garden.clock.now):
            pass
        if verdict is not None:
            self.turn_verdict(verdict)
        self.live_on(9)

    def links_of(self, lead: int) -> Iterator[tuple[int, int]]:
        with self.garden.sessions() as session:
            yield from session.execute(
                text(
                    "SELECT d.id, min(l.id) FROM delivery d"
                    " JOIN link l ON l.mail_version_id = d.mail_version_id"
                    " WHERE d.lead_id = :lead AND d.state = 'sent' AND l.no > 0"
                    " GROUP BY d.id ORDER BY d.id DESC LIMIT 1"
                ),
                {"lead": lead},
            )

    @rule(verdict=st.sampled_from(["human", "machine"]))
    def a_verdict_turns(self, verdict):
        self.turn_verdict(verdict)
        self.live_on(5)

    def turn_verdict(self, verdict: str) -> None:
        for (hit_id,) in self.rows("SELECT id FROM hit WHERE lead_id = ANY(:leads) ORDER BY id DESC LIMIT 1"):
            with self.garden.sessions.begin() as session:
                overrule_hit(session, hit_id, verdict, "seen", by="user:1", now=self.garden.clock.now)

    @rule(edits=EDITS, here=st.booleans(), inside=st.sampled_from(["move", "move", "finish"]))
    def the_program_is_edited(self, edits, here, inside):
        """Steps go (`here`: those at which somebody stands), come, change places, keys and waits; words
        change; those inside move or finish."""
        self.edits += 1
        standing = self.rows(
            "SELECT step_key FROM enrollment WHERE lead_id = ANY(:leads) AND state = 'active'"
        )
        raw = edited(self.raw, edits, self.edits, {key for (key,) in standing} if here else set())
        self.words += any(what == "words" for what, *_rest in edits)
        if not rules.examine(raw).faults:
            self.raw = raw
            self.publish(raw, inside)
        self.live_on(30)

    @rule(inside=st.sampled_from(["move", "finish"]))
    def an_edit_is_rolled_back(self, inside):
        now = self.garden.clock.now
        live = (
            "SELECT v.no FROM program p JOIN program_version v ON v.id = p.live_version_id WHERE p.id = :id"
        )
        no = self.garden.value(live, id=self.program_id)
        if no > 1:
            with self.garden.sessions.begin() as session:
                live_edits.roll_back(session, self.program_id, no - 1, inside=inside, now=now, by="mia")
            spec = "SELECT spec FROM program_version WHERE program_id = :id AND no = :no"
            self.raw = self.garden.value(spec, id=self.program_id, no=no - 1)
        self.live_on(20)

    @rule()
    def a_turn_is_taken_again_as_after_a_crash(self):
        """What was decided before and whose mail is there already is decided once more."""
        self.execute(
            "UPDATE enrollment SET due_at = :now WHERE lead_id = ANY(:leads) AND state = 'active'"
            " AND due_at IS NOT NULL AND awaiting_delivery_id IS NULL",
            leads=self.leads,
        )
        self.garden.tick()

    @rule(statement=st.integers(1, 14), work=st.sampled_from(["steps", "mails", "mails"]))
    def a_process_dies(self, statement, work):
        """Right before one of its statements; another one sweeps up what it left."""
        self.says, self.away_until = "fine", self.garden.clock.now
        if work == "mails":
            self.garden.tick()
        with dying_at(self.engine, statement):
            if work == "steps":
                self.garden.tick()
            else:
                self.send()
        self.outbox.close()
        self.outbox = self.room.new_outbox()
        gc.collect()
        self.execute(
            "UPDATE delivery SET lease_until = clock_timestamp() - interval '1 second'"
            " WHERE lease_until IS NOT NULL"
        )
        while sweep(self.garden.sessions, self.outbox, now=self.garden.clock.now):
            pass
        self.live_on(20)
