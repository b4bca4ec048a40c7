"""Hits that wait out their stall, verdicts that turn, what a hit is judged by, and what others call leads."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hit", sa.Column("since_sent", sa.Float(), nullable=True))
    op.add_column("hit", sa.Column("domain", sa.Text(), nullable=True))
    op.create_index(
        "ix_hit_domain",
        "hit",
        ["domain", "received_at"],
        unique=False,
        postgresql_where=sa.text("domain IS NOT NULL"),
    )
    op.create_table(
        "stalled_hit",
        sa.Column("hit_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hit_id", name=op.f("pk_stalled_hit")),
    )
    op.create_index("ix_stalled_hit_due_at", "stalled_hit", ["due_at"], unique=False)
    op.create_table(
        "turned_signal",
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_turned_signal_lead_id")),
        sa.PrimaryKeyConstraint("signal_id", name=op.f("pk_turned_signal")),
    )
    op.create_table(
        "lead_identity",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_identity_lead_id")),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_lead_identity")),
    )
    op.create_index("ix_lead_identity_lead_id", "lead_identity", ["lead_id"], unique=False)
    op.create_table(
        "verdict_pattern",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("through", sa.Uuid(), nullable=True),
        sa.Column("applied", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("field IN ('ip', 'user_agent')", name=op.f("ck_verdict_pattern_field")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict_pattern")),
    )
