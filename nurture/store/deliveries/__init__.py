"""Deliveries: one mail to one lead, whatever the purpose. The unique dedup_key is the guarantee."""

from nurture.store.deliveries.claiming import (
    BEFORE_LIVE,
    EVERY_ROUTE,
    INVENTED,
    Claimed,
    Route,
    Sending,
    any_due,
    claim,
    put_back,
    sending,
    skip,
    stopped,
)
from nurture.store.deliveries.leasing import LEASE_SECONDS, expired, renew, unwanted
from nurture.store.deliveries.outcomes import Outcome, Recorded, record
from nurture.store.deliveries.table import (
    STATES,
    Delivery,
    DeliveryAttempt,
    attempts_of,
    get,
    page,
    queue,
    told,
)
from nurture.store.deliveries.values import values_of_lead

__all__ = [
    "BEFORE_LIVE",
    "EVERY_ROUTE",
    "INVENTED",
    "LEASE_SECONDS",
    "STATES",
    "Claimed",
    "Delivery",
    "DeliveryAttempt",
    "Outcome",
    "Recorded",
    "Route",
    "Sending",
    "any_due",
    "attempts_of",
    "claim",
    "expired",
    "get",
    "page",
    "put_back",
    "queue",
    "record",
    "renew",
    "sending",
    "skip",
    "stopped",
    "told",
    "unwanted",
    "values_of_lead",
]
