"""The days of a lead's heat: what the signals of one rule and UTC day add, under a model.

Logs are kept as those of `nurture.store.heat`.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from struct import Struct
from typing import Any

from sqlalchemy import Date, Row, Uuid, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from nurture.rules.caps import Bucket, Place
from nurture.store import batch, binary
from nurture.store.base import Base, Count, Instant, Ref
from nurture.store.heat import Pair, log_or_null, of_logs


class HeatBucket(Base):
    """The signals of one lead, model, rule and UTC day that count: how many, their sums, and the last
    one counted, so that a signal below the cap is added in one step."""

    __tablename__ = "heat_bucket"
    __table_args__ = {"postgresql_with": {"fillfactor": 70}}

    lead_id: Mapped[Ref] = mapped_column(primary_key=True)
    model_id: Mapped[Ref] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    count: Mapped[Count]
    pos_log2: Mapped[float | None]
    neg_log2: Mapped[float | None]
    last_at: Mapped[Instant]
    last_id: Mapped[uuid.UUID] = mapped_column(Uuid)


BucketKey = tuple[int, int, str, date]
_INTO = "heat_bucket (lead_id, model_id, day, count, last_at, last_id, pos_log2, neg_log2, rule)"
_HEAD = Struct(">hiqiqiiiiiq")
_COLUMNS = 9
# Days are counted from 2000 on.
_FIRST_DAY = date(2000, 1, 1).toordinal()
_KEY = ("lead_id", "model_id", "rule", "day")

_LOAD = text(
    """
    SELECT b.lead_id, b.model_id, b.rule, b.day, b.count AS counted, b.pos_log2, b.neg_log2,
           b.last_at, b.last_id
    FROM unnest(CAST(:lead_id AS bigint[]), CAST(:model_id AS bigint[]), CAST(:rule AS text[]),
                CAST(:day AS date[])) AS g (lead_id, model_id, rule, day)
    CROSS JOIN LATERAL (
        -- One by one: never by reading all days through.
        SELECT * FROM heat_bucket b
        WHERE b.lead_id = g.lead_id AND b.model_id = g.model_id AND b.rule = g.rule AND b.day = g.day
        OFFSET 0
    ) b
    """
)
_LOAD_SINCE = text(
    """
    SELECT b.lead_id, b.model_id, b.rule, b.day, b.count AS counted, b.pos_log2, b.neg_log2,
           b.last_at, b.last_id
    FROM unnest(CAST(:leads AS bigint[]), CAST(:models AS bigint[]), CAST(:days AS date[]))
         AS g (lead_id, model_id, since)
    JOIN heat_bucket b ON b.lead_id = g.lead_id AND b.model_id = g.model_id AND b.day >= g.since
    ORDER BY b.lead_id, b.model_id, b.day, b.rule
    """
)
_SAVE = text(
    """
    INSERT INTO heat_bucket (lead_id, model_id, rule, day, count, pos_log2, neg_log2, last_at, last_id)
    SELECT * FROM unnest(
        CAST(:lead_id AS bigint[]), CAST(:model_id AS bigint[]), CAST(:rule AS text[]), CAST(:day AS date[]),
        CAST(:count AS int[]), CAST(:pos AS float8[]), CAST(:neg AS float8[]),
        CAST(:last_at AS timestamptz[]), CAST(:last_id AS uuid[])
    )
    ON CONFLICT (lead_id, model_id, rule, day) DO UPDATE SET
        count = excluded.count, pos_log2 = excluded.pos_log2, neg_log2 = excluded.neg_log2,
        last_at = excluded.last_at, last_id = excluded.last_id
    """
)
_DROP = text(
    """
    DELETE FROM heat_bucket b
    USING json_to_recordset(CAST(:rows AS json)) AS g (lead_id bigint, model_id bigint, rule text, day date)
    WHERE b.lead_id = g.lead_id AND b.model_id = g.model_id AND b.rule = g.rule AND b.day = g.day
    """
)
_FORGET = text(
    "DELETE FROM heat_bucket WHERE model_id = :model_id AND lead_id = ANY(:leads)",
)


def load(session: Session, keys: Iterable[BucketKey]) -> dict[BucketKey, Bucket]:
    """These days' buckets; those that do not exist are left out."""
    known = list(keys)
    if not known:
        return {}
    return _by_key(session.execute(_LOAD, _columns(known)))


def load_since(session: Session, since: Mapping[Pair, date]) -> dict[BucketKey, Bucket]:
    """All buckets of each lead and model from the given day on, oldest first."""
    given = {
        "leads": [lead_id for lead_id, _model in since],
        "models": [model_id for _lead, model_id in since],
        "days": list(since.values()),
    }
    return _by_key(session.execute(_LOAD_SINCE, given))


def save(
    session: Session, changed: Mapping[BucketKey, Bucket], *, known: Collection[BucketKey] | None = None
) -> None:
    """Write buckets, new or changed, and drop the empty ones: a statement for each. `known` are those of them
    that are there, where the caller holds the leads and has looked: no other is looked for then."""
    full = [(key, bucket, bucket.last) for key, bucket in changed.items() if bucket.last is not None]
    if known is not None:
        new = [_line(key, bucket, last) for key, bucket, last in full if key not in known]
        full = [one for one in full if one[0] in known]
        if new:
            binary.copy(session, _INTO, new)
    empty = [key for key, bucket in changed.items() if bucket.last is None]
    if full:
        given = _columns([key for key, _bucket, _last in full]) | {
            "count": batch.array(bucket.count for _key, bucket, _last in full),
            "pos": batch.array(log_or_null(bucket.heat.pos) for _key, bucket, _last in full),
            "neg": batch.array(log_or_null(bucket.heat.neg) for _key, bucket, _last in full),
            "last_at": batch.array(last[0] for _key, _bucket, last in full),
            "last_id": batch.array(last[1] for _key, _bucket, last in full),
        }
        session.execute(_SAVE, given)
    if empty:
        session.execute(_DROP, _named(empty))


def forget(session: Session, model_id: int, lead_ids: Collection[int]) -> None:
    """Drop every bucket of these leads under a model, before they are filled anew."""
    session.execute(_FORGET, {"model_id": model_id, "leads": list(lead_ids)})


def _line(key: BucketKey, bucket: Bucket, last: Place) -> bytes:
    """A bucket as a row of `binary`."""
    lead_id, model_id, rule, day = key
    days, (at, number) = day.toordinal() - _FIRST_DAY, last
    return b"".join(
        (
            _HEAD.pack(_COLUMNS, 8, lead_id, 8, model_id, 4, days, 4, bucket.count, 8, binary.micros(at)),
            binary.uuid(number),
            binary.double(log_or_null(bucket.heat.pos)),
            binary.double(log_or_null(bucket.heat.neg)),
            binary.text(rule),
        )
    )


def _named(keys: Iterable[BucketKey]) -> dict[str, str]:
    return {"rows": batch.rows([dict(zip(_KEY, key, strict=True)) for key in keys])}


def _columns(keys: Iterable[BucketKey]) -> dict[str, str]:
    return {name: batch.array(column) for name, column in zip(_KEY, zip(*keys, strict=True), strict=True)}


def _by_key(rows: Iterable[Row[Any]]) -> dict[BucketKey, Bucket]:
    return {
        (row.lead_id, row.model_id, row.rule, row.day): Bucket(
            row.counted, of_logs(row.pos_log2, row.neg_log2), (row.last_at, row.last_id)
        )
        for row in rows
    }
