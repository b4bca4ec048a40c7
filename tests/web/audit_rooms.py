"""Rooms of the walk: domains, sources, tags, fields, the house by the API, single leads, what comes back."""

from io import BytesIO

from nurture.mail.dkim import generate
from tests.web.audit_walk import Walk


def house_by_the_api(walk: Walk) -> None:
    walk.sql("UPDATE installation SET live = false")
    walk.call("sending.went_live", "POST", "/sending/live")
    walk.call("sending.stopped", "POST", "/sending/stop")
    walk.call("sending.resumed", "POST", "/sending/resume")
    walk.call("installation.changed", "PATCH", "/company", json={"company_name": "Ohm"})
    walk.call("restraint.changed", "PUT", "/restraint", json={"most": 4, "days": 9, "over": "skip"})
    out = walk.call("address.suppressed", "POST", "/suppressions", json={"email": "out@weber.example"})
    walk.call("address.let_in", "DELETE", f"/suppressions/{out.json['id']}")
    walk.page("domain.blocked", "/settings/restraint/domains", domain="ohm-kessler.example")
    last = walk.sql("SELECT max(id) FROM blocked_domain")
    walk.page("domain.unblocked", f"/settings/restraint/domains/{last}/lift")
    shut = walk.call("domain.blocked", "POST", "/blocked_domains", json={"domain": "weber-ohm.example"})
    walk.call("domain.unblocked", "DELETE", f"/blocked_domains/{shut.json['id']}")


def domains(walk: Walk) -> None:
    pages = "/settings/domains"
    walk.page("domain.added", pages, name="news.example")
    walk.page("domain.key_added", f"{pages}/1/keys", algorithm="ed25519")
    walk.page("domain.key_added", f"{pages}/1/keys/import", selector="s1", key=generate("ed25519"))
    last = walk.sql("SELECT max(id) FROM dkim_key")
    walk.page("domain.key_signs", f"{pages}/1/keys/{last}/sign")
    walk.page("domain.key_retired", f"{pages}/1/keys/{last}/retire")
    walk.page("domain.changed", f"{pages}/1", servers="203.0.113.5")
    walk.page("domain.removed", f"{pages}/1/remove")
    place = (
        f"/domains/{walk.call('domain.added', 'POST', '/domains', json={'name': 'mail.example'}).json['id']}"
    )
    walk.call("domain.changed", "PATCH", place, json={"servers": ["203.0.113.5"]})
    walk.call("domain.key_added", "POST", f"{place}/keys", json={"algorithm": "ed25519"})
    last = walk.sql("SELECT max(id) FROM dkim_key")
    walk.call("domain.key_signs", "POST", f"{place}/keys/{last}/sign")
    walk.call("domain.key_retired", "DELETE", f"{place}/keys/{last}")
    walk.call("domain.removed", "DELETE", place)


def drafts(walk: Walk) -> None:
    walk.page("program.created", "/programs/new", name="Fair", key="fair")
    number = walk.sql("SELECT max(id) FROM program")
    walk.page("program.created", f"/programs/{number}/duplicate", name="Fair, again", key="fair-again")
    walk.page("mail.test_sent", f"/programs/{number}/edit/mails/welcome/test")
    to_mia = {"mail": "welcome", "email": "mia@example.com"}
    walk.call("mail.test_sent", "POST", f"/programs/{number}/draft/test", json=to_mia)
    walk.page("program.draft_begun", f"/programs/{number}/edit/cold/add", kind="wait", revision="0")
    walk.page("program.draft_discarded", f"/programs/{number}/edit/discard", revision="1")
    made = walk.call("program.created", "POST", "/programs", json={"key": "more", "name": "More"}).json["id"]
    walk.page("program.published", f"/programs/{made}/publish")
    begun = {"revision": 0, "mails": [{"key": "welcome", "subject": "Hello"}]}
    headers = {"Authorization": f"Bearer {walk.key}"}
    client = walk.app.test_client()
    for no in (1, 2):
        place = f"/api/v1/programs/{made}/draft"
        said = begun | {"mails": [{"key": "welcome", "subject": f"Hello {no}"}]}
        assert client.put(place, json=said, headers=headers).status_code == 200
        walk.call("program.published", "POST", f"/programs/{made}/publish")
    walk.page("program.rolled_back", f"/programs/{made}/versions/1/roll-back")
    walk.call("program.rolled_back", "POST", f"/programs/{made}/rollback", json={"version": 2})
    assert client.put(f"/api/v1/programs/{made}/draft", json=begun, headers=headers).status_code == 200
    walk.call("program.draft_discarded", "DELETE", f"/programs/{made}/draft?revision=1")


