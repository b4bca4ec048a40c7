"""/calendar: what goes out, to how many, before it goes."""

from datetime import date
from typing import Any

from nurture.errors import NotFound
from nurture.flows import calendar as flow
from nurture.flows.calendar import Entry
from nurture.rules.words import _
from nurture.web import rendering
from nurture.web.api import door
from nurture.web.api.plain import moment
from nurture.web.api.schemas import ListOf
from nurture.web.api.schemas.calendar import CalendarPage, CalendarQuery, WhoOut, WhoQuery
from nurture.web.request import now, page_session

part = door.Part("calendar", "What goes out today and in the days to come, to how many.")


@part.route("/calendar", methods=["GET"])
@part.arguments(CalendarQuery, location="query")
@part.response(200, CalendarPage)
def entries(asked: dict[str, Any]) -> dict[str, Any]:
    """Today and `days` days more, by day, in the time zone of the installation. `scheduled` stands already;
    `forecast` is the next mail of each lead in a chain, as if nobody did anything meanwhile, worked out
    at `counted_at` (null: just now; where many leads stand in chains it is a minute or two old)."""
    found = flow.calendar(page_session(), rendering.zone(), days=asked["days"], now=now())
    return {
        "data": [_shown(one) for one in found.entries],
        "next_cursor": None,
        "counted_at": moment(found.counted_at),
    }


@part.route("/calendar/<day>", methods=["GET"])
@part.arguments(WhoQuery, location="query")
@part.response(200, ListOf(WhoOut))
def who(asked: dict[str, Any], day: str) -> dict[str, Any]:
    """The leads behind a line of the forecast: whose next mail is that of `step`, on that day. At most two
    hundred of them."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError as fault:
        raise NotFound(_("There is no such line in the calendar.")) from fault
    leads = flow.who(page_session(), rendering.zone(), wanted, asked["chain_id"], asked["step"], now=now())
    return {
        "data": [
            {
                "lead_id": one.lead_id,
                "name": one.name,
                "temperature": one.temperature,
                "step_ends_at": moment(one.due_at),
            }
            for one in leads
        ],
        "next_cursor": None,
    }


def _shown(one: Entry) -> dict[str, Any]:
    return {
        "day": one.day.isoformat(),
        "kind": one.kind,
        "purpose": one.purpose,
        "first_at": moment(one.at),
        "n": one.n,
        "program_id": one.program_id,
        "program": one.program or None,
        "chain_id": one.chain_id,
        "chain": one.chain or None,
        "step": one.step_key,
        "mail": one.mail or None,
        "newsletter_id": one.newsletter_id,
        "newsletter": one.newsletter or None,
        "certain": one.certain,
        "local": one.local,
    }
