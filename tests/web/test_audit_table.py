"""Every address that changes something leaves a line in the audit log, or stands here with its reason."""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pyotp import TOTP
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import text

from nurture import flows
from nurture.files.yaml_lines import Faults
from nurture.flows.hand_over import hand_over
from nurture.flows.keys import create_key
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.flows.ripen import ripen
from nurture.flows.setup import offer_setup
from nurture.flows.start_leads import places
from nurture.jobs.queues import queue
from nurture.rules.ids import millis_of, uuid7
from nurture.rules.tokens import mint
from nurture.runtime import Runtime
from nurture.store import audit
from nurture.store.audit import Wanted
from nurture.web import audit_words
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.flows.ripe_leads import ripe
from tests.web import audit_rooms
from tests.web.audit_walk import Walk
from tests.web.conftest import PASSWORD, SignIn, token_of
from tests.web.test_jobs_page import breaks
from tests.web.test_users import NINA, path_of

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
COMPANY = {
    "company_name": "Kessler Ohm AG",
    "postal_address": "Speicherstraße 14",
    "timezone": "Europe/Berlin",
    "sender_name": "Mira",
    "sender_email": "mira@kessler-ohm.example",
    "language": "en",
    "color": "#0b6b5b",
}
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
_OF_DRAFT = "a draft keeps each change with who made it; that it was begun leaves a line"
EXEMPT: dict[str, str] = {
    "editor.act": _OF_DRAFT,
    "editor.save": _OF_DRAFT,
    "editor.save_chain": _OF_DRAFT,
    "editor.change_chains": _OF_DRAFT,
    "editor.undo": _OF_DRAFT,
    "editor.add_mail": _OF_DRAFT,
    "editor.save_mail": _OF_DRAFT,
    "editor.remove_mail": _OF_DRAFT,
    "editor.save_frame": _OF_DRAFT,
    "editor.save_yaml": _OF_DRAFT,
    "api-drafts.write": _OF_DRAFT,
    "api-drafts.write_chain": _OF_DRAFT,
    "api-drafts.undo": _OF_DRAFT,
    "api-drafts.redo": _OF_DRAFT,
    "api-mail-words.create": _OF_DRAFT,
    "api-mail-words.change": _OF_DRAFT,
    "chain.test": "a delivery of its own, to the one who pressed",
    "sessions.sign_out": "a session ends in the browser alone",
    "sessions.choose_language": "how a visitor reads, kept in their browser",
    "account.save_sales_mails": "what one is told by mail",
    "account.save_theme": "how pages look for oneself",
    "account.save_language": "how pages read for oneself",
    "confirm.confirm": "changes nothing; a wrong password is written down as a failed sign-in",
    "second_factor.begin": "of no effect until a code was given",
    "leads.save_view": "a way of looking, one's own",
    "duplicates.look": "only lists what may be one person",
    "api-merges.look": "only lists what may be one person",
    "leads.change_view": "a way of looking, one's own",
    "activities.take": "the timelines of the leads tell what came by a file",
    "api-activities.take": "the timelines of the leads tell what came by a file",
    "feedback.give": "a guest's own word, in the timeline of the lead",
    "leads.add_touch": "the timeline of the lead tells who noted it",
    "newsletters.try_words": "keeps nothing",
    "segments.preview": "keeps nothing",
    "receivers.preview": "keeps nothing",
    "api-webhooks.preview": "keeps nothing",
    "models.save": "a draft; its beginning, its end and its going live are written down",
    "models.take_portrait": "as models.save",
    "models.train": "asks for a training, which writes itself down when it has learnt",
    "api-target-score.train": "asks for a training, which writes itself down when it has learnt",
    "models.ask": "changes nothing; says what a draft would do",
    "api-models.ask_preview": "changes nothing; says what a draft would do",
    "segments.read_text": "keeps nothing",
    "choosing.save": "the lead's own choice stands in the ledger of consent, with its proof",
    "confirming.confirm": "the lead's own choice stands in the ledger of consent, with its proof",
    "public_forms.send": "what was sent is kept, and so is the consent with its proof",
    "forms.look": "keeps nothing",
    "leaving.unsubscribe": "the lead's own choice stands in the ledger of consent, with its proof",
    "handoffs.learn": "the answer stands on the lead with its source and date",
    "api-desk.learn": "the answer stands on the lead with its source and date",
    "handoffs.note": "the timeline of the lead tells who noted it",
    "api-desk.note": "the timeline of the lead tells who noted it",
    "inbound.mail": "a machine reports; kept whole as a report",
    "inbound.events": "a machine reports; kept whole as a report",
    "api-leads.save": "a CRM writes thousands an hour; the timeline and the import tell of the lead",
    "api-leads.change": "as api-leads.save",
    "api-touches.add": "the timeline of the lead tells who noted it",
    "api-signals.take": "a signal is its own record, with its source",
    "api-outside-events.identify": "a signal is its own record, with its source",
    "api-outside-events.track": "a signal is its own record, with its source",
    "api-outside-events.batch": "a signal is its own record, with its source",
    "api-outside-events.page": "a signal is its own record, with its source",
    "api-segments.preview": "keeps nothing",
    "domains.check": "looks at the DNS again; changes nothing of ours",
    "api-domains.check": "as domains.check",
}


