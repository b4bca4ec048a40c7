"""Who takes the mail of the domains that are written to soon, as their MX records say."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.net.resolver import Records
from nurture.rules.providers import by_exchangers
from nurture.rules.whole import whole
from nurture.store import pacing

_AHEAD, _KEPT = timedelta(hours=1), timedelta(days=7)
_MOST = 50


def look_up_providers(
    sessions: sessionmaker[Session], records: Callable[[str, str], Records], *, now: datetime
) -> int:
    """Ask for the MX of up to 50 domains and keep the answers for a week; how many. Only where a receiver is
    limited or slowed down: otherwise it does not matter who they are."""
    with sessions.begin() as session:
        if not (pacing.limits(session) or pacing.paces(session)):
            return 0
        found = pacing.unknown_domains(session, soon=now + _AHEAD, since=now - _KEPT, many=_MOST)
    for domain in found:
        answer = records(domain, "MX")
        if not answer.fault:
            hosts = [text.partition(" ")[2] for text in sorted(answer.values, key=_preference)]
            with sessions.begin() as session:
                pacing.note_provider(session, domain, by_exchangers(hosts), now=now)
    return len(found)


def _preference(record: str) -> int:
    number = record.partition(" ")[0]
    return whole(number) or 0
