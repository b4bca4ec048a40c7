"""Every table, gathered: what migrations compare themselves with."""

from sqlalchemy import MetaData

from nurture.store import (
    bulk_changes,
    companies,
    consents,
    deliveries,
    enrollments,
    handoffs,
    heat,
    hits,
    identities,
    imports,
    inbound,
    installation,
    leads,
    links,
    mails,
    models,
    newsletters,
    patterns,
    programs,
    restraint,
    segments,
    signals,
    sources,
    stages,
    steps,
    suppressions,
    users,
    verdicts,
    webhooks,
)
from nurture.store.base import Base

NOUNS = (
    bulk_changes,
    companies,
    consents,
    deliveries,
    enrollments,
    handoffs,
    heat,
    hits,
    identities,
    imports,
    inbound,
    installation,
    leads,
    links,
    mails,
    models,
    newsletters,
    patterns,
    programs,
    restraint,
    segments,
    signals,
    sources,
    stages,
    steps,
    suppressions,
    users,
    verdicts,
    webhooks,
)


def metadata() -> MetaData:
    """The metadata with every noun's tables in it."""
    return Base.metadata
