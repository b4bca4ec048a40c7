"""Sending domains with their keys; what is known of mails in doubt; the keys that providers sign with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _domains()
    _doubt()
    op.create_table(
        "provider_key",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_key")),
    )


def _domains() -> None:
    op.create_table(
        "sending_domain",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "servers", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("link_host", sa.Text(), nullable=True),
        sa.Column("links_lead_here", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_domain")),
        sa.UniqueConstraint("name", name=op.f("uq_sending_domain_name")),
    )
    op.create_table(
        "dkim_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("domain_id", sa.BigInteger(), nullable=False),
        sa.Column("selector", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("algorithm IN ('rsa', 'ed25519')", name=op.f("ck_dkim_key_algorithm")),
        sa.CheckConstraint("state IN ('waiting', 'signing', 'retired')", name=op.f("ck_dkim_key_state")),
        sa.ForeignKeyConstraint(
            ["domain_id"],
            ["sending_domain.id"],
            name=op.f("fk_dkim_key_domain_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dkim_key")),
        sa.UniqueConstraint("domain_id", "selector", name=op.f("uq_dkim_key_domain_id_selector")),
    )
    op.create_index(
        "uq_dkim_key_signing",
        "dkim_key",
        ["domain_id", "algorithm"],
        unique=True,
        postgresql_where=sa.text("state = 'signing'"),
    )


def _doubt() -> None:
    """When a mail first came into doubt, and what is then done."""
    op.add_column("delivery", sa.Column("in_doubt_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE delivery SET in_doubt_at = settled_at WHERE state = 'uncertain'")
    op.create_index(
        "ix_delivery_uncertain", "delivery", ["id"], postgresql_where=sa.text("state = 'uncertain'")
    )
    op.add_column(
        "installation", sa.Column("in_doubt", sa.Text(), server_default="assume_sent", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_installation_in_doubt"), "installation", "in_doubt IN ('assume_sent', 'resend_once')"
    )
