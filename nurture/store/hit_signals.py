"""Signals of hits: thousands at a time, each known by the id of its hit."""

from collections.abc import Sequence
from datetime import datetime
from struct import Struct

from sqlalchemy.orm import Session

from nurture.store import batch, binary
from nurture.store.signals import NewSignal

# What is told of each, then what all hits on a mail or link share.
_INTO = "signal (id, received_at, occurred_at, lead_id, delivery_id, kind, source, mail_key, data)"
_HEAD = Struct(">hi16siqiqiqiq")
_COLUMNS = 9
_INTO_INBOX = "unrated_signal (signal_id, received_at, lead_id, rate_by, kind)"
_INBOX_HEAD = Struct(">hi16siqiqiq")
_INBOX_COLUMNS = 5
# A signal of a hit and its place in the inbox, as the tables take them.
Lines = tuple[bytes, bytes]


def lines(rows: Sequence[NewSignal], rate_by: datetime) -> list[Lines]:
    """Signals of hits, ready to be added; they may wait until `rate_by` while many hits are recorded."""
    until = binary.micros(rate_by)
    # What one mail or link tells is the same value in all its signals, as a rule.
    rests: dict[tuple[str, str, str | None, int], bytes] = {}
    made = []
    for row in rows:
        if row.id is None or row.delivery_id is None:
            raise ValueError("the signal of a hit has the id of the hit, and its delivery")
        # A hit came in when it happened: its id tells no other time.
        number, at, lead_id = row.id.bytes, binary.micros(row.occurred_at), row.lead_id
        what = (row.kind, row.source, row.mail_key, id(row.data))
        rest = rests.get(what)
        if rest is None:
            rest = rests[what] = _rest(row)
        signal = _HEAD.pack(_COLUMNS, 16, number, 8, at, 8, at, 8, lead_id, 8, row.delivery_id)
        waiting = _INBOX_HEAD.pack(_INBOX_COLUMNS, 16, number, 8, at, 8, lead_id, 8, until)
        made.append((signal + rest, waiting + binary.text(row.kind)))
    return made


def add(session: Session, made: Sequence[Lines]) -> None:
    """Take in signals of hits that were recorded just now, and never before, and queue them for rating."""
    if made:
        binary.copy(session, _INTO, (signal for signal, _waiting in made))
        binary.copy(session, _INTO_INBOX, (waiting for _signal, waiting in made))


def _rest(row: NewSignal) -> bytes:
    data = binary.jsonb(batch.text_of(row.data))
    return b"".join((binary.text(row.kind), binary.text(row.source), binary.text(row.mail_key), data))