@pytest.fixture
def walk(app: Flask, runtime: Runtime, sign_in: SignIn) -> Iterator[Walk]:
    admin = sign_in("admin")
    with runtime.sessions.begin() as session:
        key = create_key(session, "CRM", "admin", now=runtime.now())
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=False, now=TUESDAY, by="test")
    walk = Walk(app, runtime, admin, key)
    lead = {"email": "anna@weber.example", "consent": {"marketing": True, "proof": "at the fair"}}
    headers = {"Authorization": f"Bearer {key}"}
    for number in (1, 2, 3):
        lead["email"] = f"anna{number}@weber.example"
        assert app.test_client().post("/api/v1/leads", json=lead, headers=headers).status_code == 201
    yield walk


def test_whatever_changes_something_leaves_a_line(
    walk: Walk, app: Flask, sign_in: SignIn, watch: StandingClock
) -> None:
    for room in (
        _sending,
        _demo,
        _programs,
        _segments,
        _newsletters,
        _webhooks,
        _imports,
        _leads,
        _sources_and_tags,
        _handoffs,
        _sales,
        _verdicts,
    ):
        room(walk)
    for room in audit_rooms.ROOMS:
        room(walk)
    _settings(walk)
    _mail(walk)
    _jobs(walk)
    _users(walk)
    _users_by_the_api(walk)
    _own_account(walk, sign_in, watch)
    _coming_in(walk)
    changing = {rule.endpoint for rule in app.url_map.iter_rules() if CHANGING & (rule.methods or set())}
    assert changing - walk.seen - set(EXEMPT) == set(), "these leave no line and give no reason"
    assert set(EXEMPT) - changing == set(), "there are no such addresses"
    assert walk.seen & set(EXEMPT) == set(), "these leave a line after all"


def _sending(walk: Walk) -> None:
    walk.sql("UPDATE installation SET live = false")
    walk.page("sending.went_live", "/sending/live")
    walk.page("sending.stopped", "/sending/stop")
    walk.page("sending.resumed", "/sending/resume")
    walk.call("sending.stopped", "POST", "/sending/stop")
    walk.call("sending.resumed", "POST", "/sending/resume")
    walk.sql("UPDATE installation SET live = false")
    walk.call("sending.went_live", "POST", "/sending/live")


def _demo(walk: Walk) -> None:
    """Leads of one's own are in the way of demo data: here they count as invented."""
    walk.sql("UPDATE lead SET demo = true")
    walk.page("demo.wanted", "/settings/demo")
    walk.sql("UPDATE demo SET state = 'there'")
    walk.page("demo.unwanted", "/settings/demo/remove")
    walk.sql("UPDATE demo SET state = 'none'")
    walk.call("demo.wanted", "POST", "/demo")
    walk.sql("UPDATE demo SET state = 'there'")
    walk.call("demo.unwanted", "DELETE", "/demo")
    walk.sql("UPDATE lead SET demo = false")
    walk.sql("UPDATE demo SET state = 'none'")


