"""Holidays by country: with `own`, each lead rests on the holidays of the country it lives in, in chains and
newsletters alike. Monday, 26 October 2026 is the national day of Austria and a working day in Germany."""

from datetime import datetime

import pytest

from nurture.flows import calendar
from nurture.rules.facts import Facts
from nurture.rules.newsletter import Later, Plan, Reader, Send, decide
from nurture.rules.program import read_window
from tests.flows.caps import COLD
from tests.flows.garden import BERLIN, HEAD, Garden

MONDAY = datetime(2026, 10, 26, 10, 0, tzinfo=BERLIN)
TUESDAY_AT_NINE = datetime(2026, 10, 27, 9, 0, tzinfo=BERLIN)
HOURS = {"days": "mon-fri", "from": "09:00", "to": "18:00", "holidays": "own"}
WRITTEN = 'window: {days: mon-fri, from: "09:00", to: "18:00", holidays: own}\n'


@pytest.fixture
def garden(sessions, clock, tmp_path):
    clock.set(MONDAY)
    return Garden(sessions, clock, tmp_path / "garden")


def test_a_chain_keeps_the_holidays_of_each_lead(garden):
    garden.publish(COLD + "      - send: one\n", HEAD + WRITTEN)
    german, austrian, somebody = (
        garden.lead(name, country=country, timezone="Europe/Berlin")
        for name, country in (("greta", "DE"), ("anton", "AT"), ("sam", None))
    )
    garden.enter(german, austrian, somebody)
    sent = {lead: at for at, lead, _step in garden.pass_time(1)}
    assert sent == {german: MONDAY, somebody: MONDAY, austrian: TUESDAY_AT_NINE}


def test_the_calendar_foretells_the_day_of_each_lead(garden):
    garden.publish(COLD + "      - send: one\n", HEAD + WRITTEN)
    for name, country in (("greta", "DE"), ("anton", "AT"), ("anna", "at"), ("sam", None)):
        garden.enter(garden.lead(name, country=country, timezone="Europe/Berlin"))

    with garden.sessions() as session:
        entries = calendar.calendar(session, BERLIN, days=3, now=MONDAY).entries
        chain_id = next(entry.chain_id for entry in entries)
        on_tuesday = calendar.who(session, BERLIN, TUESDAY_AT_NINE.date(), chain_id, "one", now=MONDAY)

    assert [(entry.day, entry.n) for entry in entries] == [
        (MONDAY.date(), 2),
        (TUESDAY_AT_NINE.date(), 2),
    ]
    assert {lead.name for lead in on_tuesday} == {"anton", "anna"}


@pytest.mark.parametrize(("country", "goes"), [("DE", True), ("AT", False), ("at", False), (None, True)])
def test_a_newsletter_keeps_the_same_holidays(country, goes):
    fields = {"email": "anton@muster.example"} | ({"country": country} if country else {})
    reader = Reader(Facts(1, consents=frozenset({"marketing"}), timezone="Europe/Vienna", fields=fields))
    verdict = decide(Plan("marketing", MONDAY, window=read_window(HOURS)), reader, None, MONDAY)
    if goes:
        assert isinstance(verdict, Send)
    else:
        assert verdict == Later(TUESDAY_AT_NINE, "window")
