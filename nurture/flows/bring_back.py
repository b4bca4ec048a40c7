"""After a restore: what happened since the backup is not known, so nothing is done twice and nobody who was
erased comes back."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from nurture.files.erasures import Erasure
from nurture.flows.advance import advance
from nurture.flows.leads import erase_lead
from nurture.flows.settle import record
from nurture.store import kept_nos, leads, suppressions, users, whole
from nurture.store.deliveries import Outcome
from nurture.store.kept_nos import EVERYTHING, NewNo

RESTORED = "restored"
_PORTION = 1_000
_BEAT = timedelta(minutes=15)


@dataclass(frozen=True)
class Gap:
    """What the time between backup and loss leaves in doubt. `uncertain` mails are taken for sent, `paused`
    newsletters wait for a person; `erased` people were erased again."""

    uncertain: int
    paused: int
    erased: int


def bring_back(
    sessions: sessionmaker[Session],
    erasures: Sequence[Erasure],
    *,
    made_at: datetime,
    ran_until: datetime,
    pepper: bytes,
    home: Path,
    host: str,
    now: datetime,
) -> Gap:
    """Settle what a database that was just restored cannot know. It is taken to have gone on sending until
    `ran_until`: the steps of that time are gone through again without sending, and their mails count as
    sent. With `ran_until` not after `made_at`, only what was under way at that very moment is in doubt."""
    gone_on = ran_until > made_at
    with sessions.begin() as session:
        whole.leave_room(session)
        paused = whole.pause_newsletters(session, now=now) if gone_on else 0
    uncertain = _doubt(sessions, due=False, pepper=pepper, host=host, now=made_at)
    for moment in _moments(made_at, ran_until) if gone_on else ():
        while advance(sessions, pepper, now=moment):
            pass
        uncertain += _doubt(sessions, due=True, pepper=pepper, host=host, now=moment)
    gap = Gap(uncertain, paused, sum(_erase(sessions, one, pepper, home, now) for one in erasures))
    with sessions.begin() as session:
        told = {"made_at": made_at.isoformat(), **asdict(gap)}
        users.audit(session, "terminal", "installation.restored", "installation", now=now, detail=told)
    return gap


def _moments(begin: datetime, end: datetime) -> Iterator[datetime]:
    moment = begin
    while moment < end:
        yield moment
        moment += _BEAT
    yield end


def _doubt(sessions: sessionmaker[Session], *, due: bool, pepper: bytes, host: str, now: datetime) -> int:
    total = 0
    while settled := _portion(sessions, due=due, pepper=pepper, host=host, now=now):
        total += settled
    return total


def _portion(sessions: sessionmaker[Session], *, due: bool, pepper: bytes, host: str, now: datetime) -> int:
    with sessions.begin() as session:
        found = whole.take_doubtful(session, due=due, now=now, limit=_PORTION)
        ends = [Outcome(one.id, one.token, "uncertain", RESTORED, tried=False) for one in found]
        record(session, ends, host=host, pepper=pepper, heard=False, now=now)
        return len(found)


def _erase(
    sessions: sessionmaker[Session], erasure: Erasure, pepper: bytes, home: Path, now: datetime
) -> bool:
    """Erase the person again if the backup still knew them; their address stays out in any case. Numbers of
    leads are never given twice (`leave_room`), so the number alone says who it was."""
    with sessions.begin() as session:
        if erasure.digest is not None:
            gone = suppressions.NewSuppression(erasure.digest, "erased")
            suppressions.suppress(session, [gone], now=now)
            kept_nos.keep(session, [NewNo(erasure.digest, EVERYTHING, erasure.lead_id, None, now)])
        if not leads.existing(session, [erasure.lead_id]):
            return False
        erase_lead(session, erasure.lead_id, pepper=pepper, home=home, now=now, by="terminal")
        return True
