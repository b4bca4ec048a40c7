"""The first day: set up, demo data, the way to the first mail, the switches, and what will go out."""

from dataclasses import replace
from datetime import timedelta
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from lxml import html as markup
from sqlalchemy import text

from nurture.app import move_in
from nurture.files.yaml_lines import Faults
from nurture.flows.advance import advance
from nurture.flows.domains import add_domain
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.flows.setup import offer_setup
from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from nurture.store import demo, installation, pulse
from nurture.store.pulse import Behind
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.sinks import SmtpSink
from tests.stories.world import World
from tests.web.conftest import SignIn, token_of
from tests.web.first_answers import ANSWERS
from tests.web.lists import lists
from tests.web.open_house import API, CAMPAIGNS, api, open_house

COMPANY = {
    "company_name": "Kessler Ohm",
    "postal_address": "Speicherstraße 14",
    "timezone": "Europe/Berlin",
    "sender_name": "Mira Aydın",
    "sender_email": "mira@kessler-ohm.example",
    "language": "en",
    "color": "#0b6b5b",
}


def post(client: FlaskClient, page: str, address: str, **form: str) -> int:
    token = token_of(client.get(page).text)
    return client.post(address, data={"csrf_token": token, **form}).status_code


def test_the_set_up_page_offers_demo_data_and_asks_for_it(visitor: FlaskClient, runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        token = offer_setup(session) or ""
    page = visitor.get(f"/setup?token={token}").text
    assert "demo data" in page
    form = ANSWERS | {"token": token, "csrf_token": token_of(page), "demo": "1"}

    assert visitor.post("/setup", data=form).headers["Location"] == "/settings/demo"

    with runtime.sessions() as session:
        assert demo.get(session).state == "wanted"
    assert "Demo data is being made" in visitor.get("/leads").text


def test_demo_data_is_asked_for_and_taken_away_on_its_page_and_by_the_api(
    sign_in: SignIn, runtime: Runtime
) -> None:
    admin = sign_in()
    assert post(admin, "/settings/demo", "/settings/demo") == 302
    headers = api(admin, runtime)
    assert admin.get(f"{API}/demo", headers=headers).json["state"] == "wanted"
    assert admin.delete(f"{API}/demo", headers=headers).status_code == 409

    with runtime.sessions.begin() as session:
        demo.lock(session).state = "there"
    assert "Remove the demo data" in admin.get("/settings/demo").text
    assert admin.delete(f"{API}/demo", headers=headers).json["state"] == "unwanted"


def test_progress_is_told_and_the_page_comes_anew_when_it_is_done(sign_in: SignIn, runtime: Runtime) -> None:
    admin = sign_in()
    with runtime.sessions.begin() as session:
        row = demo.lock(session)
        row.state, row.done, row.total = "making", 9, 36
    assert "9 of 36 days" in admin.get("/settings/demo/progress").text

    with runtime.sessions.begin() as session:
        demo.lock(session).state = "there"
    assert admin.get("/settings/demo/progress").headers["HX-Refresh"] == "true"


def way(client: FlaskClient) -> list[tuple[str, bool, str | None]]:
    """The rows of the checklist on the overview: title, whether it is done, where its button leads."""
    page = markup.fromstring(client.get("/").text)
    [section] = [one for one in page.iter("section") if "The way to the first mail" in one.text_content()]
    rows = []
    for row in section.iter("li"):
        title = row.find(".//div[@class='grow']/div")
        link = row.find(".//a[@class='btn btn-s']")
        done = row.find("span").get("class") == "up"
        rows.append((title.text.strip(), done, link.get("href") if link is not None else None))
    return rows


def test_each_row_of_the_way_leads_to_its_page_and_ticks_itself(
    sign_in: SignIn, runtime: Runtime, clock: StandingClock, smtp_sink: SmtpSink
) -> None:
    admin = sign_in()
    headers = api(admin, runtime)
    runtime = replace(runtime, settings=replace(runtime.settings, live=False))
    move_in(admin.application, runtime)
    with runtime.sessions.begin() as session:
        house = installation.get(session)
        house.company_name, house.postal_address, house.live = "", "", False

    rows = way(admin)
    assert [title for title, _done, _link in rows] == [
        "Say who sends",
        "Import leads with their consent",
        "Choose a program and publish it",
        "Send yourself a test",
        "Verify the domain",
        "Go live",
    ]
    assert not any(done for _title, done, _link in rows)
    for title, _done, link in rows[:-1]:
        assert link and admin.get(link).status_code == 200, title

    def ticked() -> str:
        return "".join("x" if done else "." for _title, done, _link in way(admin))

    assert post(admin, "/settings", "/settings", **COMPANY) == 302
    assert ticked() == "x....."
    lead = {"email": "anna@weber.example", "first_name": "Anna"}
    admin.post(f"{API}/leads", json=lead, headers=headers)
    assert ticked() == "x.....", "she has not agreed to mails"
    admin.post(f"{API}/leads", json=lead | {"consent": {"marketing": True}}, headers=headers)
    assert ticked() == "xx...."
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=False, now=TUESDAY, by="test")
    assert post(admin, "/programs/1/plan", "/programs/1/publish") == 303
    assert ticked() == "xxx..."
    assert post(admin, "/mails/test", "/mails/test/1") == 302
    assert ticked() == "xxx...", "it is still on its way"
    with streams(runtime) as work, World(runtime, clock, smtp_sink, work) as world:
        world.live(hours=1, until=lambda: bool(smtp_sink.mails))
    assert ticked() == "xxxx.."
    with runtime.sessions.begin() as session:
        added = add_domain(session, "kessler-ohm.example", by="test", now=TUESDAY)
        added.verified_at = TUESDAY  # how the DNS is asked, tests/flows/test_domains tells
    assert ticked() == "xxxxx."
    assert post(admin, "/", "/sending/live") == 302
    assert "The way to the first mail" not in admin.get("/").text


