"""The forecast of the calendar is worked out anew beside the pages."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.calendar import MOST_DAYS, forecast
from nurture.flows.published import published
from nurture.rules.timing import instant_of
from nurture.store import forecasts, installation


def keep_forecast(sessions: sessionmaker[Session], *, now: datetime) -> int:
    """Work it out for as many days as anybody may ask for, in the zone of the installation, and keep it in
    one transaction; how many lines. A page sees the old or the new."""
    with sessions.begin() as session:
        zone = ZoneInfo(installation.get(session).timezone)
        until = instant_of(now.astimezone(zone).date() + timedelta(days=MOST_DAYS + 1), 0, zone)
        lines = forecast(session, published(session, held=False), zone, until=until, now=now)
        forecasts.keep(session, zone.key, lines, now=now)
    return len(lines)
