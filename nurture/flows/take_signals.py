"""Activities of leads as other programs report them, one or a thousand at a time."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from nurture.errors import Invalid
from nurture.rules.addresses import normalise
from nurture.rules.happened import fault_of
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.rules.words import _
from nurture.store import lead_aliases, leads, signal_keys, signals
from nurture.store.signals import NewSignal

MOST = 1_000


@dataclass(frozen=True, slots=True)
class TakenSignal:
    """What became of one: its id, or that of the signal under whose (source, key) it was reported before,
    which stays as it is; then it is not `new`."""

    id: UUID
    lead_id: int
    new: bool


def take_signals(
    session: Session, said: Sequence[Mapping[str, Any]], *, source: str, now: datetime
) -> list[TakenSignal]:
    """Take in {email|lead_id, kind, occurred_at?, key?, data?}, all or none, in the caller's transaction.

    Raises Invalid with the faults by place: `3.email`, and so on.
    """
    lead_ids = _leads(session, said)
    faults = _faults(said, lead_ids, now)
    if faults:
        places = {
            f"{number}.{place}": [sentence]
            for number, at_fault in faults.items()
            for place, sentence in at_fault.items()
        }
        raise Invalid(_("Some signals cannot be taken; none was."), places)
    rows = [
        NewSignal(
            lead_id=lead_id,
            kind=one["kind"],
            occurred_at=min(one.get("occurred_at") or now, now),
            source=source,
            key=one.get("key"),
            data=one.get("data") or {},
            id=uuid7(millis_of(now), os.urandom(NOISE_BYTES)),
        )
        for one, lead_id in zip(said, lead_ids, strict=True)
        if lead_id is not None
    ]
    new = set(signals.add(session, rows, now=now))
    again = [row.key for row in rows if row.key is not None and row.id not in new]
    first = signal_keys.known(session, source, again)
    return [
        TakenSignal(one, row.lead_id, row.id in new)
        for row in rows
        if (one := row.id if row.id in new else first.get(row.key or "")) is not None
    ]


def faults_of(session: Session, said: Sequence[Mapping[str, Any]], *, now: datetime) -> dict[int, str]:
    """Which of these could not be taken, by their numbers, each with a sentence; nothing is written."""
    faults = _faults(said, _leads(session, said), now)
    return {number: " ".join(at_fault.values()) for number, at_fault in faults.items()}


def _faults(
    said: Sequence[Mapping[str, Any]], lead_ids: Sequence[int | None], now: datetime
) -> dict[int, dict[str, str]]:
    """What is wrong with each that cannot be taken, by its number and place."""
    found: dict[int, dict[str, str]] = {}
    for number, (one, lead_id) in enumerate(zip(said, lead_ids, strict=True)):
        at_fault = {}
        if lead_id is None:
            place = "lead_id" if one.get("lead_id") is not None else "email"
            at_fault[place] = _("There is no such lead.")
        if fault := fault_of(one.get("occurred_at") or now, now):
            at_fault["occurred_at"] = fault
        if at_fault:
            found[number] = at_fault
    return found


def _leads(session: Session, said: Sequence[Mapping[str, Any]]) -> list[int | None]:
    wanted = {one["lead_id"] for one in said if one.get("lead_id") is not None}
    norms = {normalise(one["email"]) for one in said if one.get("email")}
    known = lead_aliases.meant(session, sorted(wanted))
    by_email = leads.by_emails(session, sorted(norms))
    found: list[int | None] = []
    for one in said:
        if one.get("lead_id") is not None:
            found.append(known.get(one["lead_id"]))
        else:
            found.append(by_email.get(normalise(one.get("email") or "")))
    return found
