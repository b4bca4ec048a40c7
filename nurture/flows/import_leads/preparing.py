"""Rows of a file are sorted out and made ready to be put aside, without a look at the database; for a long
file in processes of their own, beside the one that reads it and the server that stores what they made."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from threading import Thread

from nurture.files import csv_in
from nurture.files.catalogues import catalogues
from nurture.rules import words
from nurture.rules.columns import Columns
from nurture.rules.conditions import seen
from nurture.rules.lead_dates import LeadDates
from nurture.rules.lead_rows import LeadRow, RefusedRow, search_text, take
from nurture.store import staging, suppressions

# Below this many lines a second process costs more than it brings.
_WORTH_PROCESSES = 50_000
_MOST_PROCESSES = 3
# A row as it goes to another process: its line, its cells, and why it cannot be read.
_Plain = tuple[int, list[str], str | None]


@dataclass(frozen=True)
class Guide:
    """All that the rows of one file are sorted out by. Nothing in it belongs to this process alone."""

    import_id: int
    columns: Columns
    dates: LeadDates
    pepper: bytes
    now: datetime
    language: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chunk of a file, sorted out. `ready` are rows as store/staging puts them aside; `addresses` names the
    line and the address in normal form by the hash of the address; `refused` what is given back, each with
    its code and its cells."""

    last_line: int
    read: int
    ready: list[bytes] = field(default_factory=list)
    addresses: dict[bytes, tuple[int, str]] = field(default_factory=dict)
    refused: list[tuple[RefusedRow, list[str]]] = field(default_factory=list)


def prepared(
    rows: Iterable[csv_in.Row], guide: Guide, *, at_once: int, lines: int, processes: int | None = None
) -> Iterator[Prepared]:
    """The rows in chunks of `at_once`, in their order. `lines` is about how many there are; `processes` how
    many may work beside this one (None: as many as there are cores to spare)."""
    beside = min(_MOST_PROCESSES, (os.cpu_count() or 1) - 1) if processes is None else processes
    chunks = _chunks(rows, at_once)
    if beside < 1 or (processes is None and lines < _WORTH_PROCESSES):
        yield from (prepare(chunk, guide) for chunk in chunks)
        return
    with ProcessPoolExecutor(beside, mp_context=get_context("spawn"), initializer=_begin) as pool:
        yield from _in_order(pool, chunks, guide, beside + 2)


def prepare(chunk: Sequence[_Plain], guide: Guide) -> Prepared:
    """Sort out one chunk: what can be taken, made ready, and what is given back."""
    found = Prepared(chunk[-1][0], len(chunk))
    with words.speaking(guide.language):
        for line, cells, fault in chunk:
            row = (
                RefusedRow(line, "unreadable", fault)
                if fault
                else take(line, cells, guide.columns, guide.dates)
            )
            if isinstance(row, RefusedRow):
                found.refused.append((row, cells))
                continue
            fold_row(row, guide.now)
            found.ready.append(staging.ready(guide.import_id, row))
            if row.email_norm:
                digest = suppressions.address_hash(guide.pepper, row.email_norm)
                found.addresses[digest] = line, row.email_norm
    return found


def fold_row(row: LeadRow, now: datetime) -> None:
    """What the search box and conditions look into, should this row become a new lead."""
    values = row.values
    company, first, last = values.get("company", {}), values.get("first_name"), values.get("last_name")
    values["search"] = search_text(first, last, row.email, company.get("name"), row.phone)
    plain = {**values, "email": row.email, "phone": row.phone, "created_at": now}
    values["folded_fields"] = seen.folded_lead(plain, values.get("fields"), values.get("dates"))
    if "tags" in values:
        values["folded_tags"] = seen.folded_names(values["tags"])


def _chunks(rows: Iterable[csv_in.Row], at_once: int) -> Iterator[list[_Plain]]:
    plain = ((row.line, row.cells, row.fault) for row in rows)
    while chunk := list(islice(plain, at_once)):
        yield chunk


def _in_order(pool: Executor, chunks: Iterator[list[_Plain]], guide: Guide, ahead: int) -> Iterator[Prepared]:
    """No more than `ahead` chunks are under way, whatever the length of the file."""
    under_way: deque[Future[Prepared]] = deque()
    for chunk in chunks:
        under_way.append(pool.submit(prepare, chunk, guide))
        if len(under_way) >= ahead:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _begin() -> None:
    """A process that prepares speaks our languages, and ends with the one that it works for, however that
    one ends."""
    words.learn(catalogues())
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
