"""Newsletters: one mail to everybody who fits, once; who waits for it, and how far it has come."""

from nurture.store.newsletters.counting import count, counts, counts_of, pace, settled, waiting
from nurture.store.newsletters.readers import (
    Candidate,
    NewMail,
    Wait,
    ahead,
    begin_due,
    cancel_unsent,
    due_waits,
    late,
    lock_leads,
    next_leads,
    send,
    take_turn,
    wait,
)
from nurture.store.newsletters.rows import get, lock, mails_of, page, recent, waits_of
from nurture.store.newsletters.table import Newsletter, NewsletterCount, NewsletterMinute, NewsletterWait

__all__ = [
    "Candidate",
    "NewMail",
    "Newsletter",
    "NewsletterCount",
    "NewsletterMinute",
    "NewsletterWait",
    "Wait",
    "ahead",
    "begin_due",
    "cancel_unsent",
    "count",
    "counts",
    "counts_of",
    "due_waits",
    "get",
    "late",
    "lock",
    "lock_leads",
    "mails_of",
    "next_leads",
    "pace",
    "page",
    "recent",
    "send",
    "settled",
    "take_turn",
    "wait",
    "waiting",
    "waits_of",
]
