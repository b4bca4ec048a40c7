"""Somebody sends a form: what becomes of it, whoever it is and whatever was known before."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows import forms
from nurture.flows.confirm_sign_up import BEFORE, CONFIRMED, TOO_LATE, confirm_sign_up
from nurture.flows.consent import grant
from nurture.flows.leads import erase_lead
from nurture.flows.note_consent import Said, note_consent
from nurture.flows.personal_data import gather
from nurture.flows.sign_up import Circumstances, sign_up
from nurture.flows.take_visits import take_visits
from nurture.flows.unsubscribe import unsubscribe
from nurture.rules.visits import BY_FORM, mint_token
from nurture.store import forms as store
from nurture.store import suppressions
from nurture.store.leads import Lead
from nurture.store.suppressions import NewSuppression
from nurture.store.webhook_endpoints import WebhookEndpoint
from tests.conftest import TUESDAY
from tests.flows.form_of_plans import PLAN, WORDS
from tests.flows.garden import Garden
from tests.flows.looks import LAPTOP, RING, look

PEPPER, BASE = b"pepper", "https://n.example"
ANNA = {"email": "Anna@Weber.example", "first_name": "Anna", "consent.marketing": "yes"}


def a_form(db: Session, key: str = "stock-check", **more: Any) -> int:
    made = forms.create(db, key, "Stock check", PLAN | more, by="user:1", now=TUESDAY)
    db.commit()
    return made.row.id


def send(db: Session, form_id: int, *, at: datetime = TUESDAY, **said: str) -> int:
    """Anna's answers with what is said in their place."""
    how = Circumstances({"ip": "198.51.100.7"}, {"utm_campaign": "spring"})
    typed = ANNA | {name.replace("__", "."): value for name, value in said.items()}
    number = sign_up(db, forms.known(db, form_id), typed, how, pepper=PEPPER, base_url=BASE, now=at)
    db.commit()
    return number


def confirm(db: Session, number: int, at: datetime = TUESDAY + timedelta(hours=1)) -> str:
    done = confirm_sign_up(db, number, proof={"ip": "198.51.100.7"}, pepper=PEPPER, base_url=BASE, now=at)
    db.commit()
    return done


def rows(db: Session, query: str, **values: Any) -> list[tuple[Any, ...]]:
    db.rollback()
    return [tuple(row) for row in db.execute(text(query), values)]


def agreed(db: Session) -> bool:
    return bool(rows(db, "SELECT 1 FROM lead_consent WHERE granted AND purpose = 'marketing'"))


def mails(db: Session) -> int:
    return len(rows(db, "SELECT 1 FROM delivery WHERE purpose = 'confirmation'"))


def signals(db: Session) -> list[str]:
    return [kind for (kind,) in rows(db, "SELECT kind FROM signal ORDER BY occurred_at, kind")]


def test_a_stranger_becomes_an_inquiry_that_waits_for_the_button_in_the_mail(db: Session) -> None:
    number = send(db, a_form(db), message="By May, please.", bant__budget="partly")
    assert rows(
        db, "SELECT email_norm, first_name, stage, tags, language, bant #>> '{budget,source}' FROM lead"
    ) == [("anna@weber.example", "Anna", "inquiry", ["stock"], "en", "form")]
    assert not agreed(db)
    [(state, wording, proof)] = rows(db, "SELECT state, wording, proof FROM consent")
    assert (state, wording) == ("pending", WORDS)
    assert (proof["form"], proof["version"], proof["submission"]) == ("stock-check", 1, number)
    [(entry,)] = rows(db, "SELECT id FROM consent")
    asked = rows(db, "SELECT purpose, params, consent_id FROM delivery")
    assert asked == [("confirmation", {"submission": number}, entry)]
    [(kind, data)] = rows(db, "SELECT kind, data FROM signal")
    assert (kind, data["form"], data["message"], data["waiting"]) == (
        "form_submitted", "stock-check", "By May, please.", True,
    )  # fmt: skip


