"""Rooms of the walk: the demo, programs, segments, newsletters, webhooks."""

import io

from tests.web.audit_walk import Walk


def demo(walk: Walk) -> None:
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


def programs(walk: Walk) -> None:
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


def segments(walk: Walk) -> None:
    said = {"name": "Fair", "condition": '{"tag": "fair"}'}
    walk.page("segment.created", "/segments/new", **said)
    walk.page("segment.changed", "/segments/1", **said | {"name": "The fair"})
    walk.page("segment.removed", "/segments/1/remove")
    said = {"name": "Fair", "condition": {"tag": "fair"}}
    walk.call("segment.created", "POST", "/segments", json=said)
    walk.call("segment.changed", "PATCH", "/segments/2", json={"name": "The fair"})
    walk.call("segment.removed", "DELETE", "/segments/2")


def newsletters(walk: Walk) -> None:
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


def webhooks(walk: Walk) -> None:
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
