"""Runs beside each other and by occasion, goals with their worth, dates looked at, webhooks of steps."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_OPEN = "state IN ('active', 'resting')"


def upgrade() -> None:
    flag: sa.Column[bool] = sa.Column(
        "parallel", sa.Boolean(), server_default=sa.text("false"), nullable=False
    )
    op.add_column("enrollment", flag)
    op.add_column("enrollment", sa.Column("occasion", sa.Text(), nullable=True))
    op.create_index(
        "uq_enrollment_standing",
        "enrollment",
        ["program_id", "lead_id"],
        unique=True,
        postgresql_where=sa.text(f"{_OPEN} AND NOT parallel"),
    )
    op.drop_index("uq_enrollment_open", "enrollment")
    op.create_index(
        "uq_enrollment_occasion",
        "enrollment",
        ["chain_id", "lead_id", "occasion"],
        unique=True,
        postgresql_where=sa.text("occasion IS NOT NULL"),
    )
    op.create_table(
        "goal_met",
        sa.Column("enrollment_id", sa.BigInteger(), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("step_key", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("held_out", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"], ["enrollment.id"], name="fk_goal_met_enrollment_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("enrollment_id", name="pk_goal_met"),
    )
    op.create_index("ix_goal_met_program_id_at", "goal_met", ["program_id", "at"])
    op.add_column("chain", sa.Column("dates_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("webhook_message", sa.Column("url", sa.Text(), nullable=True))
    op.add_column(
        "webhook_endpoint",
        sa.Column("of_chains", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "uq_webhook_endpoint_of_chains",
        "webhook_endpoint",
        ["url"],
        unique=True,
        postgresql_where=sa.text("of_chains"),
    )
