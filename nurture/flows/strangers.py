"""Addresses in files of activities that are no lead's yet: told, and made leads where somebody says so."""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from nurture.flows.import_leads import ImportOptions, import_leads
from nurture.rules.addresses import normalise
from nurture.store import leads, suppressions
from nurture.store.views.reading import reading

_ERASED = "erased"


@dataclass(frozen=True)
class MakeLeads:
    """Strangers become leads with this source and without consent, as an import of leads makes them. Whoever
    was erased stays out."""

    source: str
    home: Path
    pepper: bytes
    base_url: str
    by: str


def strangers(sessions: sessionmaker[Session], said: Sequence[Mapping[str, Any]]) -> set[str]:
    """The addresses among these rows ({email?}), in normal form, that are no lead's."""
    norms = {normalise(one["email"]) for one in said if "@" in one.get("email", "")}
    with reading(sessions) as session:
        return norms - set(leads.by_emails(session, sorted(norms)))


def make_leads(
    sessions: sessionmaker[Session], norms: Collection[str], make: MakeLeads, *, now: datetime
) -> int:
    """Make a lead of each of these addresses; how many are new."""
    with reading(sessions) as session:
        wanted = sorted(set(norms) - _erased(session, norms, make.pepper))
    if not wanted:
        return 0
    with NamedTemporaryFile("w", suffix=".csv", encoding="utf-8", newline="") as listed:
        csv.writer(listed).writerows([["email"], *([one] for one in wanted)])
        listed.flush()
        taken = import_leads(
            sessions,
            Path(listed.name),
            ImportOptions(mapping={"email": "email"}, source=make.source),
            home=make.home,
            pepper=make.pepper,
            base_url=make.base_url,
            now=now,
            by=make.by,
        )
    return taken.new


def _erased(session: Session, norms: Collection[str], pepper: bytes) -> set[str]:
    digests = {suppressions.address_hash(pepper, one): one for one in norms}
    standing = suppressions.suppressed(session, digests)
    return {digests[digest] for digest, reason in standing.items() if reason == _ERASED}