def test_the_way_is_gone_when_the_first_mail_is_out(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    advance(runtime.sessions, runtime.pepper, now=TUESDAY)
    with runtime.sessions.begin() as session:
        session.execute(text("UPDATE delivery SET state = 'sent', sent_at = :now"), {"now": TUESDAY})

    assert "The way to the first mail" not in sign_in().get("/").text


def test_all_sending_is_stopped_from_every_page_and_one_stays_there(
    app: Flask, sign_in: SignIn, runtime: Runtime
) -> None:
    admin = sign_in()
    pages = lists(app)
    assert len(pages) > 30
    for page in pages:
        html = admin.get(page).text
        assert "Stop all sending" in html, page
        came = {"Referer": f"http://localhost{page}"}
        answer = admin.post("/sending/stop", data={"csrf_token": token_of(html)}, headers=came)
        assert answer.headers["Location"] == page
        html = admin.get(page).text
        assert "All sending is stopped" in html, page
        with runtime.sessions() as session:
            assert installation.get(session).sending_stopped
        admin.post("/sending/resume", data={"csrf_token": token_of(html)}, headers=came)


def test_a_stop_leads_to_no_foreign_page(sign_in: SignIn) -> None:
    admin = sign_in()
    form = {"csrf_token": token_of(admin.get("/").text)}
    answer = admin.post("/sending/stop", data=form, headers={"Referer": "https://elsewhere.example/x"})
    assert answer.headers["Location"] == "/"


def test_a_silent_pump_and_a_late_one_are_told_on_every_page(sign_in: SignIn, runtime: Runtime) -> None:
    admin = sign_in()
    assert "No worker is running" not in admin.get("/leads").text
    with runtime.sessions.begin() as session:
        pulse.beat(session, "one", Behind("deliveries", 900.0))
    assert "The workers are behind" in admin.get("/leads").text

    with runtime.sessions.begin() as session:
        session.execute(text("UPDATE pump_beat SET seen_at = seen_at - interval '5 minutes'"))
    assert "No worker is running" in admin.get("/leads").text


def test_what_may_not_go_out_is_not_late(runtime: Runtime) -> None:
    open_house(runtime)
    later = TUESDAY + timedelta(hours=1)
    with runtime.sessions() as session:
        assert pulse.behind(session, may_send=True, now=later) == Behind("steps", 3600.0)
    with runtime.sessions.begin() as session:
        session.execute(text("UPDATE program SET state = 'paused'"))
    with runtime.sessions() as session:
        assert pulse.behind(session, may_send=True, now=later).what != "steps"


def test_the_calendar_tells_the_next_mail_of_each_lead(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime, leads=5)
    admin = sign_in()

    days = admin.get(f"{API}/calendar?days=14", headers=api(admin, runtime)).json["data"]

    assert [(one["day"], one["kind"], one["mail"], one["n"]) for one in days] == [
        ("2026-03-03", "forecast", "Welcome, three numbers", 5)
    ]
    page = admin.get("/calendar").text
    assert "5 mails go out today" in page
    line = f"/calendar/2026-03-03?chain={days[0]['chain_id']}&step={days[0]['step']}"
    assert "Lead 4" in admin.get(line).text
    told = f"{API}/calendar/2026-03-03?chain_id={days[0]['chain_id']}&step={days[0]['step']}"
    who = admin.get(told, headers=api(admin, runtime, "viewer"))
    assert len(who.json["data"]) == 5 and who.json["data"][0]["temperature"] == "cold"
    assert admin.get(told.replace("03-03", "03-33"), headers=api(admin, runtime, "sales")).status_code == 404


def test_what_is_made_already_is_scheduled_and_waits_follow(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    advance(runtime.sessions, runtime.pepper, now=TUESDAY)
    admin = sign_in()

    days = admin.get(f"{API}/calendar", headers=api(admin, runtime)).json["data"]

    assert [(one["kind"], one["mail"], one["n"]) for one in days] == [
        ("scheduled", "Welcome, three numbers", 3)
    ]


def test_a_chain_shows_steps_mails_and_who_published_it(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    admin = sign_in()
    with runtime.sessions() as session:
        chain_id = session.execute(text("SELECT id FROM chain WHERE temperature = 'cold'")).scalar_one()

    page = admin.get(f"/chains/{chain_id}?step=tools-review").text

    for words in ("Welcome, three numbers", "Send me a test", "v1", "published", "test"):
        assert words in page
    dark = admin.get(f"/chains/{chain_id}/mail/tools-review?dark=1")
    assert "color-scheme:dark" in dark.text
    assert "sandbox" in dark.headers["Content-Security-Policy"]
    assert admin.get(f"/chains/{chain_id}?as=text").status_code == 200
    assert admin.get(f"/chains/{chain_id}/mail/no-such-step").status_code == 404
    assert admin.get("/chains/999").status_code == 404


def test_the_test_button_sends_the_mail_of_a_step_to_oneself(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    admin = sign_in()
    with runtime.sessions() as session:
        chain_id = session.execute(text("SELECT id FROM chain WHERE temperature = 'cold'")).scalar_one()
        lead_id = session.execute(text("SELECT min(id) FROM lead")).scalar_one()

    address = f"/chains/{chain_id}/mail/tools-review/test?lead={lead_id}"
    assert post(admin, f"/chains/{chain_id}", address) == 302

    with runtime.sessions() as session:
        row = session.execute(text("SELECT purpose, address, lead_id FROM delivery")).one()
    assert tuple(row) == ("test", "admin@kessler-ohm.example", lead_id)


def test_the_models_page_says_thresholds_and_who_goes_by_them(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    admin = sign_in()
    page = admin.get("/models").text
    for words in ("Heat halves in 21 days", "Consulting, long cycle", "Scorecard", "company of 50 or more"):
        assert words in page.replace("Company of", "company of")
    listed = admin.get(f"{API}/models", headers=api(admin, runtime)).json["data"]
    assert [one["key"] for one in listed] == ["consumer", "default", "trial"]
    assert [one["versions"][0]["live"] for one in listed] == [False, True, False]


def test_deliveries_are_narrowed_by_program_mail_and_day(sign_in: SignIn, runtime: Runtime) -> None:
    open_house(runtime)
    advance(runtime.sessions, runtime.pepper, now=TUESDAY)
    admin = sign_in()
    subject = "Three numbers that show where your stock is stuck"
    assert subject in admin.get("/deliveries?program=1&since=2026-03-03&until=2026-03-03").text
    for narrower in ("program=99", "mail=9999", "since=2026-03-04", "until=2026-03-02"):
        assert "No delivery fits these filters" in admin.get(f"/deliveries?{narrower}").text
    headers = api(admin, runtime)
    listed = admin.get(f"{API}/deliveries?since=2026-03-03T00:00:00Z&program_id=1", headers=headers).json
    assert len(listed["data"]) == 3
    none = admin.get(f"{API}/deliveries?until=2026-03-03T00:00:00Z", headers=headers).json
    assert none["data"] == []


def test_a_delivery_shows_headers_text_and_the_consent_it_rested_on(
    sign_in: SignIn, runtime: Runtime
) -> None:
    open_house(runtime)
    advance(runtime.sessions, runtime.pepper, now=TUESDAY)
    with runtime.sessions.begin() as session:
        session.execute(
            text(
                "UPDATE delivery d"
                " SET state = 'sent', sent_at = :now, address = l.email, consent_id = c.consent_id"
                " FROM lead l JOIN lead_consent c ON c.lead_id = l.id WHERE l.id = d.lead_id"
            ),
            {"now": TUESDAY},
        )
        number = session.execute(text("SELECT min(id) FROM delivery")).scalar_one()

    admin = sign_in()
    page = admin.get(f"/deliveries/{number}").text

    for words in ("List-Unsubscribe", "As plain text", "Start with three numbers", "The consent behind it"):
        assert words in page
    assert "/u/..." in page
    told = admin.get(f"{API}/deliveries/{number}/mail", headers=api(admin, runtime)).json
    assert {"name": "List-Unsubscribe-Post", "value": "List-Unsubscribe=One-Click"} in told["headers"]
    assert told["subject"] and told["text"].strip() in unescape(page) and "<html" in told["html"]
