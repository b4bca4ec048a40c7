"""The calendar: what goes out today and in the next two weeks, to how many and to whom, before it goes."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from nurture.errors import NotFound
from nurture.flows import calendar as flow
from nurture.rules.program import Send, read
from nurture.rules.timing import instant_of
from nurture.rules.words import _
from nurture.store import readiness_now
from nurture.store.readiness_now import ComingBack
from nurture.store.views import chain as chains
from nurture.web import rendering
from nurture.web.query import number
from nurture.web.request import now, page_session

pages = Blueprint("calendar", __name__)
DAYS = 14
_MOST_BACK = 200


@pages.get("/calendar")
def index() -> ResponseReturnValue:
    """The days beside one of them: the one asked for, else the first on which something goes out."""
    zone, moment = rendering.zone(), now()
    found = flow.calendar(page_session(), zone, days=DAYS, now=moment)
    entries = found.entries
    today = moment.astimezone(zone).date()
    days = [today + timedelta(days=ahead) for ahead in range(DAYS + 1)]
    totals = {day: sum(one.n for one in entries if one.day == day) for day in days}
    back = _coming_back(days, zone)
    asked = _day(request.args.get("day", ""))
    chosen = asked if asked in totals else next((day for day in days if totals[day] or back[day]), today)
    return render_template(
        "admin/calendar/index.html",
        days=days,
        today=today,
        totals=totals,
        most=max(totals.values()),
        chosen=chosen,
        entries=[one for one in entries if one.day == chosen],
        every=len(entries) or any(back.values()),
        back=back,
        counted_at=found.counted_at,
    )


@pages.get("/calendar/<day>")
def day(day: str) -> ResponseReturnValue:
    """Who is meant by a line of the forecast."""
    wanted, chain_id, step = _day(day), number("chain"), request.args.get("step", "")
    page = chains.chain(page_session(), chain_id) if chain_id else None
    if wanted is None or page is None:
        raise NotFound(_("There is no such line in the calendar."))
    leads = flow.who(page_session(), rendering.zone(), wanted, page.id, step, now=now())
    sent = read(dict(page.spec)).chains[page.temperature].by_key.get(step)
    mail = page.mails[sent.mail][1] if isinstance(sent, Send) and sent.mail in page.mails else step
    return render_template("admin/calendar/who.html", day=wanted, page=page, mail=mail, leads=leads)


def _coming_back(days: list[date], zone: ZoneInfo) -> dict[date, list[ComingBack]]:
    """Leads whose time is later, by the day on which they come back; at most two hundred."""
    until = instant_of(days[-1] + timedelta(days=1), 0, zone)
    found: dict[date, list[ComingBack]] = {day: [] for day in days}
    for one in readiness_now.coming_back(page_session(), limit=_MOST_BACK, until=until):
        found.get(max(one.future_at.astimezone(zone).date(), days[0]), []).append(one)
    return found


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
