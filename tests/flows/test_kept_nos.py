"""A no to one kind of mail holds for the address, whatever becomes of the lead that said it."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import Conflict
from nurture.flows import forms
from nurture.flows.confirm_sign_up import confirm_sign_up
from nurture.flows.consent import ask
from nurture.flows.import_leads import ImportOptions, import_leads
from nurture.flows.keep_nos import hold_to, keep_nos
from nurture.flows.leads import erase_lead, save_lead
from nurture.flows.leave_everything import leave_everything
from nurture.flows.merge_leads import merge
from nurture.flows.note_consent import Said, note_consent
from nurture.flows.preferences import choose
from nurture.flows.sign_up import Circumstances, sign_up
from nurture.flows.suppress import lift
from nurture.flows.unmerge_leads import undo_merge
from nurture.flows.unsubscribe import unsubscribe
from nurture.store import consents, suppressions
from nurture.store.leads import Lead
from nurture.store.suppressions import NewSuppression, address_hash
from tests.conftest import TUESDAY
from tests.mailed import a_delivery, a_mailing

PEPPER, BASE = b"pepper", "http://localhost"
LATER = TUESDAY + timedelta(days=1)
ANNA = "anna@leads.example"
FORM = {
    "title": "Letters",
    "fields": [{"field": "email", "label": "E-mail", "required": True}],
    "consents": [
        {"purpose": "newsletter", "wording": "Yes, the newsletter.", "required": False},
        {"purpose": "events", "wording": "Yes, invitations.", "required": False},
    ],
}


class House:
    """Leads come by API, file and form; noes are hashed when asked to."""

    def __init__(self, sessions: sessionmaker[Session], home: Path) -> None:
        self.sessions, self.home = sessions, home

    def save(self, **said: Any) -> int:
        with self.sessions.begin() as session:
            return save_lead(session, said, now=LATER, by="key:1", pepper=PEPPER, base_url=BASE).id

    def bring(self, address: str, consent: str = "newsletter") -> dict[str, int]:
        file = self.home / "again.csv"
        file.write_text(f"email,first_name\n{address},Anna\nbert@leads.example,Bert\n")
        done = import_leads(
            self.sessions,
            file,
            ImportOptions(consent=consent, source=f"file {len(list(self.home.iterdir()))} {consent}"),
            home=self.home,
            pepper=PEPPER,
            base_url=BASE,
            now=LATER,
        )
        return dict(done.not_mailable)

    def leave(self, lead_id: int, purpose: str = "newsletter") -> None:
        with self.sessions.begin() as session:
            unsubscribe(session, lead_id, purpose, how="one_click", proof={}, now=TUESDAY)

    def hash(self) -> int:
        return keep_nos(self.sessions, PEPPER)

    def erase(self, lead_id: int) -> None:
        with self.sessions.begin() as session:
            erase_lead(session, lead_id, pepper=PEPPER, home=self.home, now=TUESDAY, by="user:1")

    def sign_up(self, address: str, *purposes: str) -> None:
        """By the form, and by the button in the mail that it sends."""
        with self.sessions.begin() as session:
            made = forms.create(session, f"letters-{purposes[0]}", "Letters", FORM, by="user:1", now=TUESDAY)
            form = forms.known(session, made.row.id)
            typed = {"email": address} | {f"consent.{one}": "yes" for one in purposes}
            number = sign_up(session, form, typed, Circumstances(), pepper=PEPPER, base_url=BASE, now=LATER)
        with self.sessions.begin() as session:
            confirm_sign_up(session, number, proof={}, pepper=PEPPER, base_url=BASE, now=LATER)

    def agrees(self, address: str, purpose: str = "newsletter") -> bool:
        query = text(
            "SELECT bool_or(k.granted) FROM lead l JOIN lead_consent k ON k.lead_id = l.id"
            " WHERE l.email_norm = :address AND k.purpose = :purpose"
        )
        with self.sessions() as session:
            return bool(session.scalar(query, {"address": address, "purpose": purpose}))

    def shut(self, address: str) -> tuple[str | None, set[str]]:
        """Why nothing goes to the address at all, and what its owner has said no to alone."""
        digest = address_hash(PEPPER, address)
        with self.sessions() as session:
            found = suppressions.shut(session, [digest])
        return found.wholly.get(digest), found.purposes.get(digest, set())


@pytest.fixture
def house(sessions: sessionmaker[Session], tmp_path: Path) -> House:
    return House(sessions, tmp_path)


@pytest.fixture
def anna(house: House) -> int:
    """She agreed to the newsletter and to invitations, and takes the first back."""
    return house.save(email=ANNA, consent={"newsletter": True, "events": True})


def test_a_no_to_the_newsletter_outlives_the_erasure_of_its_lead(house: House, anna: int) -> None:
    house.leave(anna)
    house.hash()
    house.erase(anna)
    assert house.shut(ANNA) == ("erased", {"newsletter"})
    # What erased her is over once she signs up for something else; the newsletter is still a no.
    house.sign_up(ANNA, "events")
    assert house.shut(ANNA) == (None, {"newsletter"})
    assert house.bring(ANNA) == {"unsubscribed": 1}
    assert house.agrees(ANNA, "events") and not house.agrees(ANNA)
    house.save(email=ANNA, consent={"newsletter": True})
    assert not house.agrees(ANNA)
    # Only her own yes opens it again, and then a file may say so too.
    house.sign_up(ANNA, "newsletter")
    assert house.agrees(ANNA) and house.shut(ANNA) == (None, set())
    assert house.bring(ANNA) == {}


def test_it_is_not_lost_where_the_erasure_comes_before_the_hash(house: House, anna: int) -> None:
    house.leave(anna)
    house.erase(anna)
    assert house.shut(ANNA) == ("erased", {"newsletter"})
    assert house.hash() == 0


@pytest.mark.parametrize("hashed", [True, False])
def test_an_address_that_moves_on_keeps_its_no(house: House, anna: int, hashed: bool) -> None:
    house.leave(anna)
    if hashed:
        house.hash()
    house.save(id=anna, email="anna@new.example")
    assert house.bring(ANNA) == {"unsubscribed": 1}
    # And whoever takes the address over does not bring a yes of their own along.
    ina = house.save(email="ina@leads.example", consent={"newsletter": True})
    house.save(id=ina, email="anna@other.example")
    assert house.agrees("anna@other.example")
    with house.sessions.begin() as session:
        session.execute(
            text("UPDATE lead SET email = NULL, email_norm = NULL WHERE email_norm = :a"), {"a": ANNA}
        )
    house.save(id=ina, email=ANNA)
    assert not house.agrees(ANNA)


@pytest.mark.parametrize("everything", [False, True])
def test_whoever_says_no_in_an_old_mail_is_meant_by_the_address_it_went_to(
    house: House, anna: int, db: Session, everything: bool
) -> None:
    mail = a_delivery(db, a_mailing(db), db.get_one(Lead, anna), purpose="newsletter")
    db.execute(text("UPDATE delivery SET address = :address"), {"address": "Anna@Leads.example"})
    db.commit()
    house.save(id=anna, email="anna@new.example")
    with house.sessions.begin() as session:
        if everything:
            how = {"how": "one_click", "proof": {}, "delivery_id": mail, "now": LATER}
            leave_everything(session, anna, pepper=PEPPER, **how)
        else:
            unsubscribe(session, anna, "newsletter", how="one_click", proof={}, now=LATER, delivery_id=mail)
    assert house.bring(ANNA) == {"suppressed" if everything else "unsubscribed": 1}
    house.hash()
    for address in (ANNA, "anna@new.example"):
        assert house.shut(address)[0] == ("unsubscribed_all" if everything else None)
        assert "newsletter" in house.shut(address)[1]


def test_a_proven_yes_takes_it_back_and_a_mere_one_does_not(house: House, anna: int) -> None:
    house.leave(anna)
    house.hash()
    house.erase(anna)
    with house.sessions.begin() as session:  # the company's own list of erased people was emptied
        session.execute(text("UPDATE suppression SET lifted_at = now()"))
        session.execute(text("UPDATE kept_no SET lifted_at = now() WHERE purpose = '*'"))
    again = house.save(email=ANNA, consent={"newsletter": True})
    assert again != anna and not house.agrees(ANNA)
    with house.sessions.begin() as session, pytest.raises(Conflict):
        early = Said("newsletter", True, at=TUESDAY - timedelta(days=9))
        note_consent(session, again, early, by="user:1", now=LATER)
    house.save(email=ANNA, consent={"newsletter": True, "proof": "call of 9 March"})
    assert house.agrees(ANNA) and house.shut(ANNA) == (None, set())


def test_a_question_that_a_stranger_asks_opens_no_door(house: House, anna: int) -> None:
    house.leave(anna)
    with house.sessions.begin() as session:
        ask(session, anna, "newsletter", wording="?", channel="form", proof={}, now=LATER)
    house.save(email=ANNA, consent={"newsletter": True})
    assert not house.agrees(ANNA)
    with house.sessions() as session:
        assert consents.decided(session, [anna], "newsletter") == {anna}
    other = house.save(phone="+4930123456", consent={"newsletter": True})
    with house.sessions.begin() as session:
        merge(session, other, anna, pepper=PEPPER, by="user:1", now=LATER)
    assert not house.agrees(ANNA)


def test_a_no_of_before_the_engine_kept_them_is_hashed_as_well(house: House, anna: int) -> None:
    house.leave(anna)
    with house.sessions.begin() as session:
        session.execute(text("DELETE FROM no_to_keep"))
        session.execute(text(import_module("nurture.migrations.versions.0042_kept_nos")._SAID_BEFORE))
    assert house.hash() == 1
    assert house.shut(ANNA) == (None, {"newsletter"})


def test_merged_people_share_it_and_an_undone_merge_takes_back_what_it_said(house: House, anna: int) -> None:
    other = house.save(email="anna@home.example", consent={"newsletter": True})
    house.leave(anna)
    house.hash()
    with house.sessions.begin() as session:
        noted = merge(session, other, anna, pepper=PEPPER, by="user:1", now=LATER).id
    house.hash()
    assert house.shut("anna@home.example") == (None, {"newsletter"})
    with house.sessions.begin() as session:
        undo_merge(session, noted, pepper=PEPPER, by="user:1", now=LATER)
    house.hash()
    assert house.shut("anna@home.example") == (None, set()) and house.agrees("anna@home.example")
    assert house.shut(ANNA) == (None, {"newsletter"}) and not house.agrees(ANNA)


def test_what_was_said_while_they_were_one_holds_for_both_addresses(house: House, anna: int) -> None:
    other = house.save(email="anna@home.example", consent={"newsletter": True})
    with house.sessions.begin() as session:
        noted = merge(session, other, anna, pepper=PEPPER, by="user:1", now=LATER).id
    house.leave(other)
    house.hash()
    with house.sessions.begin() as session:
        undo_merge(session, noted, pepper=PEPPER, by="user:1", now=LATER)
    assert not house.agrees(ANNA) and not house.agrees("anna@home.example")


def test_no_to_everything_holds_where_a_wrong_address_is_let_in_again(house: House, anna: int) -> None:
    with house.sessions.begin() as session:
        new = NewSuppression(address_hash(PEPPER, ANNA), "hard_bounce", lead_id=anna)
        suppressions.suppress(session, [new], now=TUESDAY)
        leave_everything(session, anna, how="page", proof={}, pepper=PEPPER, now=TUESDAY)
        kept = suppressions.active(session, address_hash(PEPPER, ANNA))
        assert kept is not None
        lift(session, kept.id, by="user:1", now=LATER)
    assert house.shut(ANNA)[0] == "unsubscribed_all"
    house.erase(anna)
    assert house.bring(ANNA, "events") == {"suppressed": 1}
    house.save(email=ANNA, consent={"events": True})
    assert not house.agrees(ANNA, "events")
    house.sign_up(ANNA, "events")
    assert house.shut(ANNA)[0] is None and house.agrees(ANNA, "events") and not house.agrees(ANNA)


def test_a_yes_on_the_preferences_page_ends_it_while_it_waits_and_after(house: House, anna: int) -> None:
    for hashed in (False, True):
        house.leave(anna)
        if hashed:
            house.hash()
        with house.sessions.begin() as session:
            words = {"newsletter": "Yes", "events": "Yes"}
            choose(session, anna, words, delivery_id=None, proof={}, now=LATER)
        house.hash()
        assert house.shut(ANNA) == (None, set()) and house.agrees(ANNA)


def test_holding_many_to_their_noes_takes_as_many_statements_as_holding_one(
    house: House, anna: int, db: Session
) -> None:
    people = [house.save(email=f"p{n}@leads.example", consent={"newsletter": False}) for n in range(6)]
    house.hash()
    hold_to(db, [(lead, f"p{n}@leads.example") for n, lead in enumerate(people)], PEPPER, now=LATER)
    query = text("SELECT count(*) FROM consent WHERE state = 'withdrawn'")
    assert db.scalar(query) == len(people), "what they have said themselves is not written again"