def _programs(walk: Walk) -> None:
    table = b"day,subject,body\n0,Welcome,Hello there\n"
    walk.page("program.loaded", "/programs/bring-in", file=(io.BytesIO(table), "days.csv"))
    walk.call("program.loaded", "POST", "/programs/import", data=table, content_type="text/csv")
    walk.page("program.published", "/programs/1/publish")
    walk.page("program.simulated", "/programs/1/simulations", leads="5")
    walk.call("program.simulated", "POST", "/programs/1/simulate", json={"leads": 5})
    trial = {"email": "admin@kessler-ohm.example"}
    walk.page("program.tried", "/programs/1/try", **trial, try_chain="cold")
    walk.call("program.tried", "POST", "/programs/1/try", json=trial)
    walk.page("program.paused", "/programs/1/pause")
    walk.page("program.resumed", "/programs/1/resume")
    walk.page("program.held_decided", "/programs/1/held", go_on="1")
    walk.page("leads.start", "/leads/1/start", start="consulting/cold")
    walk.call("chain.enrolled", "POST", "/chains/1/enroll", json={"lead_ids": [2]})
    walk.call("program.paused", "POST", "/programs/1/pause")
    walk.call("program.resumed", "POST", "/programs/1/resume")
    walk.call("program.held_decided", "POST", "/programs/1/held", json={"go_on": True})
    walk.call("program.paused", "POST", "/chains/1/pause")
    walk.call("program.resumed", "POST", "/chains/1/resume")
    for address in ("/programs/1/publish", "/chains/1/publish"):
        walk.sql("UPDATE program SET draft_version_id = live_version_id, live_version_id = NULL")
        walk.call("program.published", "POST", address)


def _segments(walk: Walk) -> None:
    said = {"name": "Fair", "condition": '{"tag": "fair"}'}
    walk.page("segment.created", "/segments/new", **said)
    walk.page("segment.changed", "/segments/1", **said | {"name": "The fair"})
    walk.page("segment.removed", "/segments/1/remove")
    said = {"name": "Fair", "condition": {"tag": "fair"}}
    walk.call("segment.created", "POST", "/segments", json=said)
    walk.call("segment.changed", "PATCH", "/segments/2", json={"name": "The fair"})
    walk.call("segment.removed", "DELETE", "/segments/2")


def _newsletters(walk: Walk) -> None:
    words = {"name": "March", "subject": "News", "body": "Hello."}
    walk.page("newsletter.created", "/newsletters", name="March")
    walk.page("newsletter.changed", "/newsletters/1", **words)
    walk.page("newsletter.tested", "/newsletters/1/test")
    walk.page("newsletter.scheduled", "/newsletters/1/schedule", when="at", at="2026-03-09T10:00")
    for what, action in (("pause", "paused"), ("resume", "resumed"), ("cancel", "cancelled")):
        walk.page(f"newsletter.{action}", f"/newsletters/1/{what}")
    walk.call("newsletter.created", "POST", "/newsletters", json=words)
    walk.call("newsletter.changed", "PATCH", "/newsletters/2", json={"subject": "More news"})
    walk.call("newsletter.tested", "POST", "/newsletters/2/test", json={"email": "mia@example.com"})
    walk.call("newsletter.scheduled", "POST", "/newsletters/2/schedule", json={"at": "2026-03-09T10:00:00Z"})
    for what, action in (("pause", "paused"), ("resume", "resumed"), ("cancel", "cancelled")):
        walk.call(f"newsletter.{action}", "POST", f"/newsletters/2/{what}")


