"""Leads as a list: filtered, sorted, a page at a time."""

from nurture.store.lead_list.reading import (
    NEWEST,
    NOBODY,
    SORTS,
    TARGET,
    LeadQuery,
    Order,
    Place,
    exists,
    following,
    how_many,
    ids,
    in_order,
    matching,
    order_of,
    page,
)
from nurture.store.lead_list.table import LeadLine

__all__ = [
    "NEWEST",
    "NOBODY",
    "SORTS",
    "TARGET",
    "LeadLine",
    "LeadQuery",
    "Order",
    "Place",
    "exists",
    "following",
    "how_many",
    "ids",
    "in_order",
    "matching",
    "order_of",
    "page",
]
