"""Whoever writes newsletters."""

from sqlalchemy import text

from nurture.flows import edit_newsletters as editing
from nurture.flows.consent import grant
from nurture.flows.newsletters import send_newsletters
from nurture.flows.unsubscribe import unsubscribe
from nurture.flows.why import why_newsletter
from nurture.store import consents
from nurture.store.newsletters import Newsletter
from tests.flows.mailroom import PEPPER, Mailroom

WORDS = {
    "name": "March",
    "subject": "News",
    "body": "Hello {{ lead.first_name }}, [read](https://www.example.com/).",
}


class Press:
    """Writes newsletters and lets them go out."""

    def __init__(self, room: Mailroom, clock) -> None:
        self.room, self.clock, self.sessions = room, clock, room.sessions

    def write(self, **more: object) -> int:
        with self.sessions.begin() as session:
            return editing.create(session, {**WORDS, **more}, by="mia", now=self.clock.now).id

    def do(self, what: str, number: int, **more: object) -> None:
        with self.sessions.begin() as session:
            getattr(editing, what)(session, number, **more, by="mia", now=self.clock.now)

    def turn(self, limit: int = 1_000) -> int:
        return send_newsletters(self.sessions, PEPPER, now=self.clock.now, limit=limit)

    def run(self) -> None:
        """Everything that is due now."""
        self.room.now = self.clock.now
        while self.turn() + self.room.run():
            pass

    def get(self, number: int) -> Newsletter:
        with self.sessions() as session:
            return session.get_one(Newsletter, number)

    def progress(self, number: int) -> editing.Progress:
        with self.sessions() as session:
            return editing.progress(session, session.get_one(Newsletter, number), now=self.clock.now)

    def leave(self, lead: int) -> None:
        with self.sessions.begin() as session:
            unsubscribe(session, lead, "marketing", how="page", proof={}, now=self.clock.now)

    def agree(self, lead: int) -> None:
        how = {"wording": "Write to me", "channel": "page", "proof": {}}
        with self.sessions.begin() as session:
            grant(session, lead, "marketing", **how, now=self.clock.now)

    def said(self, lead: int) -> list[int]:
        """The entries of the ledger, oldest first."""
        with self.sessions() as session:
            return [entry.id for entry in consents.ledger(session, lead)]

    def refused_by(self, number: int, lead: int) -> tuple[str, int | None]:
        with self.sessions() as session:
            answer = why_newsletter(session, lead, number, now=self.clock.now)
        assert answer.state == "no"
        return answer.reason, answer.consent_id

    def states(self, number: int) -> dict[str, int]:
        with self.sessions() as session:
            rows = session.execute(
                text("SELECT state, count(*) FROM delivery WHERE newsletter_id = :id GROUP BY 1"),
                {"id": number},
            )
            return dict(rows.all())