def transports(walk: Walk) -> None:
    pages = "/settings/transports"
    server = {"kind": "smtp", "name": "Ours", "host": "127.0.0.1", "port": "1", "tls": "off"}
    walk.page("transport.added", f"{pages}/new", **server)
    place = f"{pages}/{walk.sql('SELECT max(id) FROM transport')}"
    walk.page("transport.changed", place, **server)
    walk.page("transport.paused", f"{place}/pause")
    walk.page("transport.resumed", f"{place}/resume")
    walk.page("transport.tried", f"{place}/test")
    walk.page("transport.removed", f"{place}/remove")
    walk.page("pace.limited", f"{pages}/limits", provider="google", per_hour="100")
    walk.page("pace.warmed", f"{pages}/warm-ups", what="domain", name="news.example", days="50, 100")
    held = "INSERT INTO sender_pause (domain, at) VALUES ('news.example', now())"
    walk.sql(held)
    walk.page("sender.resumed", f"{pages}/senders/news.example/send")
    said = {"name": "By SES", "kind": "ses", "secret": "s", "settings": {"region": "r", "access_key": "a"}}
    place = f"/transports/{walk.call('transport.added', 'POST', '/transports', json=said).json['id']}"
    walk.call("transport.changed", "PUT", place, json=said)
    walk.call("transport.paused", "POST", f"{place}/pause")
    walk.call("transport.resumed", "POST", f"{place}/resume")
    walk.call("transport.tried", "POST", f"{place}/test")
    choice = {"kind": "program", "id": 1, "transport_id": None}
    walk.call("transport.chosen", "PUT", "/transports/choices", json=choice)
    walk.call("transport.removed", "DELETE", place)
    limit = {"kind": "domain", "name": "leads.example", "per_hour": 9}
    walk.call("pace.limited", "PUT", "/pace/limits", json=limit)
    warm = {"kind": "domain", "name": "mail.example", "days": [50]}
    walk.call("pace.warmed", "PUT", "/pace/warm_ups", json=warm)
    walk.sql(held)
    walk.call("sender.resumed", "POST", "/pace/senders/news.example/send")


def senders(walk: Walk) -> None:
    pages = "/settings/senders"
    walk.page("sender.created", pages, name="Events", email="events@kessler-ohm.example")
    walk.page("sender.changed", f"{pages}/events", name="Our events")
    walk.page("sender.made_default", f"{pages}/events/default")
    said = {"key": "press", "name": "Press", "email": "press@kessler-ohm.example"}
    walk.call("sender.created", "POST", "/senders", json=said)
    walk.call("sender.changed", "PATCH", "/senders/press", json={"reply_to": "us@kessler-ohm.example"})
    walk.call("sender.made_default", "PATCH", "/senders/press", json={"default": True})
    walk.page("sender.removed", f"{pages}/events/remove")
    walk.call("sender.made_default", "PATCH", "/senders/mira", json={"default": True})
    walk.call("sender.removed", "DELETE", "/senders/press")


def sources(walk: Walk) -> None:
    walk.page("source.created", "/sources", name="Trade show", kind="fair", targeted="yes")
    first = walk.sql("SELECT max(id) FROM source")
    walk.page("source.changed", f"/sources/{first}", name="Trade show 2026", kind="fair", targeted="yes")
    made = walk.call("source.created", "POST", "/sources", json={"name": "Shop"}).json["id"]
    walk.call("source.changed", "PATCH", f"/sources/{made}", json={"name": "Web shop"})
    walk.call("source.merged", "POST", f"/sources/{first}/merge", json={"into": made})
    walk.call("source.removed", "DELETE", f"/sources/{made}")


