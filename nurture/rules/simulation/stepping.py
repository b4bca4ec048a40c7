"""Runs go along their chains in a simulation, and people do something with what they get.

A mail is accepted the moment it is sent; the engine takes as long as the mail server does, and looks for due
work twice a second.
"""

from dataclasses import replace
from datetime import datetime

from nurture.rules.chain import (
    Around,
    Decision,
    Emit,
    Hand,
    MoveTo,
    SendMail,
    SetTo,
    Standing,
    Tag,
    next_step,
)
from nurture.rules.chain.values import Intent
from nurture.rules.facts import SignalFact
from nurture.rules.program import Chain
from nurture.rules.simulation.lead import Lead, Run
from nurture.rules.simulation.log import Log
from nurture.rules.simulation.places import Places
from nurture.rules.simulation.rating import Inbox
from nurture.rules.simulation.sales import Sales
from nurture.rules.simulation.timeline import OUTSIDE, STEP, Timeline
from nurture.rules.simulation.values import REPLIED, UNSUBSCRIBED, Behaviour, World

_NO_CHAIN = Chain("", ())


class Stepping:
    """As `flows.advance` and what it writes, with delivery at once."""

    def __init__(
        self,
        world: World,
        places: Places,
        sales: Sales,
        inbox: Inbox,
        behaviour: Behaviour,
        timeline: Timeline,
        log: Log,
    ) -> None:
        self.world, self.program = world, world.program
        self.places, self.sales, self.inbox = places, sales, inbox
        self.behaviour, self.timeline, self.log = behaviour, timeline, log

    def step(self, lead: Lead, run: Run, now: datetime) -> None:
        """Take a run as far as it comes, if it is due still."""
        if run.due_at is None or run.due_at > now:
            return
        chain = self.program.chains.get(run.temperature, _NO_CHAIN)
        paused = lead.paused_until if lead.paused_until and lead.paused_until > now else None
        world = self.world
        around = Around(lead.sends, lead.suppressed, world.cap, world.hours, lead.with_sales, paused)
        decision = next_step(self.program, chain, run.standing, lead.seen(now), around, now)
        self._tell(lead, run, decision, now)
        run.standing = replace(decision.standing, waits=decision.reason)
        run.state, run.due_at, run.waiting_for = decision.state, decision.due_at, decision.waiting_for
        if decision.state == "ended":
            self.places.end(lead, run, now)
        elif decision.due_at is not None and decision.reason != "with_sales":
            # Sales itself wakes a run that steps aside for it; until then no look changes anything.
            self.timeline.push(decision.due_at, STEP, self.step, lead, run)
        changed = [self._act(lead, run, intent, now) for intent in decision.intents]
        if any(changed) and lead.join_segments(now):
            self.places.wake(lead, now)
            self.places.leave_reached(lead, now)
            self.places.enter(lead, now)

    def _tell(self, lead: Lead, run: Run, decision: Decision, now: datetime) -> None:
        note, chain = self.log.note, run.temperature
        self.log.steps(chain, decision.arrivals, decision.departures)
        for line in decision.history:
            note(
                lead, now, line.what, chain=chain, step=line.step_key, reason=line.reason, detail=line.detail
            )
        if decision.state == "active" and decision.due_at is not None:
            why, until = decision.reason, decision.due_at
            note(lead, now, "waits", chain=chain, step=decision.position, reason=why, until=until)

    def _act(self, lead: Lead, run: Run, intent: Intent, now: datetime) -> bool:
        """Carry out what a step wants; whether the lead itself changed."""
        match intent:
            case SendMail():
                self._send(lead, run, intent, now)
            case Tag(tags=tags):
                lead.tags = lead.tags | set(tags)
            case SetTo(field=name, to=value):
                lead.fields = {**lead.fields, name: value, f"fields.{name}": value}
            case Hand():
                self.sales.ripen(lead, "step", lead.readiness, now)
            case Emit(step=step):
                self.inbox.receive(lead, SignalFact(step.kind, now, None, step.data), now)
            case MoveTo(chain=chain, step=to):
                known = run.standing
                standing = Standing(
                    None,
                    now,
                    now,
                    sent=known.sent,
                    hops=known.hops,
                    rounds=known.rounds,
                    parallel=known.parallel,
                )
                self.places.begin(lead, chain, "resume", to, standing, "goto", now)
                return False
            case _:
                return False  # notices and posts leave the lead as it is
        return True

    def _send(self, lead: Lead, run: Run, mail: SendMail, now: datetime) -> None:
        time = lead.mails.get(mail.mail, 0)
        lead.mails[mail.mail] = time + 1
        lead.sends.append(now)
        lead.touches += 1
        lead.last_sent[run.temperature] = mail.step_key
        self.log.note(lead, now, "sent", chain=run.temperature, step=mail.step_key, mail=mail.mail)
        run.standing = replace(run.standing, settled_state="sent", settled_at=now, waits="settled")
        self.places.due(lead, run, now)
        for reaction in self.behaviour.reactions(lead.no, mail.mail, time):
            at = now + reaction.after
            signal = SignalFact(reaction.kind, at, mail.mail, {"mail": mail.mail})
            self.timeline.push(at, OUTSIDE, self.react, lead, signal)

    def react(self, lead: Lead, signal: SignalFact, now: datetime) -> None:
        """A lead does something with a mail."""
        if signal.kind == UNSUBSCRIBED:
            if self.program.purpose not in lead.consents:
                return
            lead.consents = lead.consents - {self.program.purpose}
            self.places.leave(lead, "unsubscribed", now)
        elif signal.kind == REPLIED and "reply" in self.program.exit_on:
            self.places.leave(lead, "replied", now)
        self.log.note(lead, now, signal.kind, mail=signal.mail)
        self.inbox.receive(lead, signal, now)