def test_the_button_makes_the_consent_hold_once_and_for_the_words_that_were_read(db: Session) -> None:
    form_id = a_form(db)
    number = send(db, form_id)
    other = [{"purpose": "marketing", "wording": "Other words.", "required": True}]
    forms.change(db, form_id, None, {"consents": other}, by="user:1", now=TUESDAY)
    db.commit()
    assert confirm(db, number) == CONFIRMED
    assert confirm(db, number) == BEFORE
    assert agreed(db)
    assert rows(db, "SELECT wording, proof ->> 'asked' FROM consent WHERE state = 'granted'")[0][0] == WORDS
    assert signals(db) == ["form_submitted", "subscribed"]
    assert rows(db, "SELECT sent, confirmed, version_no FROM form") == [(1, 1, 2)]


def test_pressing_send_twice_is_sending_once(db: Session) -> None:
    form_id = a_form(db)
    first = send(db, form_id)
    assert send(db, form_id, at=TUESDAY + timedelta(minutes=3)) == first
    assert (mails(db), signals(db)) == (1, ["form_submitted"])
    assert send(db, form_id, at=TUESDAY + timedelta(minutes=30)) != first
    assert mails(db) == 2


def test_an_address_is_asked_three_times_a_day_at_most_whoever_types_it(db: Session) -> None:
    form_id = a_form(db)
    for minute in range(6):
        send(db, form_id, at=TUESDAY + timedelta(minutes=minute), message=f"Call {minute}")
    assert mails(db) == 3
    send(db, form_id, at=TUESDAY + timedelta(days=2))
    assert mails(db) == 4


def test_without_double_opt_in_consent_holds_at_once(db: Session) -> None:
    send(db, a_form(db, double_opt_in=False))
    assert (agreed(db), mails(db)) == (True, 0)
    assert signals(db) == ["form_submitted", "subscribed"]


def test_what_a_stranger_types_about_somebody_known_fills_only_what_is_empty(db: Session) -> None:
    form_id = a_form(db)
    send(db, form_id)
    number = send(db, form_id, first_name="Mallory", company="Weber Pumps", at=TUESDAY + timedelta(hours=2))
    assert rows(db, "SELECT first_name, company_id IS NOT NULL FROM lead") == [("Anna", True)]
    assert confirm(db, number, TUESDAY + timedelta(hours=3)) == CONFIRMED
    assert rows(db, "SELECT first_name FROM lead") == [("Mallory",)]


def test_a_number_that_is_anothers_makes_nobody_into_two(db: Session) -> None:
    form_id = a_form(db)
    send(db, form_id, email="ben@weber.example", phone="+49 561 5550142")
    number = send(db, form_id, phone="+49 561 5550142")
    confirm(db, number)
    assert rows(db, "SELECT email_norm, phone FROM lead ORDER BY id") == [
        ("ben@weber.example", "+495615550142"),
        ("anna@weber.example", None),
    ]
    assert rows(db, "SELECT answers ->> 'phone' FROM form_submission WHERE id = :id", id=number) == [
        ("+49 561 5550142",)
    ]


def test_a_form_may_ask_for_a_number_alone(db: Session) -> None:
    fields = [{"field": "phone", "label": "Your number", "required": True}]
    form_id = a_form(db, fields=fields, consents=[], asks_for_contact=True)
    send(db, form_id, phone="+49 561 5550142")
    assert rows(db, "SELECT email, phone, stage FROM lead") == [(None, "+495615550142", "lead")]
    assert signals(db) == ["form_submitted", "meeting_requested"]


@pytest.mark.parametrize("reason", ["complaint", "erased", "hard_bounce"])
def test_whoever_is_kept_out_comes_back_by_the_button_alone(db: Session, reason: str) -> None:
    digest = suppressions.address_hash(PEPPER, "anna@weber.example")
    suppressions.suppress(db, [NewSuppression(digest, reason)], now=TUESDAY)
    number = send(db, a_form(db, double_opt_in=False))
    assert not agreed(db) and mails(db) == 1
    confirm(db, number)
    assert agreed(db)
    assert suppressions.active(db, digest) is None