def _webhooks(walk: Walk) -> None:
    url = "http://127.0.0.1:8099/hook"
    walk.page("webhook_endpoint.created", "/webhooks", url=url, types="lead.hot")
    walk.page("webhook_endpoint.changed", "/webhooks/1/switch", disabled="0")
    walk.page("webhook_endpoint.changed", "/webhooks/1/change", url=url, types="lead.hot")
    walk.page("webhook_endpoint.secret_rotated", "/webhooks/1/secret")
    walk.page("webhook_endpoint.signing_key_made", "/webhooks/1/signing-key")
    walk.page("webhook_endpoint.old_keys_forgotten", "/webhooks/1/forget-keys")
    walk.page("webhook_endpoint.tested", "/webhooks/1/test")
    message = walk.sql("SELECT id FROM webhook_message LIMIT 1")
    walk.page("webhook_message.replayed", f"/webhooks/messages/{message}/replay")
    stretch_typed = {"from": "2026-03-01T00:00", "to": "2026-03-09T00:00"}
    walk.page("webhook_message.range_replayed", "/webhooks/1/replay", **stretch_typed)
    walk.call(
        "webhook_endpoint.created", "POST", "/webhook_endpoints", json={"url": url, "types": ["lead.hot"]}
    )
    walk.call("webhook_endpoint.changed", "PATCH", "/webhook_endpoints/2", json={"types": ["lead.hot"]})
    walk.call("webhook_endpoint.secret_rotated", "POST", "/webhook_endpoints/2/secret")
    walk.call("webhook_endpoint.signing_key_made", "POST", "/webhook_endpoints/2/signing_key")
    walk.call("webhook_endpoint.old_keys_forgotten", "DELETE", "/webhook_endpoints/2/old_keys")
    walk.call("webhook_endpoint.tested", "POST", "/webhook_endpoints/2/test")
    stretch = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-09T00:00:00Z"}
    walk.call("webhook_message.range_replayed", "POST", "/webhook_messages/replay", json=stretch)
    walk.call("webhook_message.replayed", "POST", f"/webhook_messages/{message}/replay")
    walk.call("webhook_endpoint.changed", "DELETE", "/webhook_endpoints/2")


def _imports(walk: Walk) -> None:
    for number in (1, 2):
        file = (io.BytesIO(f"email\nbert{number}@weber.example".encode()), "fair.csv")
        walk.page("import.uploaded", "/imports", file=file)
    form = {"column": ["email"], "answer-0": "email", "source": "Fair", "consent": "no", "do": "begin"}
    walk.page("import.begun", "/imports/1", **form)
    walk.page("import.discarded", "/imports/2/discard")
    walk.call("import.begun", "POST", "/imports", data=b"email\ncarl@weber.example", content_type="text/csv")
    for then in ("import.begun", "import.discarded"):
        file = (io.BytesIO(b"email\ndora@weber.example"), "fair.csv")
        walk.call("import.uploaded", "POST", "/import_drafts", data={"file": file})
        draft = f"/import_drafts/{walk.sql('SELECT max(id) FROM lead_import')}"
        if then == "import.begun":
            walk.call(then, "POST", draft, json={"source": "Fair", "do": "begin"})
        else:
            walk.call(then, "DELETE", draft)


def _leads(walk: Walk) -> None:
    walk.page("leads.tag", "/leads/change", lead=["1", "2"], what="tag", value="fair", tag="fair")
    change = walk.sql("SELECT max(id) FROM bulk_change")
    walk.page("leads.tag.undone", f"/leads/changes/{change}/undo")
    walk.page("leads.exported", "/leads/export.csv")
    walk.page("lead.changed", "/leads/1", role="Buyer")
    walk.page("lead.changed", "/leads/1/bant", need="yes")
    walk.page("lead.consent_noted", "/leads/1/consent", purpose="marketing", agreed="yes", words="by phone")
    walk.page("lead.exported", "/leads/1/data.json")
    walk.page("lead.merged", "/leads/1/merge", other="3")
    walk.page("lead.unmerged", f"/merges/{walk.sql(_MERGE)}/undo")
    walk.call("lead.merged", "POST", "/leads/1/merge", json={"other": 3})
    walk.call("lead.unmerged", "POST", f"/merges/{walk.sql(_MERGE)}/undo")
    pair = walk.sql(_PAIR)
    walk.page("duplicate.dismissed", f"/duplicates/{pair}/dismiss")
    walk.page("duplicate.brought_back", f"/duplicates/{pair}/bring-back")
    walk.call("duplicate.dismissed", "POST", f"/duplicates/{pair}/dismiss")
    walk.call("duplicate.brought_back", "POST", f"/duplicates/{pair}/bring_back")
    walk.sql(_JOBS)
    walk.page("leads.job_cancelled", "/leads/jobs/1", do="cancel")
    walk.call("leads.job_cancelled", "POST", "/lead_changes/jobs/2/cancel")
    walk.call("leads.tag.undone", "POST", "/lead_changes/jobs/2/undo")
    walk.page("lead.erased", "/leads/2/erase", sure="2")
    walk.call("leads.tag", "POST", "/lead_changes", json={"what": "tag", "value": "x", "lead_ids": [1]})
    change = walk.sql("SELECT max(id) FROM bulk_change")
    walk.call("leads.tag.undone", "POST", f"/lead_changes/{change}/undo")
    walk.call("lead.erased", "DELETE", "/leads/3")


