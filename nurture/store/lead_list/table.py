"""What lists of leads are sorted and filtered by, in a narrow row of its own."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from nurture.store.base import Base, Ref, Words


class LeadLine(Base):
    """A lead as a list sorts and filters it. Kept by triggers on `lead` (migration 0010): its heat changes
    with every signal, and an index on the wide row would make each such change rewrite all indexes there.

    `search` is the folded text that the box looks into: reading these narrow rows through is faster than
    finding common words in an index and fetching wide rows for them. `name` is its beginning; `heat_log2`
    and `last_signal` (epoch seconds) are -infinity for none; `grade` is what counts, the override included.
    An erased lead has no line.
    """

    __tablename__ = "lead_line"
    __table_args__ = (
        Index("ix_lead_line_name_lead_id", "name", "lead_id"),
        Index("ix_lead_line_heat_log2_lead_id", "heat_log2", "lead_id"),
        Index("ix_lead_line_readiness_lead_id", "readiness", "lead_id"),
        Index("ix_lead_line_last_signal_lead_id", "last_signal", "lead_id"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    lead_id: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    heat_log2: Mapped[float]
    readiness: Mapped[float]
    last_signal: Mapped[float]
    temperature: Mapped[str]
    stage: Mapped[str]
    grade: Mapped[str | None]
    source_id: Mapped[Ref | None]
    owner_id: Mapped[Ref | None]
    held: Mapped[bool]
    tags: Mapped[Words] = mapped_column(server_default=None)
    search: Mapped[str]
