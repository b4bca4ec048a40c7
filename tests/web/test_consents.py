"""The proof of consent about one lead, through the API."""

from nurture.flows import consent, edit_newsletters
from nurture.flows.newsletters import send_newsletters
from tests.flows.mailroom import Mailroom, mailer
from tests.web.api_caller import api, caller, problem

__all__ = ["api", "caller"]


def test_every_mail_names_the_entry_it_rested_on(app, api, caller, runtime, smtp_sink, tmp_path, clock):
    post = mailer(smtp_sink.url)
    room = Mailroom(runtime.sessions, tmp_path, post, clock.now)
    anna = room.lead("Anna", consent=False)
    words = {"name": "March", "subject": "News", "body": "Hello."}
    with runtime.sessions.begin() as session:
        entry = consent.grant(
            session, anna, "marketing", wording="Write to me", channel="form", proof={"ip": "192.0.2.7"},
            now=clock.now,
        )  # fmt: skip
        number = edit_newsletters.create(session, words, by="mia", now=clock.now).id
        edit_newsletters.schedule(session, number, by="mia", now=clock.now)
    send_newsletters(runtime.sessions, runtime.pepper, now=clock.now)
    room.run_dry()
    post.close()
    (shown,) = api.get(f"/consents?lead_id={anna}").json["data"]
    assert (shown["id"], shown["holds"], shown["mails"]) == (entry, True, 1)
    assert (shown["wording"], shown["channel"], shown["proof"]) == (
        "Write to me",
        "form",
        {"ip": "192.0.2.7"},
    )
    assert api.get(f"/leads/{anna}/why?newsletter={number}").json["consent_id"] == entry
    assert api.get("/consents?lead_id=999999").json["data"] == []
    problem(caller("sales").get("/consents"), 403)