_MERGE = "SELECT max(id) FROM lead_merge"
_JOBS = """
    INSERT INTO bulk_job (at, by, what, query, total, last_id)
    SELECT now(), 'x', 'tag', '{}', 1, 0 FROM generate_series(1, 2)
"""
_PAIR = """
    INSERT INTO lead_duplicate (lead_id, other_id, reason, found_at) VALUES (1, 3, 'email', now())
    RETURNING id
"""


def _sources_and_tags(walk: Walk) -> None:
    number = "SELECT max(id) FROM source"
    walk.page("source.created", "/sources", name="Fair one")
    walk.page("source.changed", f"/sources/{walk.sql(number)}", name="Fair two")
    walk.call("source.created", "POST", "/sources", json={"name": "Fair three"})
    last = walk.sql(number)
    walk.call("source.changed", "PATCH", f"/sources/{last}", json={"kind": "fair"})
    walk.call("source.merged", "POST", f"/sources/{last}/merge", json={"into": last - 1})
    walk.call("source.removed", "DELETE", f"/sources/{last - 1}")
    walk.sql("UPDATE lead SET tags = '{a,b,c}' WHERE id = 1 RETURNING id")
    walk.page("tag.renamed", "/tags/change", tag="a", name="d")
    walk.call("tag.renamed", "POST", "/tags/rename", json={"name": "b", "to": "e"})
    walk.call("tag.removed", "POST", "/tags/remove", json={"name": "c"})
    walk.page("field.created", "/fields", label="Plan", kind="text")
    walk.page("field.changed", "/fields/plan", label="Plans", kind="text")
    walk.call("field.changed", "PATCH", "/fields/plan", json={"label": "Plan"})
    walk.call("field.removed", "DELETE", "/fields/plan")
    walk.call("field.created", "POST", "/fields", json={"label": "Plan"})


def _handoffs(walk: Walk) -> None:
    with walk.runtime.sessions.begin() as session:
        model = session.execute(text("SELECT id FROM heat_model LIMIT 1")).scalar_one()
        leads = [
            row[0]
            for row in session.execute(
                text("SELECT id FROM lead WHERE erased_at IS NULL ORDER BY id LIMIT 3")
            )
        ]
        ripen(session, [ripe(lead, model) for lead in leads], now=TUESDAY)
    hand_over(walk.runtime.sessions, walk.runtime.ring, "http://localhost:8000", now=TUESDAY)
    first, second, third = (
        walk.sql(f"SELECT id FROM handoff ORDER BY id OFFSET {n} LIMIT 1") for n in range(3)
    )
    walk.page("handoff.answered", f"/handoffs/{first}/answer", outcome="accepted")
    walk.page("handoffs.exported", "/handoffs/export.csv")
    walk.page("lead.never_mail", f"/handoffs/{first}/never")
    walk.call("lead.never_mail", "POST", f"/handoffs/{second}/never_mail", json={})
    walk.sql("UPDATE enrollment SET state = 'ended', ended_at = entered_at")
    with walk.runtime.sessions() as session:
        place = places(session)[0][0]
    walk.page("lead.into_chain", f"/handoffs/{first}/chain", place=place)
    walk.call("lead.into_chain", "POST", f"/handoffs/{third}/into_chain", json={"place": place})
    mia = walk.sql(
        "INSERT INTO user_account (email, name, role, password_hash, created_at)"
        f" VALUES ('mia@kessler-ohm.example', 'Mia', 'sales', '-', '{TUESDAY}') RETURNING id"
    )
    walk.page("handoff.passed_on", f"/handoffs/{first}/pass-on", to=str(mia))
    token = mint(walk.runtime.ring, "answer", second)
    walk._did(
        "handoff.answered", walk.app.test_client(), "POST", f"/answer/{token}", json={"outcome": "accepted"}
    )
    walk.call("handoff.answered", "POST", f"/handoffs/{third}/outcome", json={"outcome": "accepted"})


