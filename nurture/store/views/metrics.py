"""What an operator watches beside the queues, read in a few statements of bounded cost. Labels are closed
lists of our own words: nothing that anybody else writes becomes one."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.rules.hits import CLICK, OPEN
from nurture.rules.ids import NOISE_BYTES, millis_of, uuid7
from nurture.store import partitions
from nurture.store.views.lag import COUNT_UP_TO

_OUTCOMES = ("sent", "failed", "skipped", "opened", "clicked")
_VERDICTS = ("human", "machine", "privacy_proxy", "unknown")
_WATCHED = timedelta(minutes=5)
# An audit log is read from its end; a backup older than so many entries counts as none.
_LOOKED_BACK = 200_000


@dataclass(frozen=True)
class Sample:
    """One line of the scrape. A `total` only grows."""

    name: str
    about: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)
    total: bool = False


_MAILS = text(
    """
    SELECT what, sum(n) AS n FROM (
        SELECT what, n FROM step_count WHERE what = ANY(:outcomes)
        UNION ALL SELECT what, n FROM newsletter_count WHERE what = ANY(:outcomes)
    ) AS counted GROUP BY what
    """
)
_HITS = text(
    """
    SELECT kind, verdict, count(*) AS n
    FROM (SELECT kind, verdict FROM hit WHERE id >= :since AND received_at >= :received LIMIT :most) AS recent
    GROUP BY kind, verdict
    """
)
_HOUSE = text(
    """
    SELECT (SELECT live::int FROM installation) AS live,
           (SELECT count(*) FROM webhook_endpoint WHERE disabled_at IS NULL) AS endpoints,
           (SELECT count(*) FROM webhook_endpoint WHERE disabled_at IS NULL AND failing_since IS NOT NULL)
               AS failing,
           (SELECT count(*) FROM webhook_endpoint WHERE disabled_at IS NOT NULL AND disabled_reason <> '')
               AS given_up,
           (SELECT coalesce(extract(epoch FROM :now - min(failing_since)), 0) FROM webhook_endpoint
               WHERE disabled_at IS NULL) AS failing_for,
           (SELECT count(*) FROM lead_import WHERE state IN ('checking', 'staged', 'running')) AS imports,
           (SELECT coalesce(extract(epoch FROM max(at)), 0) FROM audit_entry
               WHERE action = 'installation.backup_made'
                 AND id > (SELECT coalesce(max(id), 0) - :looked_back FROM audit_entry)) AS backup,
           (SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = 'signal'::regclass AND c.relname > :this_month) AS months
    """
)


def samples(session: Session, *, now: datetime) -> Iterator[Sample]:
    """Everything that PostgreSQL knows."""
    mails = {row.what: row.n for row in session.execute(_MAILS, {"outcomes": list(_OUTCOMES)})}
    for outcome in _OUTCOMES:
        about = "Mails of chains and newsletters by what came of them"
        yield Sample("mails", about, float(mails.get(outcome, 0)), {"outcome": outcome}, total=True)
    yield from _hits(session, now)
    yield from _house(session, now)
    for table, found in partitions.stray_rows(session).items():
        about = "1 when rows found no partition of their month"
        yield Sample("rows_outside_their_month", about, float(found), {"table": table})


def _hits(session: Session, now: datetime) -> Iterator[Sample]:
    since = now - _WATCHED
    first = uuid7(millis_of(since), bytes(NOISE_BYTES))
    asked = {"since": first, "received": since - _WATCHED, "most": COUNT_UP_TO}
    found = {(row.kind, row.verdict): row.n for row in session.execute(_HITS, asked)}
    for kind in (OPEN, CLICK):
        for verdict in _VERDICTS:
            labels = {"kind": kind, "verdict": verdict}
            about = "Opens and clicks of the last five minutes by who was behind them"
            yield Sample("hits_of_5_minutes", about, float(found.get((kind, verdict), 0)), labels)


def _house(session: Session, now: datetime) -> Iterator[Sample]:
    month = now.astimezone(UTC)
    asked = {"now": now, "looked_back": _LOOKED_BACK, "this_month": f"signal_y{month:%Y}m{month:%m}"}
    row = session.execute(_HOUSE, asked).one()
    yield Sample("live", "1 once mails may go out to everybody", row.live)
    yield Sample("webhook_endpoints", "Endpoints that are posted to", row.endpoints)
    yield Sample("webhook_endpoints_failing", "Endpoints whose last post failed", row.failing)
    yield Sample("webhook_endpoints_given_up", "Endpoints switched off because they failed", row.given_up)
    about = "For how long the endpoint that fails longest has failed"
    yield Sample("webhook_failing_seconds", about, float(row.failing_for))
    yield Sample("imports_under_way", "Files of leads on their way", row.imports)
    about = "When the last backup was made, in seconds since 1970; 0 if there is none"
    yield Sample("last_backup_timestamp_seconds", about, float(row.backup))
    yield Sample("partitions_ahead", "Months for which signals have a partition, after this one", row.months)
