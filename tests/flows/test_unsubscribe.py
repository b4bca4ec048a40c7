"""Whoever asks to be left alone is left alone, with proof, once and for good."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.errors import NotFound
from nurture.flows.consent import ask, confirm, grant
from nurture.flows.leads import save_lead
from nurture.flows.leave_everything import leave_everything
from nurture.flows.preferences import choose
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules import proof
from nurture.rules.addresses import normalise
from nurture.store import consents, deliveries, suppressions
from nurture.store.enrollments import Enrollment
from nurture.store.leads import Lead
from nurture.store.webhook_endpoints import WebhookEndpoint
from tests.conftest import TUESDAY
from tests.mailed import Mailing, a_delivery, a_lead, a_mailing

PROOF = proof.of_request(key=b"pepper", token="t0ken", ip="198.51.100.7", user_agent="Mail/1")
LATER = TUESDAY + timedelta(days=1)


@pytest.fixture
def mailing(db: Session) -> Mailing:
    return a_mailing(db)


@pytest.fixture
def anna(db: Session) -> Lead:
    """Anna, who agreed to marketing and to the newsletter."""
    anna = a_lead(db)
    for purpose in ("marketing", "newsletter"):
        grant(db, anna.id, purpose, wording="Yes, write to me", channel="form", proof={}, now=TUESDAY)
    db.commit()
    return anna


def an_enrollment(db: Session, mailing: Mailing, lead: Lead) -> int:
    run = Enrollment(
        program_id=mailing.program_id,
        chain_id=mailing.chain_id,
        version_id=mailing.version_id,
        lead_id=lead.id,
        step_key="welcome",
        due_at=TUESDAY,
        data={},
        entered_at=TUESDAY,
    )
    db.add(run)
    db.commit()
    return run.id


def leave(db: Session, lead: Lead, purpose: str | None = "marketing") -> bool:
    news = unsubscribe(db, lead.id, purpose, how="one_click", proof=PROOF, now=LATER)
    db.commit()
    return news


def states(db: Session) -> list[tuple[str, str]]:
    return [tuple(row) for row in db.execute(text("SELECT state, reason FROM delivery ORDER BY id"))]


def test_after_it_nothing_more_can_be_claimed_for_sending(db: Session, mailing: Mailing, anna: Lead) -> None:
    run = an_enrollment(db, mailing, anna)
    for n, state in enumerate(("scheduled", "ready", "deferred", "sent")):
        a_delivery(db, mailing, anna, key=str(n), state=state, enrollment_id=run)
    a_delivery(db, mailing, anna, purpose="newsletter", state="ready")
    assert leave(db, anna)
    assert states(db) == [*[("cancelled", "unsubscribed")] * 3, ("sent", ""), ("cancelled", "unsubscribed")]
    assert deliveries.claim(db, host="h", live=True, now=LATER, limit=10) == []


def test_a_mail_made_later_all_the_same_is_skipped_when_it_is_claimed(
    db: Session, mailing: Mailing, anna: Lead
) -> None:
    leave(db, anna)
    a_delivery(db, mailing, anna, state="ready")
    (claimed,) = deliveries.claim(db, host="h", live=True, now=LATER, limit=10)
    assert claimed.refusal == "no_consent"


def test_the_run_in_the_program_ends(db: Session, mailing: Mailing, anna: Lead) -> None:
    an_enrollment(db, mailing, anna)
    leave(db, anna)
    ended = db.execute(text("SELECT state, exit_reason, due_at FROM enrollment")).one()
    assert tuple(ended) == ("ended", "unsubscribed", None)


def test_only_the_purpose_that_was_meant_ends(db: Session, mailing: Mailing, anna: Lead) -> None:
    an_enrollment(db, mailing, anna)
    waiting = a_delivery(db, mailing, anna, state="ready")
    leave(db, anna, "newsletter")
    assert consents.standing(db, anna.id) == {"marketing": "granted", "newsletter": "withdrawn"}
    assert db.scalar(text("SELECT state FROM enrollment")) == "active"
    assert [claim.id for claim in deliveries.claim(db, host="h", live=True, now=LATER, limit=9)] == [waiting]


def test_all_means_every_purpose_known_to_the_house(db: Session, mailing: Mailing, anna: Lead) -> None:
    a_mailing(db, key="travel", purpose="travel_offers")
    leave(db, anna, None)
    assert set(consents.standing(db, anna.id).values()) == {"withdrawn"}
    assert set(consents.standing(db, anna.id)) == {"marketing", "newsletter", "travel_offers"}


def test_who_leaves_everything_stays_out_by_the_address_whoever_has_it_later(
    db: Session, mailing: Mailing, anna: Lead
) -> None:
    assert leave_everything(db, anna.id, how="page", proof=PROOF, pepper=b"pepper", now=LATER)
    assert anna.email is not None
    digest = suppressions.address_hash(b"pepper", normalise(anna.email))
    assert suppressions.suppressed(db, [digest]) == {digest: "unsubscribed_all"}
    assert not leave_everything(db, anna.id, how="mail", proof=PROOF, pepper=b"pepper", now=LATER)
    assert db.scalar(text("SELECT count(*) FROM suppression")) == 1


def test_a_new_yes_of_their_own_opens_the_address_again_and_nothing_else_does(
    db: Session, mailing: Mailing, anna: Lead
) -> None:
    leave_everything(db, anna.id, how="page", proof=PROOF, pepper=b"pepper", now=LATER)
    digest = suppressions.address_hash(b"pepper", normalise(anna.email or ""))
    choose(db, anna.id, {}, delivery_id=None, proof=PROOF, now=LATER)
    assert suppressions.suppressed(db, [digest])
    choose(db, anna.id, {"newsletter": "Yes, write to me"}, delivery_id=None, proof=PROOF, now=LATER)
    assert suppressions.suppressed(db, [digest]) == {}
    assert consents.standing(db, anna.id)["marketing"] == "withdrawn"


def test_a_yes_without_proof_opens_no_address_for_a_purpose_that_is_new_either(
    db: Session, mailing: Mailing, anna: Lead
) -> None:
    leave_everything(db, anna.id, how="page", proof=PROOF, pepper=b"pepper", now=LATER)
    digest = suppressions.address_hash(b"pepper", normalise(anna.email or ""))
    told = {"id": anna.id, "consent": {"webinars": True}}
    save_lead(db, told, now=LATER, by="key:7", pepper=b"pepper", base_url="https://nurture.example")
    assert suppressions.suppressed(db, [digest])
    assert "webinars" not in consents.standing(db, anna.id)
    told = {"id": anna.id, "consent": {"webinars": True, "proof": "asked for them by phone"}}
    save_lead(db, told, now=LATER, by="key:7", pepper=b"pepper", base_url="https://nurture.example")
    assert suppressions.suppressed(db, [digest]) == {}
    assert consents.standing(db, anna.id)["webinars"] == "granted"


def test_asked_twice_it_is_one_withdrawal_one_signal_and_one_message(
    db: Session, mailing: Mailing, anna: Lead
) -> None:
    db.add(WebhookEndpoint(url="https://sales.example/hook", types=[], secrets=[], created_at=TUESDAY))
    db.commit()
    delivery = a_delivery(db, mailing, anna)
    unsubscribe(db, anna.id, "marketing", how="one_click", proof=PROOF, now=LATER, delivery_id=delivery)
    assert not leave(db, anna)
    assert not leave(db, anna)
    signal = db.execute(text("SELECT kind, mail_key, data FROM signal")).one()
    assert (signal.kind, signal.mail_key) == ("unsubscribed", "welcome")
    assert signal.data == {"purpose": "marketing", "how": "one_click", "mail": "welcome"}
    assert db.scalars(text("SELECT type FROM webhook_message")).all() == ["lead.unsubscribed"]
    assert len(consents.ledger(db, anna.id)) == 3


def test_two_clicks_at_the_same_moment_are_one(
    db: Session, mailing: Mailing, anna: Lead, sessions: sessionmaker[Session]
) -> None:
    def click() -> None:
        with sessions.begin() as session:
            unsubscribe(session, anna.id, "marketing", how="one_click", proof=PROOF, now=LATER)

    threads = [threading.Thread(target=click) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert db.scalar(text("SELECT count(*) FROM signal")) == 1
    assert len(consents.ledger(db, anna.id)) == 3


def test_the_proof_is_kept_without_the_address(db: Session, mailing: Mailing, anna: Lead) -> None:
    leave(db, anna)
    last = consents.ledger(db, anna.id)[-1]
    assert (last.state, last.channel, last.proof["token"]) == ("withdrawn", "one_click", "t0ken")
    assert "198.51.100.7" not in str(last.proof)
    again = proof.of_request(key=b"pepper", token="x", ip="198.51.100.7", user_agent="Mail/1")
    assert last.proof["ip_hash"] == again["ip_hash"]


def test_whoever_comes_back_is_written_to_again(db: Session, mailing: Mailing, anna: Lead) -> None:
    leave(db, anna)
    grant(db, anna.id, "marketing", wording="Yes, again", channel="form", proof={}, now=LATER)
    assert consents.standing(db, anna.id)["marketing"] == "granted"
    assert [entry.state for entry in consents.ledger(db, anna.id) if entry.purpose == "marketing"] == [
        "granted",
        "withdrawn",
        "granted",
    ]


def test_a_lead_that_is_gone_cannot_leave(db: Session) -> None:
    with pytest.raises(NotFound):
        unsubscribe(db, 4711, "marketing", how="page", proof=PROOF, now=TUESDAY)


def test_a_question_is_not_yet_a_yes_and_a_confirmation_is(db: Session) -> None:
    ben = a_lead(db, "ben")
    question = ask(db, ben.id, "marketing", wording="Write to me", channel="form", proof={}, now=TUESDAY)
    assert consents.standing(db, ben.id) == {"marketing": "pending"}
    assert confirm(db, ben.id, question, proof=PROOF, now=LATER)
    assert consents.standing(db, ben.id) == {"marketing": "granted"}
    last = consents.ledger(db, ben.id)[-1]
    assert (last.wording, last.proof["asked"]) == ("Write to me", question)
    assert not confirm(db, ben.id, question, proof=PROOF, now=LATER)


def test_a_confirmation_of_before_a_withdrawal_confirms_nothing(db: Session, mailing: Mailing) -> None:
    ben = a_lead(db, "ben")
    question = ask(db, ben.id, "marketing", wording="Write to me", channel="form", proof={}, now=TUESDAY)
    assert leave(db, ben)
    assert not confirm(db, ben.id, question, proof=PROOF, now=LATER)
    assert consents.standing(db, ben.id)["marketing"] == "withdrawn"


def test_a_second_question_takes_no_yes_away(db: Session, anna: Lead) -> None:
    ask(db, anna.id, "marketing", wording="Write to me", channel="form", proof={}, now=LATER)
    assert consents.standing(db, anna.id)["marketing"] == "granted"


def test_nobody_confirms_for_another(db: Session, anna: Lead) -> None:
    ben = a_lead(db, "ben")
    question = ask(db, ben.id, "marketing", wording="Write to me", channel="form", proof={}, now=TUESDAY)
    with pytest.raises(NotFound):
        confirm(db, anna.id, question, proof=PROOF, now=LATER)