def _sales(walk: Walk) -> None:
    mia = walk.sql("SELECT id FROM user_account WHERE name = 'Mia'")
    team = {"within_min": "10", "warn_min": "3", "days": "0", "opens": "09:00", "closes": "18:00"}
    walk.page("team.created", "/settings/sales/teams", name="North", **team)
    north = walk.sql("SELECT id FROM sales_team WHERE name = 'North'")
    walk.page("team.changed", f"/settings/sales/teams/{north}", name="Norden", **team)
    walk.page("handover.changed", "/settings/sales/floor", per_day="", recycle_lost_days="")
    walk.page("seller.changed", f"/settings/sales/people/{mia}", team="1", per_day="3", open_most="")
    away = {"from": "2026-03-03", "until": "2026-03-04"}
    walk.page("absence.added", f"/settings/sales/people/{mia}/absences", **away)
    absence = walk.sql("SELECT id FROM sales_absence")
    walk.page("absence.removed", f"/settings/sales/absences/{absence}/remove")
    rule = {"name": "DE", "ask": "country", "value": "DE", "to": f"team-{north}"}
    walk.page("routing_rule.added", "/settings/sales/rules", **rule)
    number = walk.sql("SELECT id FROM routing_rule")
    walk.page("routing_rule.moved", f"/settings/sales/rules/{number}/move", up="1")
    walk.page("routing_rule.removed", f"/settings/sales/rules/{number}/remove")
    walk.page("team.removed", f"/settings/sales/teams/{north}/remove")
    _sales_by_the_api(walk, mia)


def _sales_by_the_api(walk: Walk, mia: int) -> None:
    south = walk.call("team.created", "POST", "/teams", json={"name": "South"}).json["id"]
    walk.call("team.changed", "PUT", f"/teams/{south}", json={"name": "Süd"})
    walk.call("handover.changed", "PUT", "/handover", json={})
    walk.call("seller.changed", "PUT", f"/sellers/{mia}", json={"team_id": 1})
    away = {"user_id": mia, "from_day": "2026-03-03", "until_day": "2026-03-04"}
    absence = walk.call("absence.added", "POST", "/absences", json=away).json["id"]
    walk.call("absence.removed", "DELETE", f"/absences/{absence}")
    rule = {"name": "DE", "condition": {"field": "country", "eq": "DE"}, "team_id": south}
    number = walk.call("routing_rule.added", "POST", "/routing_rules", json=rule).json["id"]
    walk.call("routing_rule.moved", "POST", f"/routing_rules/{number}/move", json={"up": True})
    walk.call("routing_rule.removed", "DELETE", f"/routing_rules/{number}")
    walk.call("team.removed", "DELETE", f"/teams/{south}")
    third = walk.sql("SELECT max(id) FROM handoff")
    walk.call("handoff.passed_on", "POST", f"/handoffs/{third}/pass_on", json={"to": mia})


def _verdicts(walk: Walk) -> None:
    hit = uuid7(millis_of(TUESDAY), bytes(10))
    walk.sql(
        "INSERT INTO hit (id, received_at, occurred_at, kind, delivery_id, method, user_agent, headers,"
        f" verdict, reasons) SELECT '{hit}', '{TUESDAY}', '{TUESDAY}', 'open', max(id), 'GET', '', '{{}}',"
        " 'human', '{}' FROM delivery"
    )
    said = {"verdict": "machine", "reason": "our own scanner"}
    walk.call("hit.overruled", "POST", f"/hits/{hit}/verdict", json=said)
    pattern = said | {"field": "ip", "pattern": "192.0.2.0/24"}
    walk.call("hit.pattern_added", "POST", "/verdict_patterns", json=pattern)
    walk.call("hit.pattern_ended", "DELETE", "/verdict_patterns/1")
    delivery = walk.sql("SELECT max(id) FROM delivery")
    walk.page("hit.overruled", f"/deliveries/{delivery}/hits/{hit}", verdict="human")
    kind = {"field": "user_agent", "pattern": "LinkGuard", "verdict": "machine", "reason": ""}
    walk.page("hit.pattern_added", "/settings/machines", **kind)
    last = walk.sql("SELECT max(id) FROM verdict_pattern")
    walk.page("hit.pattern_ended", f"/settings/machines/{last}/end")


