"""Chains with a goal, and who reaches it."""

from nurture.flows.reach_goals import leave_reached
from tests.flows.garden import HEAD, Garden

CHAINS = """
  cold:
    enter: {when: {all: [{temperature: cold}, {consent: marketing}]}}
    steps:
      - send: welcome
      - {wait: 3d, key: pause}
      - branch:
          - when: {tag: keen}
            steps: [{send: price}]
          - else: true
            steps: [{send: story}]
        key: way
  warm:
    steps:
      - send: offer
"""

GOAL = HEAD + "goal: {when: {stage: opportunity}, value: 4000, currency: EUR}\n"


def reach(garden: Garden, *lead_ids: int) -> None:
    """These book a meeting."""
    for lead_id in lead_ids:
        garden.change(lead_id, stage="opportunity")
    with garden.sessions.begin() as session:
        leave_reached(session, list(lead_ids), now=garden.clock.now)
