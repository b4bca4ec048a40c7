"""Forms, as an attacker sends them."""

from nurture.jobs.streams import streams
from nurture.runtime import Runtime
from tests.sinks import AcceptedMail, SmtpSink
from tests.web.api_caller import Caller

BODY = (
    "Dear {{ lead.first_name }} {{ lead.last_name }}, {{ lead.role }} in {{ lead.city }} at"
    " {{ lead.company.name }}, {{ lead.tags | join(', ') }}, {{ lead.fields.interest }}."
)

SUBJECT = "{{ lead.first_name }} of {{ lead.company.name }} in {{ lead.city }}"


def send(api: Caller, runtime: Runtime, sink: SmtpSink, **words: str) -> AcceptedMail:
    """A newsletter of these words to everybody; the one mail that comes of it."""
    said = {"name": "March", "subject": SUBJECT, "body": BODY, **words}
    made = api.post("/newsletters", json=said)
    assert made.status_code == 201, made.text
    answer = api.post(f"/newsletters/{made.json['id']}/schedule", json={})
    assert answer.status_code == 200, answer.text
    return pumped(runtime, sink)


def pumped(runtime: Runtime, sink: SmtpSink) -> AcceptedMail:
    before = len(sink.mails)
    with streams(runtime) as work:
        while sum(one.serve(runtime.now()) for one in work):
            pass
    [mail] = sink.mails[before:]
    return mail
