"""Named senders through their doors: the page, the API, and what they are chosen by."""

from pathlib import Path

from flask.testing import FlaskClient

from nurture.runtime import Runtime
from nurture.store import domains
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.flows.garden import Garden
from tests.sinks import SmtpSink
from tests.web.api_caller import Caller, api, caller, problem
from tests.web.attacks.forms import send
from tests.web.conftest import SignIn, token_of

__all__ = ["api", "caller"]
HERE = "/settings/senders"
EVENTS = {"key": "events", "name": "Kessler events", "email": "events@fair.example"}


def post(client: FlaskClient, address: str, **form: str) -> str:
    token = token_of(client.get(HERE).text)
    return client.post(address, data={"csrf_token": token, **form}, follow_redirects=True).text


def test_a_sender_is_added_made_the_default_and_deleted_on_its_page(
    runtime: Runtime, sign_in: SignIn
) -> None:
    mira = sign_in("admin")
    assert "Mira Aydın" in mira.get(HERE).text
    shown = post(mira, HERE, name="Kessler events", email="events@fair.example", reply_to="us@fair.example")
    assert "fair.example is not verified" in shown and "<code>kessler-events</code>" in shown
    assert "This is not an e-mail address." in post(mira, HERE, name="X", email="nobody")
    assert "Kessler events speaks wherever nothing else is chosen." in post(
        mira, f"{HERE}/kessler-events/default"
    )
    assert "events@fair.example" in mira.get("/settings").text
    assert "make another one the default first" in post(mira, f"{HERE}/kessler-events/remove")
    assert "The sender is deleted." in post(mira, f"{HERE}/mira/remove")
    with runtime.sessions.begin() as session:
        found = domains.by_name(session, "fair.example")
        assert found is not None, "its DNS is looked up from now on"
        found.verified_at = TUESDAY
    assert "Mails from fair.example prove where they come from." in mira.get(HERE).text


def test_the_api_makes_changes_and_refuses_like_the_page(app: object, api: Caller, sign_in: SignIn) -> None:
    made = api.post("/senders", json=EVENTS)
    assert made.status_code == 201, made.text
    assert (made.json["default"], made.json["verified"], made.json["domain"]) == (
        False,
        False,
        "fair.example",
    )
    problem(api.post("/senders", json=EVENTS), 409)
    faults = problem(api.post("/senders", json={**EVENTS, "key": "house", "email": "no"}), 422)
    assert set(faults["errors"]) == {"key", "email"}
    assert [one["key"] for one in api.get("/senders").json["data"]] == ["events", "mira"]
    assert api.patch("/senders/events", json={"default": True}).json["default"]
    assert api.get("/company").json["sender_email"] == "events@fair.example"
    problem(api.delete("/senders/events"), 409)
    assert api.patch("/senders/mira", json={"default": True, "name": "Mira"}).json["name"] == "Mira"
    assert api.delete("/senders/events").status_code == 204
    problem(api.get("/senders/events"), 404)


def test_a_newsletter_goes_out_in_the_name_of_its_sender_which_then_stays(
    app: object, api: Caller, sign_in: SignIn, runtime: Runtime, smtp_sink: SmtpSink
) -> None:
    api.post("/senders", json={**EVENTS, "reply_to": "us@fair.example"})
    api.post("/leads", json={"email": "anna@weber.example", "consent": {"marketing": True}})
    mail = send(api, runtime, smtp_sink, subject="News", body="Yours, {{ sender.name }}", sender="events")
    assert str(mail.message["From"]) == "Kessler events <events@fair.example>"
    assert (str(mail.message["Reply-To"]), mail.sender) == ("us@fair.example", "events@fair.example")
    assert "Yours, Kessler events" in mail.part("plain")
    faults = problem(api.post("/newsletters", json={"name": "April", "sender": "nobody"}), 422)
    assert faults["errors"] == {"sender": ["There is no such sender."]}

    number = api.post("/newsletters", json={"name": "April", "sender": "events"}).json["id"]
    assert "Kessler events is chosen by" in problem(api.delete("/senders/events"), 409)["detail"]
    shown = sign_in("admin").get(f"{HERE}/events").text
    assert f'href="/newsletters/{number}">April</a>' in shown and "Delete…" not in shown
    assert (
        'value="events" selected>Kessler events &lt;events@fair.example&gt; (domain not verified)'
        in " ".join(sign_in("admin").get(f"/newsletters/{number}").text.split())
    )
    api.post(f"/newsletters/{number}/cancel")
    assert api.get("/senders/events").json["used_by"] == [], "the one has gone out, the other never will"


def test_a_program_a_mail_and_a_step_choose_among_the_senders_there_are(
    app: object, api: Caller, sign_in: SignIn, runtime: Runtime, clock: StandingClock, tmp_path: Path
) -> None:
    Garden(runtime.sessions, clock, tmp_path / "garden")
    api.post("/senders", json=EVENTS)
    made = api.post("/programs", json={"key": "fair", "name": "Fair"}).json["id"]
    draft = api.get(f"/programs/{made}/draft").json
    said = {**draft["program"], "sender": "evnts"}
    put = api.put(f"/programs/{made}/draft", json={"revision": draft["revision"], "program": said}).json
    assert put["faults"][0]["sentence"] == (
        'There is no sender "evnts"; known: events, mira. Did you mean "events"?'
    )
    assert put["yaml"].splitlines()[put["faults"][0]["line"] - 1] == "sender: evnts"
    mira = sign_in("admin")
    settings = mira.get(f"/programs/{made}/edit/settings").text
    assert "Default: Mira Aydın &lt;mira@kessler-ohm.example&gt;" in settings
    assert "evnts: there is no such sender" in settings
    said["sender"] = "events"
    put = api.put(f"/programs/{made}/draft", json={"revision": put["revision"], "program": said}).json
    assert put["faults"] == []
    step = mira.get(f"/programs/{made}/edit?chain=cold&step=welcome").text
    assert "As the program says: Kessler events &lt;events@fair.example&gt;" in step
    words = {"revision": put["revision"], "mails": [{"key": "welcome", "sender": "owner"}]}
    assert api.put(f"/programs/{made}/draft", json=words).json["mails"][0]["sender"] == "owner"
    step = mira.get(f"/programs/{made}/edit?chain=cold&step=welcome").text
    assert "As the mail says: The lead&#39;s owner" in step or "As the mail says: The lead’s owner" in step
