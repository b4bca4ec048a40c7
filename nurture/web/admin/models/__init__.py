"""Models: what they say, their editor with a look ahead, versions, and who waits for a yes."""

from nurture.web.admin.models import (
    approvals,
    editing,
    listing,
    looking_ahead,
    potential,
    readiness,
    target,
    versions,
)
from nurture.web.admin.models.part import pages

__all__ = [
    "approvals",
    "editing",
    "listing",
    "looking_ahead",
    "pages",
    "potential",
    "readiness",
    "target",
    "versions",
]
