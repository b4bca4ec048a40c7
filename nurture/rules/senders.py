"""In whose name a mail goes out: what may be said of it, and which of several sayings holds.

A saying is `house` (the default sender), `owner` (the lead's owner), the key of a named sender, or an address
at a domain of the house. A step goes before its mail, a mail before its program, all before the default.
"""

import re

from nurture.rules import addresses
from nurture.rules.tables import Table
from nurture.rules.words import _

HOUSE, OWNER = "house", "owner"
LONGEST_KEY = 40
_KEY = re.compile(r"[a-z][a-z0-9-]{0,39}")
_UNFIT = re.compile(r"[^a-z0-9]+")


def is_key(text: str) -> bool:
    """Whether a sender may be called by this key; house and owner mean something already."""
    return _KEY.fullmatch(text) is not None and text not in (HOUSE, OWNER)


def key_of(name: str) -> str:
    """A key made of a name or of what stands before the @ of an address."""
    made = _UNFIT.sub("-", name.lower()).strip("-")[:LONGEST_KEY].strip("-")
    return made if is_key(made) else f"sender-{made}"[:LONGEST_KEY].strip("-")


def is_named(said: str | None) -> bool:
    """Whether a saying is the key of a named sender, known or not."""
    return bool(said) and said not in (HOUSE, OWNER) and "@" not in str(said)


def read(table: Table) -> str | None:
    """What stands under `sender`, in small letters; None where nothing does, and after a fault."""
    said = table.text("sender", "", most=254).lower()
    if not said or said in (HOUSE, OWNER) or is_key(said) or addresses.check(said).norm is not None:
        return said or None
    table.expected("sender", _("house, owner, the key of a sender, or an address such as mia@example.com"))
    return None
