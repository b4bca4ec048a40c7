"""Leads come into chains on dates of theirs: a renewal, a birthday, the day after an event."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import enroll
from nurture.flows.published import Published, published
from nurture.rules.program import DateOf
from nurture.store import entry_dates
from nurture.store.entry_dates import Days
from nurture.store.views.reading import reading

# Zones and local hours move a date by less than this.
_SLACK = timedelta(days=2)
_A_YEAR = 366


def enter_on_dates(sessions: sessionmaker[Session], *, now: datetime, batch: int = 1000) -> int:
    """Let in the leads of every live program whose date was met since the last look; how many. A chain looked
    at for the first time begins now: dates before it are past."""
    with reading(sessions) as session:
        chains = [
            (one.id, temperature)
            for one in published(session, held=False).values()
            for temperature, chain in one.program.chains.items()
            if chain.enter is not None and chain.enter.date is not None
        ]
    return sum(_look(sessions, program_id, temperature, now, batch) for program_id, temperature in chains)


def _look(
    sessions: sessionmaker[Session], program_id: int, temperature: str, now: datetime, batch: int
) -> int:
    with sessions.begin() as session:
        one = published(session).get(program_id)
        date = _date_of(one, temperature)
        seen = entry_dates.lock(session, one.chain_ids[temperature]) if one is not None and date else None
        if one is None or date is None or seen is None:
            return 0
        # What a pause has made too late for steps is too late for an entry as well.
        since = max(seen.at, now - one.program.hold_after) if seen.at is not None else now
        entered = _let_in(session, one, date, since, now, batch) if since < now else 0
        entry_dates.seen(session, one.chain_ids[temperature], now=now)
        return entered


def _date_of(one: Published | None, temperature: str) -> DateOf | None:
    chain = one.program.chains.get(temperature) if one is not None else None
    return chain.enter.date if chain is not None and chain.enter is not None else None


def _let_in(
    session: Session, one: Published, date: DateOf, since: datetime, now: datetime, batch: int
) -> int:
    entered, after, days = 0, 0, _days(date, since, now)
    while True:
        lead_ids = entry_dates.leads(session, date.field, days, after=after, limit=batch)
        entered += enroll.enter(session, one, lead_ids, None, now, since) if lead_ids else 0
        if len(lead_ids) < batch:
            return entered
        after = lead_ids[-1]


def _days(date: DateOf, since: datetime, now: datetime) -> Days:
    """The dates for which the moment between `since` and `now` may be."""
    first, last = since - date.offset.elapsed - _SLACK, now - date.offset.elapsed + _SLACK
    return Days(first, last, _of_the_year(first, last) if date.yearly else None)


def _of_the_year(first: datetime, last: datetime) -> Sequence[str]:
    start = first.astimezone(UTC).date()
    count = min((last.astimezone(UTC).date() - start).days + 1, _A_YEAR)
    days = {(start + timedelta(days=n)).strftime("%m-%d") for n in range(count)}
    # Whoever was born on a leap day has the day before in other years.
    return sorted(days | ({"02-29"} if "02-28" in days else set()))