def test_what_the_company_has_shut_stays_shut(db: Session) -> None:
    digest = suppressions.address_hash(PEPPER, "anna@weber.example")
    suppressions.suppress(db, [NewSuppression(digest, "manual")], now=TUESDAY)
    confirm(db, send(db, a_form(db)))
    assert suppressions.active(db, digest) is not None


def test_whoever_left_is_asked_by_mail_whatever_the_form_says(db: Session) -> None:
    form_id = a_form(db, double_opt_in=False)
    send(db, form_id)
    unsubscribe(db, 1, "marketing", how="one_click", proof={}, now=TUESDAY + timedelta(hours=1))
    db.commit()
    send(db, form_id, at=TUESDAY + timedelta(hours=2))
    number = send(db, form_id, at=TUESDAY + timedelta(hours=3))
    assert (agreed(db), mails(db)) == (False, 2), "asking once more is no yes"
    assert confirm(db, number, TUESDAY + timedelta(hours=4)) == CONFIRMED
    assert agreed(db)


def test_an_older_button_says_that_it_is_confirmed_once_a_newer_one_was_pressed(db: Session) -> None:
    form_id = a_form(db)
    first, second = send(db, form_id), send(db, form_id, message="Once more.")
    assert confirm(db, second) == CONFIRMED
    assert confirm(db, first) == BEFORE


def test_a_button_of_before_a_no_confirms_nothing(db: Session) -> None:
    number = send(db, a_form(db))
    grant(db, 1, "marketing", wording="", channel="phone", proof={}, now=TUESDAY + timedelta(minutes=5))
    unsubscribe(db, 1, "marketing", how="one_click", proof={}, now=TUESDAY + timedelta(minutes=9))
    db.commit()
    assert confirm(db, number) == TOO_LATE
    assert not agreed(db)


def test_faults_stand_at_their_fields_all_at_once(db: Session) -> None:
    form_id = a_form(db)
    with pytest.raises(Invalid) as refusal:
        send(db, form_id, email="anna@", phone="twelve", bant__budget="lots", consent__marketing="")
    assert set(refusal.value.errors) == {"email", "phone", "bant.budget", "consent.marketing"}
    db.rollback()
    assert rows(db, "SELECT count(*) FROM lead") == [(0,)]


def test_a_receiver_hears_of_it(db: Session) -> None:
    db.add(WebhookEndpoint(url="https://crm.example/hook", types=[], secrets=[], created_at=TUESDAY))
    number = send(db, a_form(db))
    told = "SELECT convert_from(body, 'UTF8') FROM webhook_message WHERE type = 'form.submitted'"
    data = json.loads(rows(db, told)[0][0])["data"]
    assert (data["form"], data["submission_id"], data["waiting"]) == ("stock-check", number, True)
    assert data["answers"]["consent"] == ["marketing"]


def test_past_visits_become_the_leads_once_it_has_confirmed(db: Session) -> None:
    take_visits(db, [look("/prices", v=LAPTOP)], now=TUESDAY)
    number = send(db, a_form(db))
    word = mint_token(RING, BY_FORM, number, TUESDAY)
    take_visits(db, [look("/thanks", v=LAPTOP, k=word)], now=TUESDAY)
    db.commit()
    assert "visited" not in signals(db), "anybody can type anybody's address"
    confirm(db, number)
    assert signals(db).count("visited") == 2


