"""Mails that compete under a cap: what went to a lead already, and what goes before a mail of theirs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from nurture.rules.timing import Frequency
from nurture.store import competing
from nurture.store.enrollments import claiming


@dataclass(frozen=True)
class Places:
    """The places under a cap, by lead. `taken` are mails sent or about to be; `rivals` the priorities of
    mails that only the cap held back and that may go now."""

    now: datetime
    taken: dict[int, list[datetime]] = field(default_factory=dict)
    rivals: Mapping[int, Sequence[int]] = field(default_factory=dict)

    def before(self, lead_id: int, priority: int) -> list[datetime]:
        """The instants that count against one more mail of this priority to the lead."""
        first = sum(rival > priority for rival in self.rivals.get(lead_id, ()))
        return [*self.taken.get(lead_id, ()), *[self.now] * first]

    def take(self, lead_id: int, mails: int) -> None:
        """So many mails to the lead were decided just now."""
        self.taken.setdefault(lead_id, []).extend([self.now] * mails)


def places(
    session: Session,
    lead_ids: Collection[int],
    caps: Collection[Frequency | None],
    priorities: Mapping[int, int],
    *,
    now: datetime,
    runs: Collection[int] = (),
    newsletter: int | None = None,
) -> Places:
    """The places of these leads under any of the caps; without a cap nothing is looked up. `priorities` are
    those of published programs by id. `runs` and `newsletter` are decided now and are no rivals."""
    spans = [cap.per for cap in caps if cap is not None]
    if not spans or not lead_ids:
        return Places(now)
    leads = sorted(set(lead_ids))
    rivals: dict[int, list[int]] = {}
    for mail in competing.waiting(session, leads, now=now, but=newsletter):
        priority = mail.priority if mail.program_id is None else priorities.get(mail.program_id)
        if priority is not None and mail.run_id not in runs:
            rivals.setdefault(mail.lead_id, []).append(priority)
    taken = claiming.recent_sends(session, leads, since=now - max(spans), now=now)
    return Places(now, taken, rivals)
