"""What became of a newsletter, out of its counters: people and machines apart."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NewsletterFigures:
    """So many mails were sent, opened and clicked by people (each mail once), and by machines, which count
    for nobody. One mail may be among both."""

    sent: int = 0
    opened: int = 0
    clicked: int = 0
    machine_opened: int = 0
    machine_clicked: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0


def figures(counts: Mapping[str, int]) -> NewsletterFigures:
    """The figures of counters by name; those that were never raised are 0."""
    return NewsletterFigures(*(counts.get(name, 0) for name in NewsletterFigures.__dataclass_fields__))
