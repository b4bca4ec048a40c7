"""Which company a group of another program is, by its groupId."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.store.base import Base, Instant, Ref


class CompanyGroup(Base):
    """A groupId and the company that it means. One that became a part of another means that one."""

    __tablename__ = "company_group"
    __table_args__ = (Index("ix_company_group_company_id", "company_id"),)

    group_id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[Ref] = mapped_column(ForeignKey("company.id"))
    at: Mapped[Instant]


_OF = text(
    """
    SELECT coalesce(c.part_of, c.id) FROM company_group g JOIN company c ON c.id = g.company_id
    WHERE g.group_id = :group
    """
)
_KEEP = text(
    """
    INSERT INTO company_group (group_id, company_id, at) VALUES (:group, :company, :now)
    ON CONFLICT (group_id) DO NOTHING
    """
)


def company_of(session: Session, group_id: str) -> int | None:
    """The company that the groupId means."""
    found: int | None = session.scalar(_OF, {"group": group_id})
    return found


def keep(session: Session, group_id: str, company_id: int, *, now: datetime) -> None:
    """The groupId means this company from now on, unless it means one."""
    session.execute(_KEEP, {"group": group_id, "company": company_id, "now": now})


def ids_of(session: Session, company_id: int) -> list[str]:
    """The groupIds that mean this company."""
    sql = """
        SELECT g.group_id FROM company_group g JOIN company c ON c.id = g.company_id
        WHERE c.id = :company OR c.part_of = :company ORDER BY g.group_id LIMIT 50
    """
    return list(session.scalars(text(sql), {"company": company_id}))
