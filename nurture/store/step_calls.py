"""Webhooks of steps: the endpoint for each address, and the messages for it alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.messages import OF_STEPS


@dataclass(frozen=True, slots=True)
class StepCall:
    """A message to one address. `endpoint` is the address without what is a lead's own, `url` the whole one;
    `dedup_key` makes writing it again harmless."""

    endpoint: str
    url: str
    body: bytes
    lead_id: int
    dedup_key: str


# An address that nobody gave a secret is posted to unsigned: whoever wants a signature makes one for it.
_ENDPOINTS = text(
    """
    INSERT INTO webhook_endpoint (url, types, secrets, created_at, of_chains)
    SELECT url, CAST(:types AS text[]), '{}', :now, true
    FROM unnest(CAST(:urls AS text[])) AS g (url)
    WHERE NOT EXISTS (SELECT FROM webhook_endpoint e WHERE e.of_chains AND e.url = g.url)
    ORDER BY url
    ON CONFLICT (url) WHERE of_chains DO NOTHING
    """
)
_WRITE = text(
    """
    WITH given AS (
        SELECT * FROM unnest(
            CAST(:ids AS text[]), CAST(:keys AS text[]), CAST(:leads AS bigint[]), CAST(:bodies AS bytea[]),
            CAST(:urls AS text[]), CAST(:endpoints AS text[])
        ) AS given(id, dedup_key, lead_id, body, url, endpoint)
    ), written AS (
        INSERT INTO webhook_message (id, type, dedup_key, lead_id, body, created_at, url)
        SELECT id, :type, dedup_key, lead_id, body, :now, url FROM given
        ON CONFLICT (dedup_key) DO NOTHING
        RETURNING id, lead_id
    )
    INSERT INTO webhook_post (message_id, endpoint_id, due_at)
    SELECT w.id, e.id, :now
    FROM written w JOIN given g ON g.id = w.id
    JOIN webhook_endpoint e ON e.of_chains AND e.url = g.endpoint
    """
)


def write(session: Session, calls: Sequence[StepCall], *, now: datetime) -> None:
    """Write these messages, each with its one post. One to an address that is switched off waits there until
    it is switched on again."""
    if not calls:
        return
    urls = sorted({call.endpoint for call in calls})
    session.execute(_ENDPOINTS, {"urls": urls, "types": [OF_STEPS], "now": now})
    session.execute(
        _WRITE,
        {
            "ids": [f"msg_{uuid4().hex}" for _ in calls],
            "keys": [call.dedup_key for call in calls],
            "leads": [call.lead_id for call in calls],
            "bodies": [call.body for call in calls],
            "urls": [call.url for call in calls],
            "endpoints": [call.endpoint for call in calls],
            "type": OF_STEPS,
            "now": now,
        },
    )
