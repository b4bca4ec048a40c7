"""How the dates of a file of leads are read: birthdays, ends of contracts, days on which deals ended."""

from dataclasses import dataclass
from datetime import date

from nurture.rules import answers
from nurture.rules.written_moments import Unreadable, read_day

_BIRTHDAY = "dates.birthday"


@dataclass(frozen=True, slots=True)
class LeadDates:
    """`order` says what comes first in dates like 03/04/2026 (rules/activity_dates.py); None where none of
    the file mean two days. Nobody is born after `today`."""

    order: str | None = None
    today: date | None = None

    def day(self, answer: str, written: str) -> str | None:
        """The day as ISO 8601, as it is where it was written; None for what is none."""
        usual = answers.day(written)
        if usual is not None:
            return usual
        try:
            today = self.today if answer == _BIRTHDAY else None
            return read_day(written, order=self.order, today=today).isoformat()
        except Unreadable:
            return None


AS_USUAL = LeadDates()


def is_date(answer: str) -> bool:
    """Whether an answer about a lead is a day."""
    return answer == "outcome_at" or answer.startswith("dates.")