def _settings(walk: Walk) -> None:
    walk.page("installation.changed", "/settings", **COMPANY)
    walk.page("restraint.changed", "/settings/restraint", most="3", days="7", over="defer")
    walk.call("restraint.changed", "PUT", "/restraint", json={"most": 4, "days": 7, "over": "skip"})
    walk.call("installation.changed", "PATCH", "/company", json={"company_name": "Kessler Ohm & Co"})
    out = walk.call("address.suppressed", "POST", "/suppressions", json={"email": "out@firm.example"})
    walk.call("address.let_in", "DELETE", f"/suppressions/{out.json['id']}")
    walk.page("key.created", "/settings/keys", name="Site", role="sales")
    walk.page("key.revoked", "/settings/keys/2/revoke")
    walk.call("key.created", "POST", "/keys", json={"name": "Site", "role": "sales"})
    walk.call("key.revoked", "DELETE", "/keys/3")


def _mail(walk: Walk) -> None:
    walk.page("mail.tested", "/settings/mail/try")
    walk.page("mail.test_sent", "/settings/mail/send")
    walk.page("test_addresses.changed", "/settings/mail/test-addresses", test_addresses="mia@example.com")
    walk.call("test_addresses.changed", "PUT", "/test_addresses", json={"emails": []})
    walk.call("mail.tested", "POST", "/mail_connection/test", json={"email": "mia@example.com"})
    mail = walk.sql("SELECT id FROM mail WHERE program_id IS NOT NULL LIMIT 1")
    walk.page("mail.test_sent", f"/mails/test/{mail}")
    walk.call("mail.test_sent", "POST", f"/mails/{mail}/test", json={"email": "mia@example.com"})


def _jobs(walk: Walk) -> None:
    long = queue(walk.runtime.redis, "long")

    def break_one() -> None:
        long.enqueue(breaks, "x", job_id="breaks")
        SimpleWorker([long], connection=long.connection, serializer=JSONSerializer).work(
            burst=True, logging_level="CRITICAL"
        )

    for what in ("retry", "discard"):
        break_one()
        walk.page("job.retried" if what == "retry" else "job.discarded", f"/settings/jobs/breaks/{what}")
    break_one()
    walk.call("job.retried", "POST", "/jobs/failed/breaks/retry")
    break_one()
    walk.call("job.discarded", "DELETE", "/jobs/failed/breaks")
    for what in ("retry", "discard"):
        walk.page("job.retried" if what == "retry" else "job.discarded", f"/settings/jobs/{what}")
    walk.call("job.retried", "POST", "/jobs/failed/retry")
    walk.call("job.discarded", "DELETE", "/jobs/failed")


def _users(walk: Walk) -> None:
    walk.page("invitation.made", "/settings/users", email=NINA, name="", role="viewer")
    again = walk.page("invitation.made", "/settings/users/invitations/1/again")
    nina = walk.app.test_client()
    path = path_of(again.text, "invitation")
    walk.page("user.created", path, nina, name="Nina", password=PASSWORD)
    number = walk.sql("SELECT max(id) FROM user_account")
    walk.page("user.changed", f"/settings/users/{number}", role="sales")
    walk.page("user.reset_link_made", f"/settings/users/{number}/reset")
    walk.page("invitation.made", "/settings/users", email="otto@kessler-ohm.example", name="", role="viewer")
    waiting = walk.sql("SELECT max(id) FROM user_link WHERE kind = 'invite'")
    walk.page("invitation.withdrawn", f"/settings/users/invitations/{waiting}/withdraw")
    _with_factor(walk, number)
    walk.page("second_factor.off", f"/settings/users/{number}/second-factor")
    _with_factor(walk, 1)
    walk.page("installation.changed", "/settings/users/second-factor", required="1")
    walk.sql("UPDATE installation SET admins_need_totp = false")
    walk.sql("UPDATE user_account SET totp_sealed = NULL")


def _users_by_the_api(walk: Walk) -> None:
    made = walk.call(
        "invitation.made", "POST", "/invitations", json={"email": "ida@x.example", "role": "viewer"}
    )
    again = walk.call("invitation.made", "POST", f"/invitations/{made.json['id']}/again")
    walk.call("invitation.withdrawn", "DELETE", f"/invitations/{again.json['id']}")
    ida = {"email": "ida@x.example", "role": "viewer", "password": PASSWORD}
    place = f"/users/{walk.call('user.created', 'POST', '/users', json=ida).json['id']}"
    walk.call("user.changed", "PATCH", place, json={"role": "sales"})
    walk.call("user.changed", "PUT", f"{place}/sales_mails", json={"digest": False})
    walk.call("user.reset_link_made", "POST", f"{place}/reset_link")
    _with_factor(walk, int(place.rpartition("/")[2]))
    walk.call("second_factor.off", "DELETE", f"{place}/second_factor")
    walk.call("user.changed", "DELETE", place)


