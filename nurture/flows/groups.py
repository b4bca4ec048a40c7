"""Groups of other programs (the Segment specification) are companies here: a groupId means one company."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.flows.companies import rename
from nurture.rules import lead_answers
from nurture.rules.folding import fold
from nurture.rules.words import _
from nurture.store import companies, company_groups
from nurture.store.audit import audit


def company_of_group(
    session: Session, group_id: str, about: Mapping[str, Any], *, by: str, now: datetime
) -> int:
    """The company that the groupId means, made where there is none, after what is said `about` it {name?,
    size?, industry?, website?, country?, city?}. Without a name it is called by its groupId until somebody
    says one; another name renames it, unless another company bears that name. Raises Invalid."""
    known = company_groups.company_of(session, group_id)
    called = companies.name_of(session, known) if known else group_id
    # A name of which nothing can be seen is none.
    said = _read(about, str(about.get("name") or called)) or _read(about, called)
    if said is None:
        sentence = _("A groupId has at least one letter that can be seen.")
        raise Invalid(sentence, {"groupId": [sentence]})
    if known is None:
        known = companies.take(session, said["name"], said["folded"], said, now=now)
        company_groups.keep(session, group_id, known, now=now)
        return known
    _rename(session, known, group_id, said["name"], by, now)
    row = companies.known(session, known)
    return companies.take(session, row.name, row.folded, said, now=now)


def _read(about: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """What is said of a company that is called so; None where nothing is left of its name."""
    said = lead_answers.read({"company": {**about, "name": name}}).company or {}
    return dict(said) if said.get("name") else None


def name_of(session: Session, company_id: int) -> str:
    """What the company is called now."""
    return companies.name_of(session, company_id)


def _rename(session: Session, company_id: int, group_id: str, name: str, by: str, now: datetime) -> None:
    before = companies.name_of(session, company_id)
    if name == before or companies.named(session, fold(name)) not in (None, company_id):
        return
    rename(session, company_id, name, now=now)
    detail = {"old": before, "name": name}
    audit(session, by, "company.changed", f"company:{company_id}", now=now, detail=detail)
