"""The invariants, read from the tables, the list of the mail server and the moments of unsubscription alone.

Each breach is one sentence that begins with the number of its invariant.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dkim

from bench.faults import _hours, _rates, _signals
from bench.faults._readers import Look
from bench.faults._server import NEVER, Accepted
from nurture.mail.standards import faults
from nurture.rules.tokens import KeyRing, read
from nurture.store.views import orphans, recounts

ENDED = ("sent", "failed", "skipped", "cancelled", "uncertain")
UNSUBSCRIBE_SECONDS = 5.0
_VERIFIED = 60  # messages whose signatures are checked by another implementation: it is slow
_ID = re.compile(rb"^Message-ID: <([0-9a-f-]{36})@", re.M)

Rows = Callable[..., list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Story:
    """What happened. `left` gives for each address the moment (monotonic seconds) at which its
    unsubscription was confirmed; `records` the DKIM records by name; `hits` how many things were killed or
    stopped; `steps` how many mails each lead should get; `speed` how fast the clock of the program went;
    `looks` what was asked at the tracking door; `ring` reads the senders of envelopes."""

    taken: Sequence[Accepted]
    left: Mapping[str, float]
    records: Mapping[str, str]
    hits: int
    leads: int
    steps: int
    speed: float
    calendar: _hours.Calendar
    looks: Sequence[Look]
    ring: KeyRing


def breaches(rows: Rows, story: Story) -> list[str]:
    """Every breach that was found."""
    found = rows(
        "SELECT d.message_id::text, d.state, d.reason, l.email_norm, d.step_key, d.enrollment_id, d.id"
        " FROM delivery d JOIN lead l ON l.id = d.lead_id WHERE d.purpose = 'chain'"
    )
    taken: dict[str, list[Accepted]] = defaultdict(list)
    unknown = 0
    for one in story.taken:
        match = _ID.search(one.data)
        if match:
            taken[match[1].decode()].append(one)
        else:
            unknown += 1
    said = [f"I14: {unknown} mails without a Message-ID of ours."] if unknown else []
    said += _rows(found, story)
    said += _mails(found, taken, story)
    said += _silences(found, taken)
    said += _ways_back(found, taken, story)
    said += _counters(rows)
    said += _references(rows)
    said += _signals.breaches(rows, story.looks)
    said += _rates.booked(rows)
    said += _rates.breaches(story.taken, story.speed)
    said += _hours.breaches(story.taken, story.calendar)
    return said + _standards(story)


def unresolved(rows: Rows, story: Story) -> list[str]:
    """The breach that mails are in doubt although somebody followed a link in them."""
    keys = {match[1].decode() for one in story.taken if (match := _ID.search(one.data))}
    found = rows("SELECT message_id::text FROM delivery WHERE state = 'uncertain'")
    left = sum(key in keys for (key,) in found)
    return [f"I5: {left} mails are in doubt although their readers followed a link."] if left else []


def _rows(found: list[tuple[Any, ...]], story: Story) -> list[str]:
    said = []
    doubled = [key for key, n in Counter((row[5], row[4]) for row in found).items() if n > 1]
    if doubled:
        said.append(f"I1: {len(doubled)} steps have two deliveries.")
    open_ = Counter(f"{row[1]} {row[2] or ''}".strip() for row in found if row[1] not in ENDED)
    if open_:
        states = ", ".join(f"{many} {state}" for state, many in open_.most_common())
        said.append(f"I1: {open_.total()} deliveries have not come to an end: {states}.")
    per_lead = Counter(row[3] for row in found if row[1] in ("sent", "uncertain"))
    stay = [row for row in {row[3] for row in found} if row not in story.left and not row.startswith(NEVER)]
    short = [email for email in stay if per_lead[email] < story.steps]
    known = {row[3] for row in found}
    if len(known) < story.leads:
        said.append(f"I3: {story.leads - len(known)} leads have no delivery at all.")
    if short:
        said.append(f"I3: {len(short)} leads have not got all {story.steps} mails.")
    return said


def _mails(found: list[tuple[Any, ...]], taken: Mapping[str, list[Accepted]], story: Story) -> list[str]:
    said = []
    states = {row[0]: row[1] for row in found}
    twice = [key for key, many in taken.items() if len(many) > 1]
    per_step = Counter(row[3] for row in found)
    got = Counter(one.recipient for one in story.taken)
    over = [email for email, n in got.items() if n > per_step[email]]
    if twice or over:
        said.append(f"I2: {len(set(twice))} mails were accepted twice, {len(over)} people got too many.")
    strangers = [key for key in taken if key not in states]
    if strangers:
        said.append(f"I2: {len(strangers)} accepted mails have an id that no delivery has.")
    lost = [key for key, state in states.items() if state == "sent" and key not in taken]
    if lost:
        said.append(f"I4: {len(lost)} deliveries say sent, and nothing was accepted.")
    untold = [key for key, state in states.items() if state not in ("sent", "uncertain") and key in taken]
    if untold:
        said.append(f"I4: {len(untold)} accepted mails are recorded as something else.")
    doubtful = sum(state == "uncertain" for state in states.values())
    silent = sum(not one.told for one in story.taken)
    if doubtful > silent + 8 * story.hits:
        said.append(f"I2: {doubtful} deliveries in doubt after {silent} lost answers and {story.hits} hits.")
    late = [
        one.recipient
        for one in story.taken
        if one.recipient in story.left and one.at - story.left[one.recipient] > UNSUBSCRIBE_SECONDS
    ]
    if late:
        said.append(f"I6: {len(late)} mails went to people more than 5 s after they had left.")
    return said


def _silences(found: list[tuple[Any, ...]], taken: Mapping[str, list[Accepted]]) -> list[str]:
    """A mail whose answer never came is in doubt, and nothing else."""
    states = {row[0]: row[1] for row in found}
    silent = [key for key, many in taken.items() if key in states and not any(one.told for one in many)]
    wrong = Counter(states[key] for key in silent if states[key] != "uncertain")
    return [f"I5: {n} mails without an answer are recorded as {state}." for state, n in wrong.items()]


def _ways_back(found: list[tuple[Any, ...]], taken: Mapping[str, list[Accepted]], story: Story) -> list[str]:
    """What bounces names the delivery that it was."""
    ids = {row[0]: row[6] for row in found}
    wrong = sum(
        read(story.ring, "bounce", one.sender.partition("@")[0].removeprefix("b+"), 1) != (ids[key],)
        for key, many in taken.items()
        for one in many
        if key in ids
    )
    return [f"I14: {wrong} mails would come back as others."] if wrong else []


def _references(rows: Rows) -> list[str]:
    return [
        f"I11: {n} rows of {table} name a {column} that does not exist, such as {example}."
        for (table, column), statement in orphans.STATEMENTS.items()
        for n, example in rows(statement)
        if n
    ]


def _counters(rows: Rows) -> list[str]:
    said = []
    counted = rows("SELECT step_key, sum(n) FROM step_count WHERE what = 'sent' GROUP BY 1 ORDER BY 1")
    recounted = rows(
        "SELECT step_key, count(*) FROM delivery WHERE purpose = 'chain' AND state IN ('sent', 'uncertain')"
        " GROUP BY 1 ORDER BY 1"
    )
    if [(key, int(n)) for key, n in counted] != [(key, int(n)) for key, n in recounted]:
        said.append(f"I11: sent by the counters {counted}, by the rows {recounted}.")
    for check, statement in recounts.STATEMENTS.items():
        if wrong := rows(statement):
            place, counter, counting = wrong[0]
            said.append(f"I11: {check}: {len(wrong)} wrong, such as {place}: {counter}, counted {counting}.")
    touches = rows(
        "SELECT count(*) FROM lead l WHERE l.touches_out <> (SELECT count(*) FROM delivery d"
        " WHERE d.lead_id = l.id AND d.purpose IN ('chain', 'newsletter')"
        " AND d.state IN ('sent', 'uncertain'))"
    )
    if touches[0][0]:
        said.append(f"I11: {touches[0][0]} leads whose touches are not their mails.")
    return said


def _standards(story: Story) -> list[str]:
    wrong: Counter[str] = Counter()
    for one in story.taken:
        wrong.update(faults(one.data, "chain"))
    said = [f"I14: {n} mails: {fault}" for fault, n in wrong.most_common(5)]

    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        record = story.records.get(name.decode().rstrip("."))
        return record.encode() if record else None

    every = max(1, len(story.taken) // _VERIFIED)
    bad = sum(not _verifies(one.data, ask, len(story.records)) for one in story.taken[::every])
    return [*said, f"I14: {bad} mails whose signatures do not verify."] if bad else said


def _verifies(data: bytes, ask: Callable[..., bytes | None], signatures: int) -> bool:
    try:
        if data.count(b"DKIM-Signature:") != signatures:
            return False
        return all(dkim.DKIM(data).verify(idx=at, dnsfunc=ask) for at in range(signatures))
    except dkim.DKIMException:
        return False
