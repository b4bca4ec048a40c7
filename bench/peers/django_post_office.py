"""django-post_office at the same work: mails queued as rows, rendered for each recipient, sent over SMTP.

Runs in a virtual environment of its own (bench/_post_office.py makes it), so it imports nothing of this
program. Reads one JSON object from standard input: database (Django's), port, count, subject, text, html.
Prints one: for each of its two ways, mails sent and seconds from the first that was queued to the last that
was sent. `when_queued` renders as it queues and is its usual way; `when_sent` leaves that to the sending
processes.
"""

import json
import logging
import sys
import time

import django
from django.conf import settings

BATCH = 500
asked = json.load(sys.stdin)
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **asked["database"]}},
    INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
    EMAIL_BACKEND="post_office.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=asked["port"],
    DEFAULT_FROM_EMAIL="Anna Example <anna@news.example>",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
    POST_OFFICE={
        "BATCH_SIZE": 5000,
        "THREADS_PER_PROCESS": 5,
        "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
    },
)
django.setup()
logging.disable(logging.CRITICAL)

# Django's parts can be imported only when it is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from post_office import mail  # noqa: E402
from post_office.models import Email, EmailTemplate  # noqa: E402


def main() -> None:
    call_command("migrate", verbosity=0)
    template = EmailTemplate.objects.create(
        name="letter", subject=asked["subject"], content=asked["text"], html_content=asked["html"]
    )
    told = {way: round_trip(template, later) for way, later in (("when_queued", False), ("when_sent", True))}
    print(json.dumps(told))


def round_trip(template: EmailTemplate, later: bool) -> dict[str, float]:
    began = time.monotonic()
    for first in range(1, asked["count"] + 1, BATCH):
        numbers = range(first, min(first + BATCH, asked["count"] + 1))
        mail.send_many([letter(number, template, later) for number in numbers])
    sent = 0
    while done := mail.send_queued(processes=2)[0]:
        sent += done
        connection.close()  # its workers inherited it and said good-bye over it
    seconds = time.monotonic() - began
    rows = Email.objects.filter(status=0).count()
    Email.objects.all().delete()
    return {"sent": min(sent, rows), "seconds": seconds}


def letter(number: int, template: EmailTemplate, later: bool) -> dict[str, object]:
    company = {"name": f"Company {number % 500}", "size": number % 500}
    lead = {"first_name": f"Firstname{number}", "city": f"Town {number % 97}", "company": company}
    return {
        "recipients": f"lead{number}@leads.example",
        "template": template,
        "context": {"lead": lead},
        "render_on_delivery": later,
        "headers": {
            "List-Unsubscribe": f"<https://nurture.example/u/{number}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    }


main()