def _with_factor(walk: Walk, user_id: int) -> None:
    sealed = walk.runtime.vault.seal("JBSWY3DPEHPK3PXP")
    walk.sql(
        f"UPDATE user_account SET totp_sealed = '{sealed}', totp_since = '{TUESDAY}' WHERE id = {user_id}"
    )


def _own_account(walk: Walk, sign_in: SignIn, watch: StandingClock) -> None:
    client = sign_in("marketer")
    new = "another long password"
    walk.page("user.password_changed", "/account/password", client, old=PASSWORD, new=new)
    client.post("/account/second-factor/begin", data={"csrf_token": token_of(client.get("/account").text)})
    found = re.search(r'<code class="key">([A-Z2-7]{32})</code>', client.get("/account/second-factor").text)
    assert found
    totp = TOTP(found[1])
    walk.page("second_factor.on", "/account/second-factor/confirm", client, code=totp.at(watch.moment))
    watch.advance(minutes=1)
    walk.page(
        "second_factor.codes_renewed", "/account/second-factor/codes", client, code=totp.at(watch.moment)
    )
    watch.advance(minutes=1)
    visitor = walk.app.test_client()
    form = {"email": "marketer@kessler-ohm.example", "password": new}
    visitor.post("/sign-in", data={**form, "csrf_token": token_of(visitor.get("/sign-in").text)})
    walk.page("sign_in.done", "/sign-in/code", visitor, code=totp.at(watch.moment))
    watch.advance(minutes=1)
    code = totp.at(watch.moment)
    walk.page("second_factor.off", "/account/second-factor/off", client, password=new, code=code)
    walk.page("sign_in.done", "/sign-in", walk.app.test_client(), **form)


def _coming_in(walk: Walk) -> None:
    visitor = walk.app.test_client()
    walk.page("user.reset_link_asked", "/password", visitor, email="marketer@kessler-ohm.example")
    link = walk.sql("SELECT max(id) FROM user_link WHERE kind = 'reset' AND ended_at IS NULL")
    path = f"/password/{mint(walk.runtime.ring, 'reset', link)}"
    walk.page("user.password_changed", path, visitor, password="once more a password")
    for table in ("recovery_code", "user_link", "idempotency_key", "api_key", "sales_member"):
        walk.sql(f"DELETE FROM {table}")
    walk.sql("UPDATE lead SET owner_id = NULL")
    walk.sql("UPDATE handoff SET owner_id = NULL")
    walk.sql("DELETE FROM user_account")
    with walk.runtime.sessions.begin() as session:
        token = offer_setup(session)
    assert token
    company = {"company_name": "K", "postal_address": "S 1", "timezone": "Europe/Berlin", "sender_name": "M"}
    admin = {
        "name": "Mira",
        "email": "mira@k.example",
        "sender_email": "mira@k.example",
        "password": PASSWORD,
    }
    walk.page("installation.set_up", "/setup", visitor, token=token, language="en", **company, **admin)


def test_every_action_that_is_written_down_has_words() -> None:
    written = set()
    for file in Path(flows.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            name = getattr(
                getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", "")
            )
            if isinstance(node, ast.Call) and name in ("audit", "_audit", "_fresh_codes"):
                written |= {
                    arg.value for arg in node.args if isinstance(arg, ast.Constant) and "." in str(arg.value)
                }
    assert written > {"key.created", "second_factor.on", "program.published"}
    assert written - set(audit_words.ACTIONS) == set()
    assert {action.partition(".")[0] for action in audit_words.ACTIONS} <= set(audit_words.KINDS)


def test_no_line_holds_an_address_or_a_secret(walk: Walk) -> None:
    walk.page("installation.changed", "/settings", **COMPANY)
    _newsletters(walk)
    _users(walk)
    with walk.runtime.sessions() as session:
        lines = [f"{row.subject} {row.detail}" for row in audit.all_of(session, Wanted())]
    assert not [line for line in lines if "@" in line or PASSWORD in line or "nk_" in line]
