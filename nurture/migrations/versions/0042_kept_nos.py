"""A no outlives erasure by itself: to one purpose or to everything, kept by the hash of the address. Mails
that came back at the door of a server count as bounced with their step."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

# What was said before waits to be hashed: the pepper lies in the home folder, where no migration looks.
_SAID_BEFORE = """
    INSERT INTO no_to_keep (email_norm, purpose, lead_id, consent_id, at)
    SELECT known.email_norm, k.purpose, k.lead_id, c.id, c.at
    FROM lead_consent k
    CROSS JOIN LATERAL (
        SELECT id, state, at FROM consent
        WHERE lead_id = k.lead_id AND purpose = k.purpose AND state <> 'pending' ORDER BY id DESC LIMIT 1
    ) c
    JOIN lead l ON l.id = k.lead_id AND NOT l.demo
    CROSS JOIN LATERAL (
        SELECT l.email_norm UNION SELECT a.email_norm FROM lead_alias a WHERE a.lead_id = k.lead_id
    ) known
    WHERE NOT k.granted AND c.state = 'withdrawn' AND known.email_norm IS NOT NULL
"""


# Until now only reports counted here, once the past had been counted; what was counted is never taken back.
_CAME_BACK = """
    WITH came AS (
        SELECT chain_id, version_id, step_key,
               CAST(coalesce(sent_at, settled_at, due_at) AT TIME ZONE 'UTC' AS date) AS day, count(*) AS n
        FROM delivery
        WHERE bounced_at IS NOT NULL
          AND chain_id IS NOT NULL AND version_id IS NOT NULL AND step_key IS NOT NULL
        GROUP BY 1, 2, 3, 4
    ), by_day AS (
        INSERT INTO step_day (chain_id, day, version_id, step_key, what, n)
        SELECT chain_id, day, version_id, step_key, 'bounced', n FROM came
        ON CONFLICT (chain_id, day, version_id, step_key, what)
        DO UPDATE SET n = greatest(step_day.n, excluded.n)
    )
    INSERT INTO step_count (chain_id, version_id, step_key, what, n)
    SELECT chain_id, version_id, step_key, 'bounced', sum(n) FROM came GROUP BY 1, 2, 3
    ON CONFLICT (chain_id, version_id, step_key, what) DO UPDATE SET n = greatest(step_count.n, excluded.n)
"""


def upgrade() -> None:
    op.create_table(
        "kept_no",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=True),
        sa.Column("consent_id", sa.BigInteger(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_no")),
    )
    op.create_index(
        "uq_kept_no_active",
        "kept_no",
        ["address_hash", "purpose"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_index("ix_kept_no_lead_id", "kept_no", ["lead_id"], unique=False)
    op.create_table(
        "no_to_keep",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("email_norm", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("consent_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_no_to_keep")),
    )
    op.create_index("ix_no_to_keep_lead_id", "no_to_keep", ["lead_id"], unique=False)
    op.create_index("ix_no_to_keep_email_norm", "no_to_keep", ["email_norm"], unique=False)
    op.create_index(
        "ix_inbound_report_of_nobody",
        "inbound_report",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("delivery_id IS NULL"),
    )
    op.execute(_SAID_BEFORE)
    op.execute(_CAME_BACK)
