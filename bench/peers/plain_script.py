"""What most people write first: Jinja2, EmailMessage and smtplib, in two processes, with no record.

Stands alone. Reads one JSON object from standard input: port, count, subject, text, html. Prints mails sent
and seconds.
"""

import json
import multiprocessing
import smtplib
import sys
import time
from email.message import EmailMessage
from multiprocessing.synchronize import Barrier
from typing import Any

from jinja2 import Environment

PROCESSES = 2


def main() -> None:
    asked = json.load(sys.stdin)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES + 1)
    workers = [context.Process(target=work, args=(asked, first, barrier)) for first in range(PROCESSES)]
    for worker in workers:
        worker.start()
    barrier.wait(60)
    began = time.monotonic()
    barrier.wait(600)
    seconds = time.monotonic() - began
    for worker in workers:
        worker.join()
    failed = any(worker.exitcode for worker in workers)
    print(json.dumps({"sent": 0 if failed else asked["count"], "seconds": seconds}))


def work(asked: dict[str, Any], first: int, barrier: Barrier) -> None:
    subject = Environment().from_string(asked["subject"])
    text = Environment().from_string(asked["text"])
    html = Environment(autoescape=True).from_string(asked["html"])
    with smtplib.SMTP("127.0.0.1", asked["port"]) as server:
        barrier.wait(60)
        for number in range(first, asked["count"], PROCESSES):
            company = {"name": f"Company {number % 500}", "size": number % 500}
            name = f"Firstname{number}"
            values = {"lead": {"first_name": name, "city": f"Town {number % 97}", "company": company}}
            message = EmailMessage()
            message["From"] = "Anna Example <anna@news.example>"
            message["To"] = f"{name} <lead{number}@leads.example>"
            message["Subject"] = subject.render(values)
            message["List-Unsubscribe"] = f"<https://nurture.example/u/{number}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            message.set_content(text.render(values))
            message.add_alternative(html.render(values), subtype="html")
            server.send_message(message)
        barrier.wait(600)


if __name__ == "__main__":
    main()
