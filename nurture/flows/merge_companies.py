"""Two companies were one all along: one stands from now on, with the contacts of both.

The contacts of the other become the survivor's; its heat is added up anew, their grades too, and the buying
centre is whoever works there. The other's id, name, website and groupIds mean the survivor ever after. What
was moved is noted, so that undo finds it.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from nurture.errors import Conflict, Invalid, NotFound
from nurture.flows.companies import worth
from nurture.flows.put_in_company import put_in_company
from nurture.rules import merging_companies as rules
from nurture.rules.company_heat import warm
from nurture.rules.words import _
from nurture.store import companies, company_heat, company_merges, leads, models
from nurture.store.audit import audit
from nurture.store.company_merges import CompanyMerge, Weight
from nurture.store.views import companies as view

_ALIKE = 20


@dataclass(frozen=True, slots=True)
class Side:
    """A company before the merge: its row as pages show it, what hangs on it, and what its heat is worth."""

    row: Mapping[str, Any]
    weight: Weight
    heat: float


@dataclass(frozen=True, slots=True)
class Preview:
    """What a merge would do: all contacts, touches and heat of `other` become those of `company`."""

    company: Side
    other: Side
    heat: float
    temperature: str


def preview(session: Session, company_id: int, other_id: int, *, now: datetime) -> Preview:
    """Two companies side by side, and what they would be together; nothing is written. Raises NotFound,
    Conflict."""
    survivor_id, part_id = _meant(session, company_id, other_id)
    mine, others = view.one(session, survivor_id) or {}, view.one(session, part_id) or {}
    logs = [mine["heat_log2"], others["heat_log2"]]
    heats = worth(session, logs, now=now)
    default = next((one for one in models.live(session) if one.is_default), None)
    temperature = str(mine["temperature"])
    if default is not None:
        nets = [log for log in logs if log is not None]
        both = [mine["temperature"], others["temperature"]]
        temperature = warm(temperature, nets, both, default.model, now).temperature
    weights = [company_merges.weight(session, one) for one in (survivor_id, part_id)]
    sides = [Side(*one) for one in zip((mine, others), weights, heats, strict=True)]
    return Preview(sides[0], sides[1], sum(heats), temperature)


def merge(
    session: Session, company_id: int, other_id: int, *, take: Collection[str] = (), by: str, now: datetime
) -> CompanyMerge:
    """Make `other_id` a part of `company_id`, in the caller's transaction; `take` names the values that are
    to be the other's (rules/merging_companies.CHOSEN, `fields.x`). Raises NotFound, Invalid, Conflict."""
    survivor_id, part_id = _meant(session, company_id, other_id)
    both = company_merges.lock(session, [survivor_id, part_id])
    survivor, other = both[survivor_id], both[part_id]
    _check(survivor, other, take)
    row = rules.merged(survivor, other, take)
    parts = company_merges.parts_of(session, part_id)
    company_merges.join(session, part_id, survivor_id, now=now)
    bears = other if row["folded"] == survivor["folded"] else survivor
    _write(session, survivor_id, part_id, row, bears, now)
    after = company_merges.lock(session, [survivor_id])[survivor_id]
    moved = put_in_company(session, companies.contacts_of(session, part_id), survivor_id, now=now)
    noted = CompanyMerge(
        company_id=survivor_id,
        other_id=part_id,
        at=now,
        by=by,
        kept={"company": survivor, "other": other, "after": after, "parts": parts},
        moved=moved,
    )
    session.add(noted)
    session.flush()
    _look_anew(session, [survivor_id, part_id], renamed=row["name"] != survivor["name"])
    detail = {"name": other["name"], "merge": noted.id, "leads": len(moved)}
    audit(session, by, "company.merged", f"company:{survivor_id}", now=now, detail=detail)
    return noted


