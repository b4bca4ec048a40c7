"""Leads through the API."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.web.api_caller import Caller, anna, api, app, caller, problem

__all__ = ["api", "app", "caller"]


def test_a_lead_is_made_and_read_back_whole(api: Caller):
    made = api.post(
        "/leads",
        json={
            "email": " Anna@Weber.example",
            "first_name": "Anna",
            "company": "Weber Pumps",
            "country": "Germany",
            "phone": "030 1234567",
            "tags": ["fair"],
            "fields": {"interest": "stock", "size": 3},
            "dates": {"contract_end": "2026-12-31"},
            "consent": {"marketing": True, "proof": "form 12"},
            "bant": {"need": "yes"},
            "source": "Website",
        },
    )
    assert made.status_code == 201, made.text
    lead = made.json
    assert lead["email"] == "Anna@Weber.example"
    assert (lead["phone"], lead["country"], lead["timezone"]) == ("+49301234567", "DE", "Europe/Berlin")
    assert lead["company"]["name"] == "Weber Pumps"
    assert lead["consent"] == {"marketing": True}
    assert lead["bant"] == {"budget": "unknown", "authority": "unknown", "need": "yes", "timing": "unknown"}
    assert lead["fields"] == {"interest": "stock", "size": 3}
    assert (lead["stage"], lead["temperature"], lead["source"]) == ("lead", "cold", "Website")
    assert lead["created_at"].endswith("Z")
    assert lead["url"].endswith(f"/leads/{lead['id']}")
    assert api.get(f"/leads/{lead['id']}").json == lead


def test_the_same_address_is_the_same_lead_and_a_phone_finds_it_too(api: Caller):
    first = anna(api, phone="+49 30 1234567")
    again = api.post("/leads", json={"email": "ANNA@weber.example", "city": "Bonn"})
    assert (again.status_code, again.json["id"], again.json["first_name"]) == (200, first["id"], "Anna")
    assert api.post("/leads", json={"phone": "+49301234567", "role": "Buyer"}).json["id"] == first["id"]


def test_answers_of_two_leads_are_refused_rather_than_merged(api: Caller):
    anna(api)
    api.post("/leads", json={"phone": "+49301234567"})
    body = problem(api.post("/leads", json={"email": "anna@weber.example", "phone": "+49301234567"}), 409)
    assert "merged" in body["detail"]
    problem(api.post("/leads", json={"id": 99, "email": "x@y.example"}), 404)


def test_every_wrong_answer_is_named_at_once(api: Caller):
    body = problem(
        api.post(
            "/leads",
            json={"email": "nonsense", "phone": "abc", "timezone": "Mars", "bant": {"need": "maybe"}},
        ),
        422,
    )
    assert set(body["errors"]) == {"email", "phone", "timezone", "bant"}
    assert "nickname" in problem(api.post("/leads", json={"nickname": "A"}), 422)["errors"]
    assert "heat" in problem(api.post("/leads", json={"email": "a@b.example", "heat": 3}), 422)["errors"]


def test_a_patch_changes_what_it_says_and_null_clears(api: Caller):
    lead = anna(api, city="Bonn", fields={"a": 1, "b": 2})
    changed = api.patch(
        f"/leads/{lead['id']}", json={"city": None, "fields": {"a": None}, "stage": "inquiry"}
    )
    assert changed.status_code == 200, changed.text
    assert (changed.json["city"], changed.json["fields"]) == (None, {"b": 2})
    assert (changed.json["first_name"], changed.json["stage"]) == ("Anna", "inquiry")
    problem(api.patch(f"/leads/{lead['id']}", json={"email": None}), 422)


def test_withdrawn_consent_leaves_a_ledger_and_a_message(api: Caller, db: Session):
    lead = anna(api, consent={"marketing": True})
    assert api.patch(f"/leads/{lead['id']}", json={"consent": {"marketing": False}}).json["consent"] == {
        "marketing": False
    }
    assert db.execute(text("SELECT state FROM consent ORDER BY id")).scalars().all() == [
        "granted",
        "withdrawn",
    ]
    assert "lead.unsubscribed" in db.execute(text("SELECT type FROM webhook_message")).scalars().all()


def test_the_list_is_paged_by_cursor_and_narrowed(api: Caller):
    for number in range(5):
        api.post("/leads", json={"email": f"lead{number}@firma.example", "first_name": f"Name{number}"})
    first = api.get("/leads?limit=2").json
    second = api.get(f"/leads?limit=2&cursor={first['next_cursor']}").json
    third = api.get(f"/leads?limit=2&cursor={second['next_cursor']}").json
    emails = [lead["email"] for page in (first, second, third) for lead in page["data"]]
    assert emails == [f"lead{number}@firma.example" for number in (4, 3, 2, 1, 0)]
    assert third["next_cursor"] is None
    assert [lead["first_name"] for lead in api.get("/leads?q=NAME3").json["data"]] == ["Name3"]
    assert api.get("/leads?temperature=hot").json == {"data": [], "next_cursor": None}
    assert "limit" in problem(api.get("/leads?limit=501"), 422)["errors"]
    assert "cursor" in problem(api.get("/leads?cursor=zzz"), 422)["errors"]
    assert "colour" in problem(api.get("/leads?colour=red"), 422)["errors"]


def test_an_erased_lead_is_gone_and_stays_gone(api: Caller, db: Session):
    lead = anna(api, consent={"marketing": True})
    assert api.delete(f"/leads/{lead['id']}").status_code == 204
    problem(api.get(f"/leads/{lead['id']}"), 404)
    problem(api.delete(f"/leads/{lead['id']}"), 404)
    assert db.execute(text("SELECT reason FROM suppression")).scalar_one() == "erased"
    assert db.execute(text("SELECT email, search FROM lead")).one() == (None, "")


def test_a_thousand_things_of_one_instant_stand_in_the_timeline_once_each(api: Caller):
    lead = anna(api)
    batch = [{"lead_id": lead["id"], "kind": "called", "key": f"call-{n}"} for n in range(1000)]
    taken = api.post("/signals", json=batch).json["data"]
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/leads/{lead['id']}/timeline?limit=300{cursor and '&cursor='}{cursor}").json
        seen += [line["ref"] for line in page["data"] if line["what"] == "signal"]
        cursor = page["next_cursor"]
    assert len(seen) == 1000
    assert set(seen) == {one["id"] for one in taken}


def test_timeline_and_explanation_of_a_lead(api: Caller):
    lead = anna(api)
    api.post("/signals", json={"lead_id": lead["id"], "kind": "called"})
    line = api.get(f"/leads/{lead['id']}/timeline").json["data"][0]
    assert (line["what"], line["kind"]) == ("signal", "called")
    assert api.get(f"/leads/{lead['id']}/explain").status_code == 200
    problem(api.get("/leads/99/timeline"), 404)
    problem(api.get("/leads/99/explain"), 404)
