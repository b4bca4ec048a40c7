"""Newsletters, and restraint: the cap of the installation, the pauses that leads wish for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lead_pause",
        sa.Column("lead_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_pause_lead_id")),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_lead_pause")),
    )
    op.create_table(
        "restraint",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), server_default=sa.text("7"), nullable=False),
        sa.Column("over", sa.Text(), server_default="defer", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_restraint_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restraint")),
    )
    op.execute("INSERT INTO restraint (id) VALUES (1)")
    op.create_table(
        "newsletter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("preheader", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("format", sa.Text(), server_default="md", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("purpose", sa.Text(), server_default="marketing", nullable=False),
        sa.Column(
            "audience",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "hours",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("over", sa.Text(), server_default="skip", nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("mode", sa.Text(), server_default="now", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("local_at", sa.Text(), nullable=True),
        sa.Column("mail_version_id", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'scheduled', 'sending', 'paused', 'sent', 'cancelled')",
            name=op.f("ck_newsletter_state"),
        ),
        sa.CheckConstraint("mode IN ('now', 'at', 'local')", name=op.f("ck_newsletter_mode")),
        sa.CheckConstraint("\"over\" IN ('defer', 'skip')", name=op.f("ck_newsletter_over")),
        sa.ForeignKeyConstraint(
            ["mail_version_id"], ["mail_version.id"], name=op.f("fk_newsletter_mail_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsletter")),
    )
    op.create_table(
        "newsletter_wait",
        sa.Column("newsletter_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["newsletter_id"], ["newsletter.id"], name=op.f("fk_newsletter_wait_newsletter_id")
        ),
        sa.PrimaryKeyConstraint("newsletter_id", "lead_id", name=op.f("pk_newsletter_wait")),
    )
    op.create_index(
        "ix_newsletter_wait_newsletter_id_due_at",
        "newsletter_wait",
        ["newsletter_id", "due_at"],
        unique=False,
    )
    op.create_table(
        "newsletter_count",
        sa.Column("newsletter_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["newsletter_id"], ["newsletter.id"], name=op.f("fk_newsletter_count_newsletter_id")
        ),
        sa.PrimaryKeyConstraint("newsletter_id", "what", name=op.f("pk_newsletter_count")),
    )
    op.create_table(
        "newsletter_minute",
        sa.Column("newsletter_id", sa.BigInteger(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["newsletter_id"], ["newsletter.id"], name=op.f("fk_newsletter_minute_newsletter_id")
        ),
        sa.PrimaryKeyConstraint("newsletter_id", "minute", name=op.f("pk_newsletter_minute")),
    )
    op.add_column("delivery", sa.Column("newsletter_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_delivery_newsletter_id",
        "delivery",
        ["newsletter_id"],
        unique=False,
        postgresql_where=sa.text(
            "newsletter_id IS NOT NULL AND state IN ('scheduled', 'ready', 'leased', 'sending', 'deferred')"
        ),
    )