def test_a_form_that_a_chain_lets_in_by_cannot_go_and_one_that_is_gone_takes_nothing(
    db: Session, garden: Garden
) -> None:
    form_id = a_form(db)
    garden.publish("  cold:\n    enter: {form: stock-check}\n    steps: [{send: c1}]\n", mails="c1")
    with pytest.raises(Conflict, match="garden"):
        forms.archive(db, form_id, by="user:1", now=TUESDAY)
    db.rollback()
    other = a_form(db, key="other")
    forms.archive(db, other, by="user:1", now=TUESDAY)
    db.commit()
    with pytest.raises(Conflict):
        forms.open_at(db, "other")
    with pytest.raises(NotFound):
        forms.open_at(db, "nobody")
    forms.restore(db, other, by="user:1", now=TUESDAY)
    assert forms.open_at(db, "other").row.id == other


def test_a_chain_that_lets_in_by_the_form_begins_with_the_button_days_later_too(
    db: Session, garden: Garden
) -> None:
    garden.publish(
        "  cold:\n    enter: {form: [stock-check]}\n    steps: [{send: c1, immediate: true}]\n", mails="c1"
    )
    number = send(db, a_form(db), at=garden.clock.now)
    assert rows(db, "SELECT count(*) FROM enrollment") == [(0,)]
    confirm(db, number, garden.clock.now + timedelta(days=3))
    assert rows(db, "SELECT entered_by, state FROM enrollment") == [("by_form", "active")]


def test_a_form_may_begin_a_chain_itself_and_one_that_is_not_live_holds_nobody_up(
    db: Session, garden: Garden
) -> None:
    garden.publish("  cold:\n    enter: {when: {tag: nobody}}\n    steps: [{send: c1}]\n", mails="c1")
    form_id = a_form(db, double_opt_in=False, chain="garden/cold")
    send(db, form_id, at=garden.clock.now)
    assert rows(db, "SELECT entered_by FROM enrollment") == [("by_form",)]
    db.execute(text("UPDATE program SET state = 'paused'"))
    db.commit()
    send(db, form_id, email="ben@weber.example", at=garden.clock.now)
    assert rows(db, "SELECT count(*) FROM enrollment") == [(1,)]


def test_an_erased_person_leaves_nothing_typed_behind(db: Session, tmp_path: Any) -> None:
    send(db, a_form(db), message="By May, please.")
    taken = gather(db, 1, by="user:1", now=TUESDAY, base_url=BASE)
    assert taken["forms"][0]["answers"]["message"] == "By May, please."
    erase_lead(db, 1, pepper=PEPPER, home=tmp_path, now=TUESDAY, by="user:1")
    db.commit()
    assert rows(db, "SELECT answers, came_by FROM form_submission") == [({}, {})]
    with pytest.raises(NotFound):
        confirm(db, 1)


def test_a_yes_of_before_a_no_is_not_noted_and_a_later_one_is(db: Session) -> None:
    send(db, a_form(db, double_opt_in=False))
    unsubscribe(db, 1, "marketing", how="one_click", proof={}, now=TUESDAY)
    db.commit()
    yes = Said("marketing", True, WORDS, "phone", "She called.", TUESDAY - timedelta(days=1))
    with pytest.raises(Conflict):
        note_consent(db, 1, yes, by="user:1", now=TUESDAY + timedelta(days=1))
    db.rollback()
    later = Said("marketing", True, WORDS, "phone", "She called.", TUESDAY + timedelta(hours=1))
    assert note_consent(db, 1, later, by="user:1", now=TUESDAY + timedelta(days=1))
    db.commit()
    assert agreed(db)
    assert db.get_one(Lead, 1).erased_at is None


def test_only_a_form_s_own_questions_are_heard(db: Session) -> None:
    send(db, a_form(db), stage="customer", owner="mira@kessler-ohm.example", tags="vip", id="7")
    assert rows(db, "SELECT stage, owner_id, tags FROM lead") == [("inquiry", None, ["stock"])]
    assert store.names(db) == {"stock-check": "Stock check"}


@pytest.fixture
def garden(sessions: Callable[..., Any], clock: Any, tmp_path: Any) -> Garden:
    return Garden(sessions, clock, tmp_path / "garden")  # type: ignore[arg-type]
