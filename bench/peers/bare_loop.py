"""The least that a sender of personal mails can do and still know what it has done: what the program is held
against.

Two processes claim people in batches of 500 (SKIP LOCKED), write a row for each mail and commit; fill a
template whose constants are quoted-printable already, with a signed address for each link; hand the mails
over with one round trip each; mark the rows, put the people off and commit. No consent, no suppression, no
caps, no leases, no journal, no history, no transports, nothing that survives a death in the middle.

Stands alone and imports nothing of the program. Reads one JSON object from standard input: database_url,
port, count, subject, text and html (with `{{ links[n] }}` where links stand), links (how many, numbered from
0), sender (what the templates know of it). Prints mails sent and seconds.
"""

import base64
import binascii
import hashlib
import hmac
import json
import multiprocessing
import socket
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from multiprocessing.synchronize import Barrier
from typing import Any
from uuid import uuid4

import psycopg
from jinja2 import Environment, Template, nodes
from markupsafe import escape

PROCESSES, BATCH = 2, 500
SOFT_BREAK = "=\r\n"
KEY = b"bare" * 8
BASE = "https://nurture.example"

TABLES = """
CREATE TABLE company (id bigint PRIMARY KEY, name text, size integer);
CREATE TABLE lead (id bigint PRIMARY KEY, email text, first_name text, last_name text, city text,
                   company_id bigint);
CREATE TABLE standing (id bigint PRIMARY KEY, lead_id bigint NOT NULL, state integer NOT NULL DEFAULT 0,
                       next_at timestamptz NOT NULL) WITH (fillfactor = 80);
CREATE TABLE mail (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, step_id bigint, standing_id bigint,
                   lead_id bigint, state text NOT NULL, sent_at timestamptz, UNIQUE (step_id, standing_id))
    WITH (fillfactor = 80);
INSERT INTO company SELECT g, 'Company ' || g, g FROM generate_series(0, 499) g;
INSERT INTO lead SELECT g, 'lead' || g || '@leads.example', 'Firstname' || g, 'Lastname' || g,
                        'Town ' || g % 97, g % 500 FROM generate_series(1, :count) g;
INSERT INTO standing SELECT id, id, 0, now() FROM lead;
CREATE INDEX ON standing (next_at, id) WHERE state = 0
"""
CLAIM = """
WITH due AS (
    SELECT id FROM standing WHERE state = 0 AND next_at <= now() ORDER BY next_at, id LIMIT %s
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE standing s SET state = 1 FROM due WHERE s.id = due.id RETURNING s.id, s.lead_id
), written AS (
    INSERT INTO mail (step_id, standing_id, lead_id, state) SELECT 1, id, lead_id, 'claimed' FROM claimed
    ON CONFLICT DO NOTHING RETURNING id, standing_id, lead_id
)
SELECT w.id, w.standing_id, l.email, l.first_name, l.last_name, l.city, c.name, c.size
FROM written w JOIN lead l ON l.id = w.lead_id JOIN company c ON c.id = l.company_id
"""
SETTLE = "UPDATE mail SET state = 'sent', sent_at = now() WHERE id = ANY(%s)"
GO_ON = "UPDATE standing SET state = 0, next_at = now() + interval '3 days' WHERE id = ANY(%s)"


