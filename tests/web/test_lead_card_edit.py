"""The card is where a person is kept right: facts, BANT, consent, and what the person may ask of us."""

import json

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nurture.flows import custom_fields
from nurture.flows.leads import save_lead
from nurture.runtime import Runtime
from nurture.store.consents import Consent
from nurture.store.lead_edits import LeadEdit
from nurture.store.leads import Lead
from tests.conftest import TUESDAY
from tests.web.conftest import SignIn, token_of


@pytest.fixture
def ada(runtime: Runtime) -> int:
    with runtime.sessions.begin() as session:
        said = {"email": "ada@werk.example", "first_name": "Ada", "company": "Werk", "tags": ["fair"]}
        for name in ("ben", "cleo"):
            other = {"email": f"{name}@werk.example", "first_name": name.title(), "company": "Werk"}
            save_lead(session, other, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost")
        for label, kind, choices in (
            ("Pumps", "number", ()),
            ("Visit", "yes_no", ()),
            ("Plan", "choice", ("A",)),
        ):
            custom_fields.create(session, label, kind=kind, choices=choices, by="test", now=TUESDAY)
        return save_lead(
            session, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost"
        ).id


def _post(client: FlaskClient, address: str, **form: str) -> TestResponse:
    return client.post(address, data={"csrf_token": token_of(client.get("/account").text), **form})


def _lead(runtime: Runtime, lead_id: int) -> Lead:
    with runtime.sessions() as session:
        return session.get_one(Lead, lead_id)


def test_facts_are_changed_and_the_card_remembers_what_stood_there(
    sign_in: SignIn, ada: int, runtime: Runtime
) -> None:
    client = sign_in("sales")
    typed = {"last_name": "Lovelace", "phone": "+49 30 1234567", "tags": "fair, board", "first_name": ""}
    own = {"fields.pumps": "12,5", "fields.visit": "yes", "fields.plan": "A", "dates.birthday": "1990-12-10"}
    assert _post(client, f"/leads/{ada}", **typed, **own).status_code == 302
    lead = _lead(runtime, ada)
    assert (lead.first_name, lead.last_name, lead.phone, lead.tags) == (
        None,
        "Lovelace",
        "+49301234567",
        ["fair", "board"],
    )
    assert lead.fields == {"pumps": 12.5, "visit": True, "plan": "A"}
    assert (lead.timezone, lead.timezone_source, lead.dates) == (
        "Europe/Berlin",
        "phone",
        {"birthday": "1990-12-10"},
    )
    page = client.get(f"/leads/{ada}").text
    assert "guessed from the phone" in page and "Changed by hand" in page and "Lovelace" in page
    with runtime.sessions() as session:
        changes = session.query(LeadEdit).one().changes
    assert changes["first_name"] == ["Ada", None] and changes["fields.pumps"] == [None, 12.5]
    assert "email" not in changes and "company" not in changes


def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(
    sign_in: SignIn, ada: int, runtime: Runtime
) -> None:
    client = sign_in("marketer")
    answer = _post(client, f"/leads/{ada}", email="ada@", city="Bern", **{"fields.pumps": "many"})
    assert answer.status_code == 422
    assert (
        "This is no number." in answer.text
        and 'value="many"' in answer.text
        and 'value="Bern"' in answer.text
    )
    answer = _post(client, f"/leads/{ada}", email="ada@", timezone="Mars/North", city="Bern")
    assert answer.status_code == 422 and "fault-email" in answer.text and "fault-timezone" in answer.text
    taken = _post(client, f"/leads/{ada}", email="ben@werk.example")
    assert taken.status_code == 422 and "belong to different leads" in taken.text
    assert "This is none of the choices." in _post(client, f"/leads/{ada}", **{"fields.plan": "B"}).text
    assert (_lead(runtime, ada).email, _lead(runtime, ada).city) == ("ada@werk.example", None)


def test_bant_keeps_when_and_by_whom_it_was_answered(sign_in: SignIn, ada: int, runtime: Runtime) -> None:
    client = sign_in("sales")
    _post(client, f"/leads/{ada}/bant", need="yes", budget="partly")
    bant = _lead(runtime, ada).bant
    assert bant["need"] == {"answer": "yes", "source": "by_hand", "at": "2026-03-03T10:00:00Z"}
    assert "by hand, 3 Mar" in client.get(f"/leads/{ada}").text
    assert _post(client, f"/leads/{ada}/bant", need="perhaps").status_code == 422


def test_a_spoken_consent_needs_its_words_and_a_no_holds_at_once(
    sign_in: SignIn, ada: int, runtime: Runtime
) -> None:
    client = sign_in("sales")
    address = f"/leads/{ada}/consent"
    assert "Write down how you know" in _post(client, address, purpose="marketing", agreed="yes").text
    _post(client, address, purpose="marketing", agreed="yes", words="On the phone, 3 March")
    page = client.get(f"/leads/{ada}").text
    assert "On the phone, 3 March" in page and "by hand" in page
    _post(client, address, purpose="marketing", agreed="no", words="Wants no mail")
    with runtime.sessions() as session:
        ledger = [(row.state, row.proof["proof"]) for row in session.query(Consent).order_by(Consent.id)]
    assert ledger == [("granted", "On the phone, 3 March"), ("withdrawn", "Wants no mail")]


def test_the_card_leads_to_the_others_of_the_company(sign_in: SignIn, ada: int) -> None:
    page = sign_in("viewer").get(f"/leads/{ada}").text
    assert "At Werk too" in page and ">Ben<" in page and ">Cleo<" in page
    assert "Note what they said" not in page and "Data of the person" not in page


def test_a_person_gets_what_is_kept_and_is_erased_for_good(
    sign_in: SignIn, ada: int, runtime: Runtime
) -> None:
    admin = sign_in("admin")
    _post(admin, f"/leads/{ada}", last_name="Lovelace")
    _post(admin, f"/leads/{ada}/consent", purpose="marketing", agreed="yes", words="At the fair")
    kept = json.loads(_post(admin, f"/leads/{ada}/data.json").data)
    assert (
        kept["lead"]["email"] == "ada@werk.example" and kept["consents"][0]["proof"]["proof"] == "At the fair"
    )
    assert kept["changes"][0]["changes"]["last_name"] == [None, "Lovelace"] and kept["timeline"]
    _post(admin, f"/leads/{ada}/erase", sure="no")
    assert _lead(runtime, ada).erased_at is None
    _post(admin, f"/leads/{ada}/erase", sure=str(ada))
    assert _lead(runtime, ada).email is None and admin.get(f"/leads/{ada}").status_code == 404
    with runtime.sessions() as session:
        assert session.query(LeadEdit).filter_by(lead_id=ada).count() == 0