def undo_merge(session: Session, merge_id: int, *, by: str, now: datetime) -> CompanyMerge:
    """Take a merge back, in the caller's transaction: two companies again, each with whom it had. Who has
    come since stays. Raises NotFound; Conflict the second time, and where a later merge rests on it."""
    noted = company_merges.locked(session, merge_id)
    if noted is None:
        raise NotFound(_("There is no such merge."))
    if noted.undone_at is not None:
        raise Conflict(_("This was undone already."))
    both = company_merges.lock(session, [noted.company_id, noted.other_id])
    standing = both[noted.company_id]
    if standing["part_of"] is not None or both[noted.other_id]["part_of"] != noted.company_id:
        raise Conflict(_("A later merge rests on this one: undo that first."))
    kept = noted.kept
    company_merges.part(session, noted.other_id, noted.company_id, kept.get("parts", []), now=now)
    if kept:
        row = rules.unmerged(standing, kept["company"], kept["after"])
        name = kept["other"]["folded"]
        bearer = companies.named(session, name)
        if row["folded"] == name or bearer not in (None, noted.company_id, noted.other_id):
            raise Conflict(_("The other company's name belongs to another by now: rename that one first."))
        _write(session, noted.company_id, noted.other_id, row, kept["other"], now)
    stayed = company_merges.still_there(session, noted.moved, noted.company_id)
    put_in_company(session, stayed, noted.other_id, now=now)
    noted.undone_at = now
    session.flush()
    _look_anew(session, [noted.company_id, noted.other_id], renamed=bool(kept))
    detail = {"merge": noted.id, "leads": len(stayed)}
    audit(session, by, "company.unmerged", f"company:{noted.company_id}", now=now, detail=detail)
    return noted


def candidates(session: Session, company_id: int) -> list[Mapping[str, Any]]:
    """Companies that may be this one: called alike but for forms of law, or with the same website."""
    row = companies.known(session, company_id)
    core = rules.core(row.folded).split(" ")[0]
    found = company_merges.like(session, company_id, core, row.web, demo=row.demo, limit=200)
    return [
        one for one in found if (row.web and one["web"] == row.web) or rules.alike(one["folded"], row.folded)
    ][:_ALIKE]


def search(session: Session, company_id: int, q: str) -> list[Mapping[str, Any]]:
    """Other companies in whose folded name `q` stands."""
    row = companies.known(session, company_id)
    return company_merges.like(session, company_id, q, None, demo=row.demo, limit=_ALIKE)


def _meant(session: Session, company_id: int, other_id: int) -> tuple[int, int]:
    mine, other = companies.meant(session, company_id), companies.meant(session, other_id)
    if mine is None or other is None:
        raise NotFound(_("There is no such company."))
    if mine == other:
        raise Conflict(_("These are one company already."))
    return mine, other


def _check(survivor: rules.Row, other: rules.Row, take: Collection[str]) -> None:
    if survivor["demo"] != other["demo"]:
        raise Conflict(_("One of them is invented: demo data and real companies stay apart."))
    unknown = sorted(set(take) - rules.known_names(other))
    if unknown:
        sentence = _("There is no such value to take: {names}.").format(names=", ".join(unknown))
        raise Invalid(sentence, {"take": [sentence]})


def _write(
    session: Session, survivor_id: int, part_id: int, row: rules.Row, part: rules.Row, now: datetime
) -> None:
    """Write the survivor's row; the part bears the name of `part`. A name is borne once at any moment."""
    company_merges.rename(session, part_id, part["name"], f"\x1f{part_id}")
    company_merges.write(session, survivor_id, json.dumps(row), now=now)
    company_merges.rename(session, part_id, part["name"], part["folded"])


def _look_anew(session: Session, company_ids: list[int], *, renamed: bool) -> None:
    companies.judge_contacts(session, companies.refold(session, company_ids))
    company_heat.note_companies(session, company_ids)
    if renamed:
        for one in company_ids:
            leads.refold(session, companies.contacts_of(session, one))
    session.expire_all()
