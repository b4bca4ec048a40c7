"""Companies are made and corrected, and told how warm they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.rules.folding import fold
from nurture.rules.heat import log2_value
from nurture.rules.words import _
from nurture.store import companies, leads, models
from nurture.store.audit import audit
from nurture.store.companies import Company

_LONGEST = {"name": 200, "industry": 200, "website": 300, "city": 200}
ABOUT = ("size", "industry", "website", "country", "city")


def create(session: Session, said: Mapping[str, Any], *, by: str, now: datetime) -> int:
    """A company by {name, size?, industry?, website?, country?, city?}. Raises Invalid, Conflict for a name
    that is known."""
    about = _read(said)
    folded = fold(about["name"])
    if companies.named(session, folded) is not None:
        raise Conflict(_("There is a company called {name} already.").format(name=about["name"]))
    company_id = companies.take(session, about["name"], folded, about, now=now)
    audit(session, by, "company.created", f"company:{company_id}", now=now)
    return company_id


def change(session: Session, company_id: int, said: Mapping[str, Any], *, by: str, now: datetime) -> None:
    """Change what is said; the rest stays, what is null is cleared. Raises NotFound, Invalid, Conflict."""
    row = session.get(Company, companies.meant(session, company_id) or 0, with_for_update=True)
    if row is None:
        raise NotFound(_("There is no such company."))
    company_id, before = row.id, row.name
    about = _read({"name": row.name, **said})
    folded = fold(about["name"])
    other = companies.named(session, folded)
    if other is not None and other != company_id:
        raise Conflict(_("There is a company called {name} already.").format(name=about["name"]))
    if about["name"] != before:
        rename(session, company_id, about["name"], now=now)
    for name in said:
        setattr(row, name, about[name])
    row.updated_at = now
    session.flush()
    companies.judge_contacts(session, companies.refold(session, [company_id]))
    audit(session, by, "company.changed", f"company:{company_id}", now=now)


def rename(session: Session, company_id: int, name: str, *, now: datetime) -> None:
    """Call a company so, in whose way no other stands. Where a part of it bore that name, the part bears the
    old one, by which it is found as before."""
    companies.call(session, company_id, name, fold(name), now=now)
    companies.judge_contacts(session, companies.refold(session, [company_id]))
    leads.refold(session, companies.contacts_of(session, company_id))


def worth(session: Session, logs: Sequence[float | None], *, now: datetime) -> list[float]:
    """What stored logs of heat are worth at `now` under the default model."""
    half_life = next((one.model.half_life_s for one in models.live(session) if one.is_default), None)
    return [log2_value(log, now, half_life) if log is not None and half_life else 0.0 for log in logs]


def _read(said: Mapping[str, Any]) -> dict[str, Any]:
    about = {name: said.get(name) for name in ("name", *ABOUT)}
    faults: dict[str, list[str]] = {}
    for name, longest in _LONGEST.items():
        words = " ".join(str(about[name] or "").split())
        about[name] = words or None
        if len(words) > longest:
            faults[name] = [_("This is too long.")]
    if about["name"] is None:
        faults["name"] = [_("Name the company.")]
    country = str(about["country"] or "").strip().upper()
    about["country"] = country or None
    if country and (len(country) != 2 or not country.isascii() or not country.isalpha()):
        faults["country"] = [_("A country is two letters, such as DE.")]
    if about["size"] is not None and not 0 < about["size"] < 10_000_000:
        faults["size"] = [_("How many people work there, as a number.")]
    if faults:
        raise Invalid(_("The company cannot be kept."), faults)
    return about