def tags_and_fields(walk: Walk) -> None:
    tags = "ARRAY['fair', 'vip']"
    walk.sql(f"UPDATE lead SET tags = {tags}, folded_tags = {tags} WHERE erased_at IS NULL")
    walk.page("tag.renamed", "/tags/change", tag="fair", name="hall 3")
    walk.call("tag.renamed", "POST", "/tags/rename", json={"name": "hall 3", "to": "hall 4"})
    walk.call("tag.removed", "POST", "/tags/remove", json={"name": "hall 4"})
    walk.page("field.created", "/fields", label="Kind of plant", kind="choice", choices="A\nB")
    walk.page("field.changed", "/fields/kind_of_plant", label="Which plant", kind="choice", choices="A\nB\nC")
    walk.call("field.created", "POST", "/fields", json={"label": "How many halls", "kind": "number"})
    walk.call("field.changed", "PATCH", "/fields/how_many_halls", json={"label": "Halls"})
    walk.call("field.removed", "DELETE", "/fields/how_many_halls")


def leads(walk: Walk) -> None:
    lead = walk.sql("SELECT max(id) FROM lead WHERE erased_at IS NULL")
    walk.page("lead.changed", f"/leads/{lead}", city="Bern")
    walk.page("lead.exported", f"/leads/{lead}/data.json")
    change = {"what": "tag", "value": "press", "lead_ids": [lead]}
    done = walk.call("leads.tag", "POST", "/lead_changes", json=change)
    walk.call("leads.tag.undone", "POST", f"/lead_changes/{done.json['id']}/undo")


def coming_back(walk: Walk) -> None:
    walk.page("in_doubt.changed", "/settings/inbound/doubt", in_doubt="resend_once")
    walk.call("in_doubt.changed", "PUT", "/in_doubt", json={"in_doubt": "assume_sent"})
    walk.page("provider_key.changed", "/settings/inbound/keys/mailgun", key="a key of mailgun")
    walk.call("provider_key.changed", "PUT", "/provider_keys/mailgun", json={"key": "another key"})


def websites(walk: Walk) -> None:
    pages = "/settings/website"
    walk.page("site.added", f"{pages}/sites", host="https://www.kessler-ohm.example/start")
    walk.page("site.removed", f"{pages}/sites/{walk.sql('SELECT max(id) FROM site')}/remove")
    walk.page("visit_rule.added", f"{pages}/rules", pattern="/products/*", kind="viewed_product")
    walk.page("visit_rule.removed", f"{pages}/rules/{walk.sql('SELECT max(id) FROM visit_rule')}/remove")
    made = walk.call("site.added", "POST", "/website/sites", json={"host": "shop.example"}).json["id"]
    walk.call("site.removed", "DELETE", f"/website/sites/{made}")
    rule = {"pattern": "/offers/*", "kind": "offer_viewed"}
    made = walk.call("visit_rule.added", "POST", "/website/rules", json=rule).json["id"]
    walk.call("visit_rule.removed", "DELETE", f"/website/rules/{made}")
    walk.page("site.strangers_kept", f"{pages}/kept", strangers_kept_days="90")
    walk.call("site.strangers_kept", "PATCH", "/website", json={"strangers_kept_days": 395})


def models(walk: Walk) -> None:
    number = walk.sql("SELECT id FROM heat_model WHERE key = 'default'")
    place = f"/models/{number}"
    walk.page("model.created", "/models", key="webinars", like=str(number))
    walk.call("model.created", "POST", "/models", json={"key": "trials", "like": number})
    rates = walk.call("model.draft_begun", "POST", f"{place}/versions/1/draft").json["definition"]
    walk.page("model.draft_discarded", f"{place}/discard")
    walk.page("model.draft_begun", f"{place}/versions/1/draft")
    walk.call("model.draft_discarded", "DELETE", f"{place}/draft")
    shorter = {"definition": {**rates, "half_life": "14d"}}
    walk.call("model.draft_begun", "PUT", f"{place}/draft", json=shorter)
    walk.call("model.published", "POST", f"{place}/publish", json={})
    longer = {"definition": {**rates, "half_life": "28d"}}
    walk.call("model.draft_begun", "PUT", f"{place}/draft", json=longer)
    walk.page("model.published", f"{place}/publish")
    walk.page("lead.graded", "/leads/1/grade", grade="A", reason="knows everybody")
    walk.call("lead.graded", "PUT", "/leads/1/grade", json={"grade": None})
    walk.page("lead.put_off", "/leads/1/later", day="2027-01-04")
    walk.call("lead.put_off", "PUT", "/leads/1/future", json={"at": None})
    walk.page("model.declined", "/models/approvals", do="all no")
    walk.call("model.approved", "POST", "/model_approvals", json={"hand_over": True})


_MERGE = "SELECT max(id) FROM company_merge"


