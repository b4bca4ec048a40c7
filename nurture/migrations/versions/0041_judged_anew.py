"""Contacts of companies that change wait to be judged anew; answers of sales stand among a lead's signals; a
table that nothing used goes."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


# What sales answered so far, in the history of the leads. No model that rates knows of these kinds, so that
# nothing is to be counted, and dates of meetings stand there already. Received when it was said, but not
# before the first month that has a partition.
_ANSWERS = """
    INSERT INTO signal (id, received_at, lead_id, kind, occurred_at, source, data)
    SELECT CAST(overlay(overlay(CAST(gen_random_uuid() AS text)
                placing substr(hex, 1, 8) || '-' || substr(hex, 9, 4) from 1 for 13)
                placing '7' from 15 for 1) AS uuid),
           to_timestamp(ms / 1000.0), lead_id, 'sales_' || outcome, at, 'sales',
           jsonb_strip_nulls(jsonb_build_object(
               'reason', nullif(reason, ''), 'amount', amount, 'currency', currency,
               'at', to_char(happens_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))
    FROM (
        SELECT o.*, h.lead_id, ms, lpad(to_hex(ms), 12, '0') AS hex
        FROM handoff_outcome o JOIN handoff h ON h.id = o.handoff_id
        JOIN lead l ON l.id = h.lead_id AND l.erased_at IS NULL
        CROSS JOIN LATERAL (SELECT CAST(floor(extract(epoch FROM greatest(o.at, (
            SELECT min(CAST(to_date(substr(relname, 9), 'YYYY"m"MM') AS timestamp)) AT TIME ZONE 'UTC'
            FROM pg_class WHERE relispartition AND relname ~ '^signal_y[0-9]{4}m[0-9]{2}$')))
            * 1000) AS bigint) AS ms) moment
        WHERE o.outcome <> 'meeting'
    ) said
"""
_KEYS = """
    INSERT INTO signal_key (source, key, signal_id)
    SELECT 'sales', 'outcome:' || o.id, s.id
    FROM handoff_outcome o JOIN handoff h ON h.id = o.handoff_id
    JOIN signal s ON s.lead_id = h.lead_id AND s.source = 'sales' AND s.kind = 'sales_' || o.outcome
        AND s.occurred_at = o.at
    ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    op.execute(_ANSWERS)
    op.execute(_KEYS)
    op.create_table(
        "unjudged_lead",
        sa.Column("lead_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["lead.id"], name=op.f("fk_unjudged_lead_lead_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_unjudged_lead")),
    )
    op.drop_table("tracking_cursor")
