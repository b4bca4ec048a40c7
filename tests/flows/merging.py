"""Leads in a garden are merged, clicked and parted again."""

from datetime import timedelta

from nurture.flows.merge_leads import merge
from nurture.flows.rate import rate
from nurture.flows.unmerge_leads import undo_merge
from nurture.store import signals
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal
from tests.flows.garden import PEPPER

CHAINS = """
  cold:
    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}
    steps:
      - send: one
      - wait: 1d
      - send: two
      - wait: 1d
      - send: three
"""


def merge_two(garden, lead_id, other_id, *take):
    with garden.sessions.begin() as session:
        noted = merge(session, lead_id, other_id, take=take, pepper=PEPPER, by="mia", now=garden.clock.now)
        return noted.id


def part_again(garden, merge_id):
    with garden.sessions.begin() as session:
        undo_merge(session, merge_id, pepper=PEPPER, by="mia", now=garden.clock.now)


def lead_of(garden, lead_id):
    with garden.sessions() as session:
        return session.get_one(Lead, lead_id)


def click(garden, lead_id, n=1, hours=0):
    at = garden.clock.now - timedelta(hours=hours)
    with garden.sessions.begin() as session:
        rows = [NewSignal(lead_id, "clicked", at, "api") for _ in range(n)]
        signals.add(session, rows, now=garden.clock.now)
    while rate(garden.sessions, now=garden.clock.now):
        pass


def heat_of(garden, lead_id):
    return garden.value(
        "SELECT power(2, net_log2 - extract(epoch FROM CAST(:at AS timestamptz)) / (21 * 86400))"
        " FROM lead_heat WHERE lead_id = :id",
        id=lead_id,
        at=garden.clock.now,
    )