def companies(walk: Walk) -> None:
    made = walk.call("company.created", "POST", "/companies", json={"name": "Hartmann Pumps"}).json["id"]
    walk.call("company.changed", "PATCH", f"/companies/{made}", json={"size": 80})
    walk.page("company.changed", f"/companies/{made}", name="Hartmann Pumps", city="Bern")
    other = walk.call("company.created", "POST", "/companies", json={"name": "Hartmann"}).json["id"]
    walk.page("company.merged", f"/companies/{made}/merge", other=str(other))
    walk.page("company.unmerged", f"/company-merges/{walk.sql(_MERGE)}/undo")
    walk.call("company.merged", "POST", f"/companies/{made}/merge", json={"other": other})
    walk.call("company.unmerged", "POST", f"/company_merges/{walk.sql(_MERGE)}/undo")


def events(walk: Walk) -> None:
    lead = walk.sql("SELECT max(id) FROM lead WHERE erased_at IS NULL")
    plan = {"name": "Open day", "starts_at": "2026-03-01T10:00", "timezone": "Europe/Berlin"}
    walk.page("event.created", "/events", **plan)
    number = walk.sql("SELECT max(id) FROM event")
    page = f"/events/{number}"
    walk.page("event.changed", page, **plan | {"place": "Hall 3"})
    walk.page("event.registered", f"{page}/guests", lead_id=str(lead))
    file = (BytesIO(b"email\nnew@weber.example\n"), "guests.csv")
    walk.page("event.registered", f"{page}/file", file=file)
    walk.page("event.checked_in", f"{page}/check-in/{lead}")
    walk.page("event.check_in_undone", f"{page}/guests/{lead}", do="undo")
    walk.page("event.closed", f"{page}/turn", do="close")
    walk.page("event.reopened", f"{page}/turn", do="reopen")
    walk.page("event.feedback_asked", f"{page}/turn", do="ask")
    walk.page("event.exported", f"{page}/guests.csv")
    begin = {"name": "Fair", "starts_at": "2026-03-02T10:00:00Z"}
    number = walk.call("event.created", "POST", "/events", json=begin).json["id"]
    way = f"/events/{number}"
    walk.call("event.changed", "PATCH", way, json={"place": "Hall 4"})
    walk.call("event.registered", "POST", f"{way}/guests", json={"lead_id": lead})
    walk.call("event.checked_in", "POST", f"{way}/guests/{lead}/check_in")
    walk.call("event.rated", "PUT", f"{way}/guests/{lead}/feedback", json={"rating": 4})
    walk.call("event.check_in_undone", "DELETE", f"{way}/guests/{lead}/check_in")
    walk.call("event.struck", "DELETE", f"{way}/guests/{lead}")
    walk.call("event.closed", "POST", f"{way}/close")
    walk.call("event.reopened", "POST", f"{way}/reopen")
    walk.call("event.feedback_asked", "POST", f"{way}/ask_feedback")
    walk.call("event.exported", "GET", f"{way}/guests.csv")
    walk.call("event.called_off", "POST", f"{way}/call_off")


def forms(walk: Walk) -> None:
    typed = {
        "name": "Price list", "key": "price-list", "title": "Prices", "language": "en",
        "field": "email", "label": "E-mail", "required": "0",
    }  # fmt: skip
    walk.page("form.created", "/forms", **typed)
    page = f"/forms/{walk.sql('SELECT max(id) FROM form')}"
    walk.page("form.changed", page, **typed | {"title": "The prices"})
    walk.page("form.archived", f"{page}/archive")
    walk.page("form.restored", f"{page}/restore")
    asks = [{"field": "email", "label": "E-mail", "required": True}]
    said = {"key": "demo", "name": "Demo", "title": "A demo", "fields": asks}
    place = f"/forms/{walk.call('form.created', 'POST', '/forms', json=said).json['id']}"
    walk.call("form.changed", "PATCH", place, json={"title": "Your demo"})
    walk.call("form.archived", "DELETE", place)
    walk.call("form.restored", "POST", f"{place}/restore")
    lead = walk.sql("SELECT max(id) FROM lead WHERE erased_at IS NULL")
    walk.call("lead.consent_noted", "POST", "/consents", json={"lead_id": lead, "purpose": "events"})


ROOMS = (
    forms,
    house_by_the_api,
    domains,
    transports,
    senders,
    sources,
    tags_and_fields,
    leads,
    coming_back,
    websites,
    models,
    drafts,
    events,
    companies,
)
