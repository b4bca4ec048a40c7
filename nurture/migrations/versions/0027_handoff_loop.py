"""Receivers that want another shape and headers of their own, keys that change in peace, blocked domains."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook_endpoint", sa.Column("mapping", sa.Text(), nullable=True))
    op.add_column(
        "webhook_endpoint",
        sa.Column(
            "headers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column("webhook_endpoint", sa.Column("signing_key_before", sa.Text(), nullable=True))
    op.add_column("webhook_endpoint", sa.Column("verify_key_before", sa.Text(), nullable=True))
    op.add_column("webhook_attempt", sa.Column("sent", sa.LargeBinary(), nullable=True))
    op.create_index("ix_webhook_post_receiver", "webhook_post", ["endpoint_id", "id"], unique=False)
    op.create_index(
        "ix_webhook_post_given_up",
        "webhook_post",
        ["endpoint_id"],
        unique=False,
        postgresql_where=sa.text("state = 'failed'"),
    )
    op.create_table(
        "blocked_domain",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_domain")),
    )
    op.create_index(
        "uq_blocked_domain_active",
        "blocked_domain",
        ["domain"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
