"""The sales inbox through its real door: the list, the card, every answer, and who may give it."""

import csv
import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nurture.flows.answer import Outcome, answer
from nurture.flows.consent import grant
from nurture.flows.hand_over import hand_over
from nurture.flows.watch_response import CLOCK, NO_ANSWER, watch_response
from nurture.runtime import Runtime
from nurture.store import handoffs
from nurture.store.blocked_domains import BlockedDomain, blocked
from nurture.store.consents import LeadConsent
from nurture.store.handoffs import Handoff
from nurture.store.leads import Lead
from nurture.store.signals import Signal
from nurture.store.users import User
from tests.conftest import TUESDAY
from tests.flows.garden import Garden
from tests.flows.ripe_leads import a_lead, a_model, a_seller, ripened
from tests.flows.sales_team import the_team
from tests.web.conftest import SignIn, token_of


@pytest.fixture
def seller(sign_in: SignIn) -> FlaskClient:
    """Sales, signed in, before anything is handed over."""
    return sign_in("sales")


@pytest.fixture
def ada(db: Session, runtime: Runtime, seller: FlaskClient) -> int:
    """Ada's hand-off: hers came first and is the ripest."""
    the_team(db, opens=0, closes=1440)
    found = ripened(db, a_lead(db, "Ada"), a_model(db), score=90)
    hand_over(runtime.sessions, runtime.ring, runtime.settings.base_url, now=TUESDAY)
    return found


def act(client: FlaskClient, path: str, **form: str):
    page = client.get("/handoffs")
    return client.post(path, data={**form, "csrf_token": token_of(page.text)})


def row(db: Session, handoff_id: int) -> Handoff:
    db.rollback()
    return db.get_one(Handoff, handoff_id, populate_existing=True)


def test_an_empty_inbox_says_what_will_appear(seller: FlaskClient) -> None:
    page = seller.get("/handoffs").text
    assert "Nobody waits for a call." in page


def test_the_ripest_is_open_with_its_reasons_its_clock_and_what_to_ask(seller, ada, clock) -> None:
    clock.advance(minutes=4)
    page = seller.get("/handoffs").text
    assert "Ada Example" in page
    assert "Clicked the price list" in page
    assert 'data-left="360"' in page
    assert "6:00 left" in page
    assert "Ask what they want to solve, and what happens if they do not." in page


def test_a_late_one_says_by_how_much(seller, ada, clock) -> None:
    clock.advance(minutes=12, seconds=30)
    page = seller.get("/handoffs").text
    assert "late by 2:30" in page


def test_one_tap_accepts_and_another_says_that_they_called(db, seller, ada, clock) -> None:
    act(seller, f"/handoffs/{ada}/answer", outcome="accepted")
    assert row(db, ada).state == "accepted"
    clock.advance(minutes=3)
    act(seller, f"/handoffs/{ada}/answer", outcome="contacted")
    assert (row(db, ada).state, row(db, ada).response_s) == ("contacted", 180)


def test_a_meeting_without_a_date_comes_back_with_its_sentence_and_the_note(seller, ada) -> None:
    answer = act(seller, f"/handoffs/{ada}/answer", outcome="meeting", note="She asked for Thursday")
    assert answer.status_code == 422
    assert "Say when: a date and time." in answer.text
    assert "She asked for Thursday" in answer.text


def test_a_meeting_is_an_opportunity_with_its_own_warmth_and_a_calendar_file(db, seller, ada, clock) -> None:
    act(seller, f"/handoffs/{ada}/answer", outcome="meeting", at="2026-03-05T14:00")
    page = seller.get("/handoffs").text
    assert "Meetings, warmest first" in page
    # Whatever warmed the lead before the date does not count for the opportunity.
    assert row(db, ada).heat_before is not None
    file = seller.get(f"/handoffs/{ada}/meeting.ics")
    assert file.mimetype == "text/calendar"
    lines = file.data.decode().split("\r\n")
    assert "DTSTART:20260305T130000Z" in lines
    assert "SEQUENCE:0" in lines
    act(seller, f"/handoffs/{ada}/answer", outcome="meeting", at="2026-03-06T14:00")
    assert "SEQUENCE:1" in seller.get(f"/handoffs/{ada}/meeting.ics").data.decode()


def test_the_timeline_of_the_lead_says_when_they_meet_what_they_paid_and_why_not(db, seller, ada) -> None:
    card = f"/leads/{row(db, ada).lead_id}"
    act(seller, f"/handoffs/{ada}/answer", outcome="meeting", at="2026-03-05T14:00")
    assert "meeting set</span></a> · 5 Mar, 14:00" in seller.get(card).text
    act(seller, f"/handoffs/{ada}/answer", outcome="won", amount="1200", currency="EUR")
    assert "won</span></a> · €1,200" in seller.get(card).text


