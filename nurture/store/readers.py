"""In which language somebody is written to: their own, else that of the installation."""

from sqlalchemy import text
from sqlalchemy.orm import Session

_OF_LEAD = text("""
    SELECT (SELECT language FROM lead WHERE id = :lead_id), (SELECT language FROM installation)
""")
_OF_COLLEAGUE = text("""
    SELECT (SELECT nullif(preferences ->> 'language', '') FROM user_account WHERE email = :email),
           (SELECT language FROM installation)
""")


def languages_of_lead(session: Session, lead_id: int) -> list[str]:
    """Language tags, the best first."""
    return [tag for tag in session.execute(_OF_LEAD, {"lead_id": lead_id}).one() if tag]


def languages_of_colleague(session: Session, email: str | None) -> list[str]:
    """The same of somebody who signs in here, or is about to."""
    return [tag for tag in session.execute(_OF_COLLEAGUE, {"email": email}).one() if tag]
