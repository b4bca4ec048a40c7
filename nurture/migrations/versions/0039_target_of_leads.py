"""What the target score says of each lead, and how many opened and clicked each newsletter."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0037"
branch_labels = None
depends_on = None

# Openings and clicks were dated on each delivery from the beginning; only their sums are new.
_COUNT_NEWSLETTERS = """
    INSERT INTO newsletter_count (newsletter_id, what, n)
    SELECT newsletter_id, what, n FROM (
        SELECT newsletter_id, count(opened_at) AS opened, count(clicked_at) AS clicked,
               count(machine_opened_at) AS machine_opened, count(machine_clicked_at) AS machine_clicked
        FROM delivery WHERE newsletter_id IS NOT NULL GROUP BY newsletter_id
    ) d
    CROSS JOIN LATERAL (VALUES
        ('opened', opened), ('clicked', clicked),
        ('machine_opened', machine_opened), ('machine_clicked', machine_clicked)
    ) AS w (what, n)
    WHERE n > 0
    ON CONFLICT (newsletter_id, what) DO UPDATE SET n = excluded.n
"""


def upgrade() -> None:
    op.create_table(
        "lead_target",
        sa.Column("lead_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("score_id", sa.BigInteger(), nullable=False),
        sa.Column("percent", sa.Float(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stale", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["lead_id"], ["lead.id"], name=op.f("fk_lead_target_lead_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["score_id"], ["target_score.id"], name=op.f("fk_lead_target_score_id")),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_lead_target")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_index("ix_lead_target_percent_lead_id", "lead_target", ["percent", "lead_id"], unique=False)
    op.execute(_COUNT_NEWSLETTERS)
