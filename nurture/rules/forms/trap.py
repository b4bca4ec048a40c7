"""Who sends a form without having looked at it: programs fill in everything at once, and what nobody sees.

A page carries a signed word about when it was shown. Ages are told by real time.
"""

from collections.abc import Mapping
from datetime import datetime

from nurture.rules.tokens import KeyRing, mint, read

PURPOSE = "form"
# A field that no person sees, with a name that programs like to fill.
BAIT = "homepage"
SHOWN = "shown"
QUICKEST = 2
LONGEST = 7 * 86_400

FINE, BAITED, UNSEEN, HASTY, STALE = "fine", "baited", "unseen", "hasty", "stale"


def word(ring: KeyRing, form_id: int, now: datetime) -> str:
    """The signed word that the form was shown now."""
    return mint(ring, PURPOSE, form_id, int(now.timestamp()))


def caught(ring: KeyRing, form_id: int, typed: Mapping[str, str], now: datetime) -> str:
    """fine, or why not: baited (a program), unseen (sent from a page without our word: it may be a person),
    hasty (within two seconds), stale (shown a week ago)."""
    if typed.get(BAIT):
        return BAITED
    found = read(ring, PURPOSE, typed.get(SHOWN, ""), 2)
    if found is None or found[0] != form_id:
        return UNSEEN
    age = int(now.timestamp()) - found[1]
    if age < QUICKEST:
        return HASTY
    return FINE if age <= LONGEST else STALE