def test_the_timeline_tells_a_no_of_sales_from_one_of_the_clock(db, seller, ada) -> None:
    found = row(db, ada)
    reason = Outcome("rejected", reason=NO_ANSWER)
    answer(db, ada, reason, by="user:1", now=TUESDAY)
    db.commit()
    told = seller.get(f"/leads/{found.lead_id}").text
    assert "cannot be reached" in told and "nobody answered in time" not in told
    again = ripened(db, found.lead_id, found.model_id, score=91, now=TUESDAY)
    db.commit()
    db.get_one(Handoff, again).state = "released"
    answer(db, again, reason, by=CLOCK, now=TUESDAY)
    db.commit()
    assert "nobody answered in time" in seller.get(f"/leads/{found.lead_id}").text


def test_a_bant_answer_is_kept_with_sales_as_its_source(db, seller, ada) -> None:
    act(seller, f"/handoffs/{ada}/bant", part="authority", value="partly")
    lead = db.get_one(Lead, row(db, ada).lead_id)
    assert lead.bant["authority"]["answer"] == "partly"
    assert lead.bant["authority"]["source"] == "sales"
    assert act(seller, f"/handoffs/{ada}/bant", part="money", value="yes").status_code == 422


def test_a_note_is_kept_and_counts_as_a_word_of_sales(db, seller, ada, clock) -> None:
    act(seller, f"/handoffs/{ada}/answer", outcome="contacted")
    clock.advance(days=2)
    act(seller, f"/handoffs/{ada}/note", note_only="Budget round is in December")
    assert row(db, ada).silent_since == TUESDAY + timedelta(days=2)
    notes = db.scalars(select(Signal).where(Signal.kind == "note")).all()
    assert [note.data["note"] for note in notes] == ["Budget round is in December"]
    assert act(seller, f"/handoffs/{ada}/note", note_only=" ").status_code == 422


def test_a_lead_is_passed_on_to_a_colleague_who_sees_why(db, seller, ada) -> None:
    ben = a_seller(db, "Ben")
    refused = act(seller, f"/handoffs/{ada}/pass-on", to="999", why="Knows the company")
    assert refused.status_code == 422
    assert "Knows the company" in refused.text
    act(seller, f"/handoffs/{ada}/pass-on", to=str(ben), why="Knows the company")
    found = row(db, ada)
    assert found.owner_id == ben
    [*_, event] = handoffs.events_of(db, ada)
    assert (event.kind, event.detail["note"]) == ("passed_on", "Knows the company")
    assert "Knows the company" in seller.get(f"/handoffs/{ada}").text


def test_who_wants_no_mails_gets_none_and_can_still_be_called(db, seller, ada) -> None:
    lead_id = row(db, ada).lead_id
    act(seller, f"/handoffs/{ada}/never")
    db.rollback()
    granted = db.scalars(select(LeadConsent.granted).where(LeadConsent.lead_id == lead_id)).all()
    assert granted
    assert not any(granted)
    assert row(db, ada).state == "released"


def test_a_whole_company_is_left_alone_and_an_administrator_takes_it_back(db, sign_in, seller, ada) -> None:
    lead = db.get_one(Lead, row(db, ada).lead_id)
    lead.email = lead.email_norm = "ada@brueckner-pumps.example"
    db.commit()
    assert "To everybody at brueckner-pumps.example" in seller.get(f"/handoffs/{ada}").text
    act(seller, f"/handoffs/{ada}/never", whom="domain")
    db.rollback()
    assert blocked(db, ["brueckner-pumps.example"]) == {"brueckner-pumps.example"}
    granted = db.scalars(select(LeadConsent.granted).where(LeadConsent.lead_id == lead.id)).all()
    assert not any(granted)
    admin = sign_in("admin")
    page = admin.get("/settings/restraint").text
    assert "brueckner-pumps.example" in page and "said to sales" in page
    [kept] = db.scalars(select(BlockedDomain)).all()
    assert act(seller, f"/settings/restraint/domains/{kept.id}/lift").status_code == 403
    act(admin, f"/settings/restraint/domains/{kept.id}/lift")
    db.rollback()
    assert blocked(db, ["brueckner-pumps.example"]) == set()
    refused = act(admin, "/settings/restraint/domains", domain="gmail.com")
    assert refused.status_code == 422 and "gives mailboxes to anybody" in refused.text


def test_who_writes_from_a_mailbox_provider_is_no_company(db, seller, ada) -> None:
    lead = db.get_one(Lead, row(db, ada).lead_id)
    lead.email = lead.email_norm = "ada.example@gmail.com"
    db.commit()
    assert "To everybody at" not in seller.get(f"/handoffs/{ada}").text
    assert act(seller, f"/handoffs/{ada}/never", whom="domain").status_code == 422


def test_the_card_says_what_to_do_next(db, seller, ada, clock) -> None:
    assert "There is no phone number: write, and ask for one." in seller.get(f"/handoffs/{ada}").text
    lead = db.get_one(Lead, row(db, ada).lead_id)
    lead.phone = "+4989123456"
    db.commit()
    assert "Call now: whoever asks is answered best within minutes." in seller.get(f"/handoffs/{ada}").text
    act(seller, f"/handoffs/{ada}/answer", outcome="contacted")
    assert "propose a date for a meeting" in seller.get(f"/handoffs/{ada}").text
    act(seller, f"/handoffs/{ada}/answer", outcome="meeting", at="2026-03-05T14:00")
    assert "Prepare the meeting" in seller.get(f"/handoffs/{ada}").text
    clock.advance(days=4)
    assert "say what came of it, or set a new one" in seller.get(f"/handoffs/{ada}").text


