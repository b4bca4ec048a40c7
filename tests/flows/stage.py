"""The engine on its real tables, played by a script: an instant at a time, as fast as there is work."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.models import parse_model
from nurture.files.yaml_lines import Faults
from nurture.flows import programs
from nurture.flows.advance import advance
from nurture.flows.answer import Outcome, answer
from nurture.flows.deliver import deliver
from nurture.flows.enroll import enter_existing
from nurture.flows.hand_over import hand_over
from nurture.flows.leave import leave_all
from nurture.flows.membership import update_dirty
from nurture.flows.rate import rate
from nurture.flows.take_in import take_in
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules.simulation.values import REPLIED, UNSUBSCRIBED, Behaviour, Reaction
from nurture.store import installation, models, signals
from nurture.store.deliveries import Delivery
from nurture.store.signals import NewSignal
from tests.flows.mailroom import BASE, PEPPER, RING, Mailroom

BODY = "---\nsubject: About {key}\n---\nHello, [read](https://www.example.com/{key}).\n"

_KEYS = text("SELECT v.id, m.key FROM mail_version v JOIN mail m ON m.id = v.mail_id")
_SENT = text("SELECT lead_id, sent_at, step_key FROM delivery WHERE state = 'sent' AND purpose = 'chain'")


class Stage:
    """`play` lets time go by until `end`; what happened stands in the tables."""

    def __init__(self, sessions: sessionmaker[Session], room: Mailroom, start: datetime) -> None:
        self.sessions, self.room, self.now = sessions, room, start
        self.script: list[tuple[datetime, int, Any]] = []
        self.played = 0
        self.numbers: dict[int, int] = {}
        self.mailed: dict[tuple[int, str], int] = {}
        self.reacted: set[int] = set()
        self.asked: set[int] = set()
        self.handed: dict[int, int] = {}

    def model(self, source: str) -> None:
        with self.sessions.begin() as session:
            model = parse_model(source, Faults("default.yaml"))
            _model, version_id, _no = models.add_version(session, model, source, now=self.now, by="test")
            models.set_live(session, version_id, now=self.now)

    def publish(self, folder: Path, spec: Mapping[str, Any], mails: list[str]) -> int:
        (folder / "mails").mkdir(parents=True, exist_ok=True)
        (folder / "program.yaml").write_text(json.dumps(spec))
        for key in mails:
            (folder / "mails" / f"{key}.md").write_text(BODY.format(key=key))
        with self.sessions.begin() as session:
            return programs.load_folder(session, folder, publish=True, now=self.now, by="mia").program_id

    def capacity(self, per_day: int | None) -> None:
        with self.sessions.begin() as session:
            row = installation.get(session)
            row.handover_capacity_per_day, row.timezone = per_day, "Europe/Berlin"

    def come(self, lead_ids: list[int]) -> None:
        """New leads are judged and let in."""
        self.numbers = {lead_id: no for no, lead_id in enumerate(sorted(lead_ids))}
        with self.sessions.begin() as session:
            take_in(session, lead_ids, since=None, base_url=BASE, now=self.now)

    def play(self, behaviour: Behaviour, end: datetime) -> None:
        midnight = _midnight(self.now)
        while True:
            self._turn(behaviour)
            at = min([midnight, *self._dues(), *(one[0] for one in self.script[:1])])
            if at >= end:
                return
            self.now = max(at, self.now)
            if at == midnight:
                enter_existing(self.sessions, now=self.now)
                midnight = _midnight(self.now)

    def _dues(self) -> list[datetime]:
        """When something is due next by the tables."""
        with self.sessions() as session:
            found = session.execute(
                text("""
                    SELECT min(due_at) FROM enrollment WHERE state <> 'ended' AND awaiting_delivery_id IS NULL
                    UNION ALL SELECT min(due_at) FROM lead_heat
                    UNION ALL SELECT CAST(:tomorrow AS timestamptz)
                        WHERE EXISTS (SELECT FROM handoff WHERE state = 'waiting')
                """),
                {"tomorrow": _midnight_in_berlin(self.now)},
            )
            return [at for at in found.scalars() if at is not None and at > self.now]

    def _turn(self, behaviour: Behaviour) -> None:
        """Everything that is due at this instant, in the order of the pump, until nothing is."""
        while self.script and self.script[0][0] <= self.now:
            heappop(self.script)[2]()
        done = 1
        while done:
            done = rate(self.sessions, now=self.now)
            done += self._refresh()
            done += hand_over(self.sessions, RING, BASE, now=self.now)
            self._ask_sales(behaviour)
            done += advance(self.sessions, PEPPER, now=self.now)
            done += deliver(self.sessions, self.room.mailer, self.room.outbox, now=self.now)
            self._react(behaviour)

    def _refresh(self) -> int:
        with self.sessions() as session:
            noted = session.execute(text("SELECT count(*) FROM dirty_lead")).scalar_one()
        return update_dirty(self.sessions, now=self.now) if noted else 0

    def _plan(self, at: datetime, act: Any) -> None:
        self.played += 1
        heappush(self.script, (at, self.played, act))

    def _react(self, behaviour: Behaviour) -> None:
        with self.sessions() as session:
            query = select(Delivery).where(Delivery.state == "sent", Delivery.purpose == "chain")
            new = [one for one in session.scalars(query.order_by(Delivery.id)) if one.id not in self.reacted]
            keys = {row.id: row.key for row in session.execute(_KEYS)}
        for one in new:
            self.reacted.add(one.id)
            lead_id, mail = one.lead_id or 0, keys[one.mail_version_id or 0]
            time = self.mailed.get((lead_id, mail), 0)
            self.mailed[lead_id, mail] = time + 1
            for reaction in behaviour.reactions(self.numbers[lead_id], mail, time):
                at = (one.sent_at or self.now) + reaction.after
                self._plan(at, lambda one=one, reaction=reaction, mail=mail: self._do(one, reaction, mail))

    def _do(self, delivery: Delivery, reaction: Reaction, mail: str) -> None:
        lead_id = delivery.lead_id or 0
        with self.sessions.begin() as session:
            if reaction.kind == UNSUBSCRIBED:
                unsubscribe(
                    session, lead_id, "marketing", how="page", proof={}, now=self.now, delivery_id=delivery.id
                )
                return
            data = {"mail": mail}
            signal = NewSignal(lead_id, reaction.kind, self.now, "test", mail_key=mail, data=data)
            signals.add(session, [signal], now=self.now)
            if reaction.kind == REPLIED:
                leave_all(session, [lead_id], REPLIED, now=self.now, program_id=delivery.program_id)

    def _ask_sales(self, behaviour: Behaviour) -> None:
        with self.sessions() as session:
            rows = session.execute(
                text("SELECT id, lead_id FROM handoff WHERE released_at IS NOT NULL ORDER BY ripening_no, id")
            ).all()
        for handoff_id, lead_id in rows:
            if handoff_id in self.asked:
                continue
            self.asked.add(handoff_id)
            time = self._no_of(handoff_id, lead_id)
            for said in behaviour.answers(self.numbers[lead_id], time):
                self._plan(
                    self.now + said.after,
                    lambda number=handoff_id, said=said: self._answer(number, said.outcome),
                )

    def _no_of(self, handoff_id: int, lead_id: int) -> int:
        with self.sessions() as session:
            query = text("SELECT count(*) FROM handoff WHERE lead_id = :lead AND id < :id")
            return int(session.execute(query, {"lead": lead_id, "id": handoff_id}).scalar_one())

    def _answer(self, handoff_id: int, outcome: str) -> None:
        meets = self.now + timedelta(days=1) if outcome == "meeting" else None
        with self.sessions.begin() as session:
            answer(session, handoff_id, Outcome(outcome, at=meets), by="sales", now=self.now)

    # What happened

    def mails(self) -> list[tuple[int, datetime, str]]:
        """(number of the lead, instant, step) of every chain mail, in order."""
        with self.sessions() as session:
            rows = session.execute(_SENT)
            return sorted((self.numbers[lead], at.astimezone(UTC), step) for lead, at, step in rows)

    def temperatures(self) -> list[tuple[int, datetime, str]]:
        with self.sessions() as session:
            rows = session.execute(text("SELECT lead_id, at, new FROM temperature_change"))
            return sorted((self.numbers[lead], at.astimezone(UTC), new) for lead, at, new in rows)

    def handoffs(self) -> list[tuple[int, datetime, str, datetime | None]]:
        """(number of the lead, when it was ripe, why, when it went to sales)."""
        with self.sessions() as session:
            rows = session.execute(text("SELECT lead_id, ready_at, cause, released_at FROM handoff"))
            return sorted(
                (self.numbers[lead], at.astimezone(UTC), cause, given and given.astimezone(UTC))
                for lead, at, cause, given in rows
            )

    def stands(self) -> list[tuple[int, str, str, str | None]]:
        """(number of the lead, chain, state, step) of every open run."""
        with self.sessions() as session:
            rows = session.execute(
                text("""
                    SELECT e.lead_id, c.temperature, coalesce(e.resting_reason, e.state),
                           CASE WHEN e.state = 'active' THEN e.step_key END
                    FROM enrollment e JOIN chain c ON c.id = e.chain_id WHERE e.state <> 'ended'
                """)
            )
            return sorted((self.numbers[lead], chain, state, step or "") for lead, chain, state, step in rows)


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _midnight_in_berlin(at: datetime) -> datetime:
    local = at.astimezone(ZoneInfo("Europe/Berlin"))
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=1)).astimezone(UTC)