def main() -> None:
    asked = json.load(sys.stdin)
    with psycopg.connect(asked["database_url"], autocommit=True) as connection:
        for statement in TABLES.split(";\n"):
            connection.execute(statement.replace(":count", str(int(asked["count"]))).encode())
        connection.execute("VACUUM ANALYZE")
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES + 1)
    workers = [context.Process(target=work, args=(asked, barrier)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    barrier.wait(60)
    began = time.monotonic()
    barrier.wait(600)
    seconds = time.monotonic() - began
    for worker in workers:
        worker.join()
    with psycopg.connect(asked["database_url"]) as connection:
        row = connection.execute("SELECT count(*) FROM mail WHERE state = 'sent'").fetchone()
    print(json.dumps({"sent": row[0] if row else 0, "seconds": seconds}))


def work(asked: dict[str, Any], barrier: Barrier) -> None:
    letter = Letter(asked)
    wire = Wire(asked["port"])
    with psycopg.connect(asked["database_url"]) as connection:
        barrier.wait(60)
        while rows := connection.execute(CLAIM, (BATCH,)).fetchall():
            connection.commit()
            wire.send(rows, letter.filled)
            connection.execute(SETTLE, ([row[0] for row in rows],))
            connection.execute(GO_ON, ([row[1] for row in rows],))
            connection.commit()
        barrier.wait(600)


class Letter:
    """The letter as it is filled for one person."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._sender = asked["sender"]
        self._links = range(asked["links"])
        self._subject = Environment().from_string(asked["subject"])
        self._text = _quoted(asked["text"], str)
        self._html = _quoted(asked["html"], lambda value: str(escape(value)))

    def filled(self, row: tuple[Any, ...]) -> bytes:
        mail_id, _standing, email, first_name, last_name, city, company, size = row
        lead = {"first_name": first_name, "city": city, "company": {"name": company, "size": size}}
        tokens = [_token("click", mail_id, number) for number in self._links]
        values = {
            "lead": lead,
            "sender": self._sender,
            "links": [Piece(f"{BASE}/c/{token}{SOFT_BREAK}") for token in tokens],
            "pixel_url": f"{BASE}/o/{_token('open', mail_id, 0)}.gif",
            "unsubscribe_url": f"{BASE}/u/{_token('unsubscribe', mail_id, 0)}",
            "preferences_url": f"{BASE}/p/{_token('preferences', mail_id, 0)}",
            "view_url": f"{BASE}/v/{_token('view', mail_id, 0)}",
        }
        return (
            f"From: Anna Example <anna@news.example>\r\nTo: {first_name} {last_name} <{email}>\r\n"
            f"Subject: {self._subject.render(values)}\r\nDate: Tue, 03 Mar 2026 10:00:00 +0000\r\n"
            f"Message-ID: <{uuid4()}@news.example>\r\nList-Unsubscribe: <{values['unsubscribe_url']}>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/alternative; boundary="=_bare"\r\n\r\n'
            f"{_part('plain')}{self._text.render(values)}\r\n{_part('html')}{self._html.render(values)}\r\n"
            "--=_bare--\r\n"
        ).encode("ascii")


def _part(kind: str) -> str:
    return (
        f"--=_bare\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


class Piece(str):
    """Encoded already."""

    __slots__ = ()


def _quoted(words: str, shown: Callable[[Any], str]) -> Template:
    """A template whose own text is quoted-printable; values are encoded as they are put in."""
    environment = Environment(finalize=lambda value: value if type(value) is Piece else _piece(shown(value)))
    tree = environment.parse(words)
    for data in tree.find_all(nodes.TemplateData):
        data.data = _piece(data.data)
    return Template.from_code(environment, environment.compile(tree), dict(environment.globals))


@lru_cache(maxsize=8192)
def _piece(text: str) -> Piece:
    """Text that begins and ends in the first column."""
    encoded = binascii.b2a_qp(text.encode()).decode("ascii").replace("\n", "\r\n")
    encoded = encoded.replace("\r\n.", "\r\n=2E")
    return Piece(f"{'=2E' + encoded[1:] if encoded[:1] == '.' else encoded}{SOFT_BREAK}")


def _token(purpose: str, mail_id: int, number: int) -> str:
    body = f"{mail_id}.{number}"
    mac = hmac.digest(KEY, f"{purpose}:{body}".encode(), hashlib.sha256)[:16]
    return f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


class Wire:
    """A connection with PIPELINING: the body, its dot and the next envelope are one write."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._replies = self._socket.makefile("rb")
        self._read(1)
        self._socket.sendall(b"EHLO localhost\r\n")
        while self._replies.readline()[3:4] == b"-":
            pass

    def send(self, rows: list[tuple[Any, ...]], filled: Callable[[tuple[Any, ...]], bytes]) -> None:
        self._socket.sendall(_opening(rows[0]))
        body = filled(rows[0])
        self._read(3)
        for row in rows[1:]:
            self._socket.sendall(body + b".\r\n" + _opening(row))
            body = filled(row)  # while the server reads the one before
            self._read(4)
        self._socket.sendall(body + b".\r\n")
        self._read(1)

    def _read(self, many: int) -> None:
        for _ in range(many):
            line = self._replies.readline()
            if line[:1] not in (b"2", b"3"):
                raise RuntimeError(f"the server said {line!r}")


def _opening(row: tuple[Any, ...]) -> bytes:
    return f"MAIL FROM:<anna@news.example>\r\nRCPT TO:<{row[2]}>\r\nDATA\r\n".encode()


if __name__ == "__main__":
    main()
