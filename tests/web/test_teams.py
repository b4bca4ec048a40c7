"""The agreement with sales, through the page and through the API."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from nurture.flows.hand_over import hand_over
from nurture.flows.keys import create_key
from nurture.store import teams
from nurture.store.handoffs import Handoff
from nurture.store.installation import Installation
from nurture.store.teams import Absence, RoutingRule, Team, TeamMember
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import a_lead, a_model, a_seller, ripened
from tests.web.conftest import token_of

TEAM = {
    "name": "North",
    "within_min": "30",
    "warn_min": "5",
    "reroute_min": "60",
    "ask_days": "2",
    "return_days": "10",
    "days": ["0", "1", "2"],
    "opens": "08:00",
    "closes": "16:30",
    "timezone": "Europe/Oslo",
    "holidays": "NO, SE",
    "escalate_to": "",
}


@pytest.fixture
def admin(sign_in):
    return sign_in("admin")


def send(client, path: str, **form):
    token = token_of(client.get("/settings/sales").text)
    return client.post(f"/settings/sales{path}", data={**form, "csrf_token": token})


@pytest.fixture
def call(app, runtime):
    """The API, with a key of the administrator."""
    with runtime.sessions.begin() as session:
        key = create_key(session, "CRM", "admin", now=runtime.now())
    client = app.test_client()

    def speak(method: str, path: str, body=None):
        return client.open(
            f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {key}"}
        )

    return speak


def test_the_page_says_what_holds_and_teaches_what_is_missing(admin) -> None:
    page = admin.get("/settings/sales").text
    assert "There is no limit: every ripe lead goes to sales at once." in page
    assert "No rules: everything goes to the default team." in page
    assert "Nobody of sales yet." in page


def test_a_team_is_made_with_its_promise_and_its_hours(db, admin) -> None:
    assert send(admin, "/teams", **TEAM).status_code == 302
    team = db.scalars(select(Team).where(Team.name == "North")).one()
    assert (team.within_min, team.reroute_min, team.opens, team.closes) == (30, 60, 480, 990)
    assert (team.days, team.holidays, team.timezone) == ([0, 1, 2], ["NO", "SE"], "Europe/Oslo")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", " ", "Give the team a name of at most 100 characters."),
        ("name", "Sales", "There is a team of this name already."),
        ("within_min", "soon", "A whole number of minutes from 1 to 10,080."),
        ("warn_min", "30", "Less than the time of the promise; 0 for no reminder."),
        ("return_days", "1", "Ask first: a lead is taken back later than that."),
        ("closes", "08:00", "Write the hours as 09:00 and 18:00, the second later than the first."),
        ("opens", "25:00", "Write the hours as 09:00 and 18:00, the second later than the first."),
        ("days", [], "Choose at least one day."),
        ("timezone", "Mars/Olympus", "Choose a time zone, such as Europe/Berlin."),
        ("holidays", "ATLANTIS", "Holidays of ATLANTIS are not known."),
    ],
)
def test_a_wrong_answer_comes_back_with_its_sentence_and_loses_nothing(
    db, admin, field, value, sentence
) -> None:
    answer = send(admin, "/teams", **{**TEAM, field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="60"' in answer.text
    assert db.scalars(select(Team.name)).all() == ["Sales"]


def test_a_changed_promise_counts_for_what_is_open(db, admin, runtime) -> None:
    a_seller(db, "Mia")
    handoff = ripened(db, a_lead(db), a_model(db))
    hand_over(runtime.sessions, runtime.ring, "https://n.example", now=TUESDAY)
    db.rollback()
    db.get_one(Handoff, handoff).watch_at = TUESDAY + timedelta(days=3)
    db.commit()
    default = teams.default_team(db).id
    send(admin, f"/teams/{default}", **{**TEAM, "name": "Sales"})
    db.rollback()
    assert db.get_one(Handoff, handoff, populate_existing=True).watch_at == TUESDAY


def test_room_absence_and_rules_are_kept_and_taken_away(db, admin) -> None:
    mia = a_seller(db, "Mia")
    send(admin, "/teams", **TEAM)
    north = db.scalars(select(Team.id).where(Team.name == "North")).one()
    send(admin, f"/people/{mia}", team=str(north), per_day="3", open_most="")
    assert db.get_one(TeamMember, mia).per_day == 3
    send(admin, f"/people/{mia}/absences", **{"from": "2026-03-01", "until": "2026-03-09"})
    page = admin.get("/settings/sales").text
    assert "away until 9 Mar" in page and "1 Mar – 9 Mar" in page
    send(admin, "/rules", name="Scandinavia", ask="country", value="no, se", to=f"team-{north}")
    send(admin, "/rules", name="Big ones", ask="company.size", value="500", to=f"user-{mia}")
    rules = db.scalars(select(RoutingRule).order_by(RoutingRule.position)).all()
    assert [rule.condition for rule in rules] == [
        {"field": "country", "in": ["NO", "SE"]},
        {"field": "company.size", "gte": 500},
    ]
    send(admin, f"/rules/{rules[1].id}/move", up="1")
    db.rollback()
    assert db.scalars(select(RoutingRule.name).order_by(RoutingRule.position)).all() == [
        "Big ones",
        "Scandinavia",
    ]
    refused = send(admin, f"/teams/{north}/remove")
    assert refused.status_code == 409
    assert "The team is in use by Mia, Scandinavia." in refused.text
    absence = db.scalars(select(Absence.id)).one()
    send(admin, f"/absences/{absence}/remove")
    for rule in rules:
        send(admin, f"/rules/{rule.id}/remove")
    send(admin, f"/people/{mia}", team=str(teams.default_team(db).id), per_day="", open_most="")
    assert send(admin, f"/teams/{north}/remove").status_code == 302
    db.rollback()
    assert db.scalars(select(Team.name)).all() == ["Sales"]


def test_a_rule_without_sense_is_refused_at_its_place(db, admin) -> None:
    answer = send(admin, "/rules", name="Big", ask="company.size", value="many", to="team-1")
    assert answer.status_code == 422
    assert db.scalars(select(RoutingRule.id)).all() == []
    assert 'value="many"' in answer.text


def test_capacity_and_recycling_are_kept(db, admin) -> None:
    send(admin, "/floor", per_day="12", recycle_lost_days="180")
    db.rollback()
    house = db.get_one(Installation, 1)
    assert (house.handover_capacity_per_day, house.owner_first, house.recycle_lost_days) == (12, False, 180)
    assert send(admin, "/floor", per_day="many").status_code == 422
    page = admin.get("/settings/sales").text
    assert "Queue is empty in" in page


def test_only_those_who_may_see_the_page(sign_in) -> None:
    assert sign_in("sales").get("/settings/sales").status_code == 403
    assert sign_in("marketer").get("/settings/sales").status_code == 200


def test_the_api_says_and_changes_the_same(db, call, runtime) -> None:
    mia = a_seller(db, "Mia")
    body = {"name": "North", "within_min": 30, "opens": "08:00", "closes": "16:00", "holidays": ["NO"]}
    north = call("POST", "/teams", body).json
    assert (north["name"], north["opens"], north["reroute_min"]) == ("North", "08:00", None)
    assert call("PUT", f"/teams/{north['id']}", {**body, "name": "Norden"}).json["name"] == "Norden"
    assert [team["name"] for team in call("GET", "/teams").json["data"]] == ["Sales", "Norden"]
    assert call("PUT", f"/sellers/{mia}", {"team_id": north["id"], "per_day": 1}).status_code == 204
    [seller] = call("GET", "/sellers").json["data"]
    assert (seller["name"], seller["team_id"], seller["per_day"], seller["holds"]) == (
        "Mia",
        north["id"],
        1,
        0,
    )
    rule = {"name": "North", "condition": {"field": "country", "eq": "NO"}, "team_id": north["id"]}
    made = call("POST", "/routing_rules", rule)
    assert (made.status_code, made.json["position"]) == (201, 1)
    wrong = call("POST", "/routing_rules", {**rule, "condition": {"weather": "fine"}})
    assert wrong.status_code == 422
    assert call("POST", f"/routing_rules/{made.json['id']}/move", {"up": True}).status_code == 204
    away = {"user_id": mia, "from_day": "2026-03-01", "until_day": "2026-03-09"}
    absence = call("POST", "/absences", away).json["id"]
    assert [one["until_day"] for one in call("GET", "/absences").json["data"]] == ["2026-03-09"]
    assert call("DELETE", f"/absences/{absence}").status_code == 204
    assert call("DELETE", f"/routing_rules/{made.json['id']}").status_code == 204
    said = {"per_day": 5, "owner_first": False, "recycle_lost_days": 90}
    assert call("PUT", "/handover", said).json == said == call("GET", "/handover").json
    assert call("DELETE", f"/teams/{north['id']}").status_code == 409


def test_the_api_passes_on_and_reports_how_soon_sales_calls(db, call, runtime, clock) -> None:
    mia, ben = a_seller(db, "Mia"), a_seller(db, "Ben")
    handoff = ripened(db, a_lead(db), a_model(db))
    hand_over(runtime.sessions, runtime.ring, "https://n.example", now=TUESDAY)
    assert call("POST", f"/handoffs/{handoff}/pass_on", {"to": mia}).status_code == 422
    assert call("POST", f"/handoffs/{handoff}/pass_on", {"to": ben, "note": "Knows them"}).status_code == 204
    clock.advance(minutes=6)
    call("POST", f"/handoffs/{handoff}/outcome", {"outcome": "contacted"})
    [row] = call("GET", "/reports/response_time?by=person").json["data"]
    assert (row["name"], row["given"], row["called"], row["in_time"], row["median_s"]) == (
        "Ben",
        1,
        1,
        1,
        360,
    )
    assert [row["name"] for row in call("GET", "/reports/response_time?by=team").json["data"]] == ["Sales"]
