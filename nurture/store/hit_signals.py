"""Signals of hits: thousands at a time, each known by the id of its hit."""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct

from sqlalchemy.orm import Session

from nurture.store import batch, binary
from nurture.store.signals import NewSignal

# What is told of each, then what all hits on a mail or link share.
_INTO = "signal (id, received_at, occurred_at, lead_id, delivery_id, kind, source, mail_key, data)"
_HEAD = Struct(">hi16siqiqiq")
_COLUMNS = 9
_INTO_INBOX = "unrated_signal (signal_id, received_at, lead_id, rate_by, kind)"
_INBOX_HEAD = Struct(">hi16siqiqiq")
_INBOX_COLUMNS = 5
# A signal of a hit and its place in the inbox, as the tables take them.
Lines = tuple[bytes, bytes]


def lines(row: NewSignal, rate_by: int) -> Lines:
    """The signal of a hit, ready to be added; it may wait until `rate_by` (binary.micros) while many hits are
    recorded."""
    if row.id is None:
        raise ValueError("the signal of a hit has the id of the hit")
    # A hit came in when it happened: its id tells no other time.
    number, at = row.id.bytes, binary.micros(row.occurred_at)
    signal = (
        _HEAD.pack(_COLUMNS, 16, number, 8, at, 8, at, 8, row.lead_id),
        binary.bigint(row.delivery_id),
        _shared(row.kind, row.source, row.mail_key, batch.text_of(row.data)),
    )
    waiting = _INBOX_HEAD.pack(_INBOX_COLUMNS, 16, number, 8, at, 8, row.lead_id, 8, rate_by)
    return b"".join(signal), waiting + binary.text(row.kind)


def add(session: Session, made: Sequence[Lines]) -> None:
    """Take in signals of hits that were recorded just now, and never before, and queue them for rating."""
    if made:
        binary.copy(session, _INTO, (signal for signal, _waiting in made))
        binary.copy(session, _INTO_INBOX, (waiting for _signal, waiting in made))


# Of all hits on a mail, or on a link of it.
@lru_cache(maxsize=4096)
def _shared(kind: str, source: str, mail_key: str | None, data: str) -> bytes:
    return b"".join((binary.text(kind), binary.text(source), binary.text(mail_key), binary.jsonb(data)))