def test_a_lead_is_put_into_a_chain_whose_mails_wait_for_the_end_of_the_talk(
    db, seller, ada, runtime, clock, tmp_path
) -> None:
    garden = Garden(runtime.sessions, clock, tmp_path / "garden")
    garden.publish("  warm:\n    steps:\n      - send: one\n")
    lead = row(db, ada).lead_id
    grant(db, lead, "marketing", wording="Yes", channel="page", proof={}, now=clock.now)
    db.commit()
    assert "garden: Warm" in seller.get(f"/handoffs/{ada}").text
    act(seller, f"/handoffs/{ada}/answer", outcome="accepted")
    assert act(seller, f"/handoffs/{ada}/chain", place="garden/warm").status_code == 302
    garden.tick()
    run = garden.run(lead)
    assert (run.state, run.due_reason) == ("active", "with_sales")
    assert "Into a chain" in seller.get(f"/handoffs/{ada}").text
    refused = act(seller, f"/handoffs/{ada}/chain", place="garden/warm")
    assert refused.status_code == 409 and "stands in this program already" in refused.text

    act(seller, f"/handoffs/{ada}/answer", outcome="rejected", reason="not_ready")
    garden.tick()
    assert garden.run(lead).due_reason != "with_sales"


def test_a_lead_that_ripens_again_brings_along_what_sales_said_before(
    db, seller, ada, runtime, clock
) -> None:
    first = row(db, ada)
    act(seller, f"/handoffs/{ada}/answer", outcome="rejected", reason="no_budget", note="Budget next spring")
    again = ripened(db, first.lead_id, first.model_id, score=91, now=clock.now)
    hand_over(runtime.sessions, runtime.ring, runtime.settings.base_url, now=clock.now)
    card = seller.get(f"/handoffs/{again}").text
    assert "Handed over before" in card and "Budget next spring" in card
    assert f"/handoffs/{ada}" in card
    assert "Handed over before" not in seller.get(f"/handoffs/{ada}").text


def test_a_chain_that_is_not_there_is_refused(seller, ada) -> None:
    refused = act(seller, f"/handoffs/{ada}/chain", place="nowhere/cold")
    assert refused.status_code == 422 and "No live program has this place" in refused.text


def test_mine_shows_mine_and_all_shows_all(db, seller, ada, runtime) -> None:
    mine = db.scalars(select(User.id).where(User.role == "sales")).one()
    ben = a_seller(db, "Ben")
    assert "Ada Example" in seller.get("/handoffs?whose=mine").text
    found = row(db, ada)
    found.owner_id = ben
    db.commit()
    assert "Ada Example" not in seller.get("/handoffs?whose=mine").text
    assert "Ada Example" in seller.get("/handoffs?whose=team").text
    assert mine != ben


def test_the_record_tells_warnings_and_escalations(db, seller, ada, runtime, clock) -> None:
    clock.advance(minutes=11)
    watch_response(runtime.sessions, runtime.ring, runtime.settings.base_url, now=clock.moment)
    page = seller.get(f"/handoffs/{ada}").text
    assert "Late: nobody had called in time" in page


def test_a_viewer_sees_and_cannot_act(db, sign_in, ada) -> None:
    viewer = sign_in("viewer")
    page = viewer.get(f"/handoffs/{ada}").text
    assert "Ada Example" in page
    assert "Reject…" not in page
    for path in ("answer", "bant", "note", "pass-on", "never"):
        assert act(viewer, f"/handoffs/{ada}/{path}", outcome="accepted").status_code == 403


def test_waiting_and_closed_ones_have_their_lists(db, seller, ada) -> None:
    act(seller, f"/handoffs/{ada}/answer", outcome="rejected", reason="not_ready")
    assert "Ada Example" in seller.get("/handoffs?show=closed").text
    assert "Nobody waits for room." in seller.get("/handoffs?show=waiting").text


def test_an_unknown_hand_off_is_not_found(seller) -> None:
    assert seller.get("/handoffs/999").status_code == 404
    assert seller.get("/handoffs/999/meeting.ics").status_code == 404


def test_hand_offs_go_out_as_a_file_that_no_spreadsheet_runs(db, sign_in, seller, ada, clock) -> None:
    lead = db.get_one(Lead, row(db, ada).lead_id)
    lead.first_name = "=HYPERLINK(1)"
    db.commit()
    act(seller, f"/handoffs/{ada}/answer", outcome="contacted")
    marketer = sign_in("marketer")
    file = act(marketer, "/handoffs/export.csv")
    assert file.mimetype == "text/csv", file.text[:300]
    [line] = csv.DictReader(io.StringIO(file.data.decode("utf-8-sig")))
    assert line["name"] == "'=HYPERLINK(1) Example"
    assert (line["state"], line["response_seconds"], line["overdue"]) == ("contacted", "0", "f")
    assert act(seller, "/handoffs/export.csv").status_code == 403
