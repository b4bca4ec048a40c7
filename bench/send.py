"""Personalised mails per second through the whole program: claim, consent, suppression, render, MIME,
signed links, journal, SMTP, record; two processes, every mail different, every byte to the standards.

The bound is smtp-source, which sends one constant text over four sessions and keeps no record, to the
same sink in the same run, measured before and after. The bare loop (bench/peers/bare_loop.py) fills and sends
the same mail with as little beside it as a sender can do. The peer, django-post_office, sends the same letter
to the same sink, with PostgreSQL, two processes and templates of its own; the script keeps no record.
"""

import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from bench import _post_office, _yardsticks
from bench._postfix import sink, source_rate, tool
from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.errors import Unavailable
from nurture.files.vault import Vault
from nurture.flows import domains
from nurture.flows.courier import Courier, Makers
from nurture.flows.letters import letter, sender_of
from nurture.flows.outbox import Outbox
from nurture.flows.queue_mail import keep_mail
from nurture.mail.compile import compile_mail
from nurture.mail.envelopes import Transport
from nurture.mail.message import build
from nurture.mail.plain import plain_text
from nurture.mail.smtp import Mailer
from nurture.mail.smtp_url import parse_smtp_url
from nurture.mail.source import MailSource
from nurture.migrations import upgrade
from nurture.rules.tokens import KeyRing
from nurture.runtime import work_in_batches
from nurture.store import deliveries

FIGURE = "send"
RECIPIENTS = {"small": 20_000, "full": 50_000}
OF_PEER = {"small": 1_000, "full": 5_000}
PROCESSES = 2
CONNECTIONS = 4
_LONGEST_SECONDS = 600
RING = KeyRing((b"bench" * 8,))
VAULT = Vault(RING)
PEPPER = b"pepper" * 6
BASE_URL = "https://nurture.example"
NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)


