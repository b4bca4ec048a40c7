"""Rooms of the walk: sending as a whole, settings, mail, jobs."""

from rq import SimpleWorker
from rq.serializers import JSONSerializer

from nurture.jobs.queues import queue
from tests.web.audit_walk import Walk
from tests.web.broken_jobs import breaks

COMPANY = {
    "company_name": "Kessler Ohm AG",
    "postal_address": "Speicherstraße 14",
    "timezone": "Europe/Berlin",
    "sender_name": "Mira",
    "sender_email": "mira@kessler-ohm.example",
    "language": "en",
    "color": "#0b6b5b",
}


def sending(walk: Walk) -> None:
    walk.sql("UPDATE installation SET live = false")
    walk.page("sending.went_live", "/sending/live")
    walk.page("sending.stopped", "/sending/stop")
    walk.page("sending.resumed", "/sending/resume")
    walk.call("sending.stopped", "POST", "/sending/stop")
    walk.call("sending.resumed", "POST", "/sending/resume")
    walk.sql("UPDATE installation SET live = false")
    walk.call("sending.went_live", "POST", "/sending/live")


def settings(walk: Walk) -> None:
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


def mail(walk: Walk) -> None:
    walk.page("mail.tested", "/settings/mail/try")
    walk.page("mail.test_sent", "/settings/mail/send")
    walk.page("test_addresses.changed", "/settings/mail/test-addresses", test_addresses="mia@example.com")
    walk.call("test_addresses.changed", "PUT", "/test_addresses", json={"emails": []})
    walk.call("mail.tested", "POST", "/mail_connection/test", json={"email": "mia@example.com"})
    mail = walk.sql("SELECT id FROM mail WHERE program_id IS NOT NULL LIMIT 1")
    walk.page("mail.test_sent", f"/mails/test/{mail}")
    walk.call("mail.test_sent", "POST", f"/mails/{mail}/test", json={"email": "mia@example.com"})


def jobs(walk: Walk) -> None:
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