def run(scale: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The figure, as the line that `make bench` prints. `say` takes lines for people."""
    tool("smtp-source")
    count = RECIPIENTS[scale]
    with tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder, sink() as port:
        settings = load_settings({"NURTURE_HOME": folder})
        with servers(settings) as addresses:
            size = prepare(addresses.database_url, count, Path(folder))
            before = source_rate(port, count)
            seconds = _send_all(addresses.database_url, port, Path(folder))
            after = source_rate(port, count)
            _check(addresses.database_url, count)
            compiled = compile_mail(MAIL)
            bare = _yardsticks.bare_rate(addresses.database_url, port, count, compiled, _SENDER)
            again = source_rate(port, count)
            peer = _peer_rates(addresses.database_url, port, OF_PEER[scale], say)
            script = _yardsticks.script_rate(port, OF_PEER[scale], _plain_letter())
    rate, bound = count / seconds, statistics.mean((before, after))
    say(f"  {count} mails of {size} bytes by {PROCESSES} processes in {seconds:.1f} s: {rate:.0f} a second")
    say(f"  smtp-source -s4 to the same sink: {before:.0f} before, {after:.0f} after, {again:.0f} at the end")
    for name, found in ((_yardsticks.BARE_LOOP, bare), (_yardsticks.SCRIPT, script)):
        say(f"  {name}: {found:.0f} a second, this is {rate / found:.2f} times that")
    if peer is not None:
        for way, found in (("queued", peer.usual), ("sent", peer.rendered_when_sent)):
            said = f"{found:.0f} a second, this is {rate / found:.1f} times that"
            say(f"  {_post_office.NAME}, rendered when {way}: {said}")
    return {
        "figure": FIGURE,
        "value": round(rate),
        "unit": "msg/s",
        "bound": round(bound),
        "bound_name": "smtp-source -s4",
        "ratio": round(rate / bound, 2),
        "bare": round(bare),
        "bare_ratio": round(rate / bare, 2),
        "script": round(script),
        "script_ratio": round(rate / script, 1),
        "peer": None if peer is None else round(peer.usual),
        "peer_name": _post_office.NAME,
        "peer_ratio": None if peer is None else round(rate / peer.usual, 1),
    }


def rate_of(count: int, port: int, algorithm: str | None) -> float:
    """Mails a second to the sink at this port, every one signed with a key of this algorithm (None:
    unsigned)."""
    with (
        tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder,
        servers(load_settings({"NURTURE_HOME": folder})) as addresses,
    ):
        prepare(addresses.database_url, count, Path(folder), algorithm)
        seconds = _send_all(addresses.database_url, port, Path(folder))
        _check(addresses.database_url, count)
    return count / seconds


def _peer_rates(
    database_url: str, port: int, count: int, say: Callable[[str], None]
) -> _post_office.Rates | None:
    try:
        return _post_office.rates(database_url, port, count, _plain_letter("django"))
    except Unavailable as refusal:
        say(f"  without the peer: {refusal}")
        return None


def _plain_letter(language: str = "jinja") -> _post_office.Letter:
    """The same letter in the language of somebody else's templates, its links as they are."""
    html = words()
    if language == "django":
        html = html.replace(' | default("there", true)', '|default:"there"')
    return _post_office.Letter("{{ lead.first_name }}, a case for you", plain_text(html), html)


_HEAD = """<h1>Hello {{ lead.first_name | default("there", true) }}</h1>
<p>What we have for {{ lead.company.name }} in {{ lead.city }}, {{ lead.company.size }} people:</p>
"""


def words() -> str:
    """A letter of about 19 kB of HTML with twelve tracked links, as newsletters are."""
    block = (
        '<p style="margin:0 0 16px;font-family:Helvetica,Arial,sans-serif;line-height:1.5">'
        "{{ lead.first_name }}, the second step is the one that costs. Here is what others did, what it took "
        'from them, and what they would do differently. <a href="https://www.example.com/case/%d?utm_source=mail">'
        "Case %d</a> tells the rest, with figures.</p>"
    )
    plain = "<p>Stock that nobody moves is money that nobody has. We look at it item by item. </p>" * 5
    return _HEAD + "".join(block % (n, n) + plain for n in range(1, 13))


MAIL = MailSource("letter", "{{ lead.first_name }}, a case for you", words(), format="html")
_SENDER = {
    "name": "Anna Example",
    "company": "Example & Sons",
    "email": "anna@news.example",
    "postal_address": "1 High Street, Springfield",
}


def prepare(database_url: str, count: int, home: Path, algorithm: str | None = None) -> int:
    """Fill an empty database with a chain mail due for so many leads, from a domain that signs if an
    algorithm is named; the size of one mail."""
    engine = create_engine(database_url)
    upgrade(engine)
    with Session(engine) as session, session.begin():
        _world(session, count)
        if algorithm is not None:
            _sign(session, algorithm)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    size = _message_size(engine, home)
    engine.dispose()
    return size


def _world(session: Session, count: int) -> None:
    """Leads with consent, each standing at a send step of a live chain."""
    version_id = keep_mail(session, None, MAIL, "Letter", now=NOW)
    values = {"now": NOW, "n": count, "version": version_id}
    for statement in _WORLD.split(";\n"):
        session.execute(text(statement), values if ":" in statement else {})


def _sign(session: Session, algorithm: str) -> None:
    domain = domains.known_domain(session, _SENDER["email"].rpartition("@")[2], now=NOW)
    key = domains.make_key(session, VAULT, domain.id, algorithm, by="bench", now=NOW)
    domains.sign_now(session, key.id, domain.id, by="bench", now=NOW)


_WORLD = """
UPDATE installation SET company_name = 'Example & Sons', postal_address = '1 High Street, Springfield',
    sender_name = 'Anna Example', sender_email = 'anna@news.example', live = true;
INSERT INTO heat_model (key, created_at) VALUES ('bench', :now);
INSERT INTO program (key, name, state, model_id, created_at, updated_at)
    SELECT 'bench', 'Bench', 'live', max(id), :now, :now FROM heat_model;
INSERT INTO program_version (program_id, no, source_hash, created_at) SELECT id, 1, '', :now FROM program;
INSERT INTO chain (program_id, temperature) SELECT id, 'cold' FROM program;
INSERT INTO company (name, folded, size, created_at, updated_at)
    SELECT 'Company ' || g, 'company ' || g, g, :now, :now FROM generate_series(1, 500) g;
INSERT INTO lead (email, email_norm, first_name, last_name, city, company_id, stage_since, temperature_since,
                  created_at, updated_at)
    SELECT 'lead' || g || '@leads.example', 'lead' || g || '@leads.example', 'Firstname' || g,
           'Lastname' || g, 'Town ' || g % 97, (SELECT min(id) FROM company) + g % 500, :now, :now, :now, :now
    FROM generate_series(1, :n) g;
INSERT INTO consent (lead_id, purpose, state, at, channel)
    SELECT id, 'marketing', 'granted', :now, 'form' FROM lead;
INSERT INTO lead_consent (lead_id, purpose, granted, consent_id, at)
    SELECT lead_id, purpose, true, id, at FROM consent;
INSERT INTO enrollment (program_id, chain_id, version_id, lead_id, step_key, entered_at)
    SELECT c.program_id, c.id, (SELECT max(id) FROM program_version), l.id, 'letter', :now
    FROM chain c, lead l;
INSERT INTO delivery (dedup_key, purpose, consent_purpose, lead_id, program_id, chain_id, version_id,
                      enrollment_id, step_key, mail_version_id, due_at, created_at)
    SELECT 'chain:' || e.id || ':letter:1', 'chain', 'marketing', e.lead_id, e.program_id, e.chain_id,
           e.version_id, e.id, 'letter', :version, :now, :now FROM enrollment e;
UPDATE enrollment e SET awaiting_delivery_id = d.id FROM delivery d WHERE d.enrollment_id = e.id
"""


def _message_size(engine: Engine, home: Path) -> int:
    with Session(engine) as session, session.begin() as transaction:
        outbox = Outbox(ring=RING, pepper=PEPPER, base_url=BASE_URL, home=home)
        [claimed] = deliveries.claim(session, host="bench", live=True, now=NOW, limit=1)
        mail = outbox.prepared(session, claimed.mail_version_id, trap=True)
        sender = sender_of(deliveries.sending(session))
        transaction.rollback()
    if mail is None:
        raise RuntimeError("the mail is not there")
    return len(
        build(
            mail,
            sender,
            letter(claimed, "lead1@leads.example", mail, sender.as_values(), RING, BASE_URL, NOW),
        )
    )


def _send_all(database_url: str, port: int, home: Path) -> float:
    """Seconds from the first claim to the last record."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES + 1)
    workers = [
        context.Process(target=_work, args=(database_url, port, home, barrier)) for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    barrier.wait(60)
    began = time.monotonic()
    barrier.wait(_LONGEST_SECONDS)
    seconds = time.monotonic() - began
    for worker in workers:
        worker.join()
    return seconds


def _work(database_url: str, port: int, home: Path, barrier: Barrier) -> None:
    """One sending process, as a pump is."""
    engine = create_engine(database_url, connect_args={"options": "-c timezone=UTC"})
    sessions = sessionmaker(engine, expire_on_commit=False)
    outbox = Outbox(ring=RING, pepper=PEPPER, base_url=BASE_URL, home=home, vault=VAULT)
    mailer = Mailer(parse_smtp_url(f"smtp://127.0.0.1:{port}"), connections=CONNECTIONS)
    mailer.check()
    work_in_batches()
    courier = Courier(sessions, outbox, Makers(lambda: mailer, _no_rows))
    barrier.wait(60)
    while courier.serve(NOW) or courier.busy:
        pass
    courier.close(NOW)
    barrier.wait(_LONGEST_SECONDS)
    outbox.close()


def _no_rows(row: object) -> Transport:
    raise Unavailable("there is one transport only")


def _check(database_url: str, count: int) -> None:
    """Every mail was sent, once, and every enrolment goes on."""
    engine = create_engine(database_url)
    with engine.connect() as connection:
        states: dict[str, int] = dict(
            connection.execute(text("SELECT state, count(*) FROM delivery GROUP BY 1")).tuples().all()
        )
        moved = connection.execute(
            text("SELECT count(*) FROM enrollment WHERE settled_state = 'sent'")
        ).scalar_one()
    engine.dispose()
    if states != {"sent": count} or moved != count:
        raise RuntimeError(f"not all were sent: {states}, {moved} enrolments went on")


if __name__ == "__main__":
    print(json.dumps(run("small", lambda line: print(line, file=sys.stderr))))
