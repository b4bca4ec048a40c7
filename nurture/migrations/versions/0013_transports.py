"""Transports with their limits, choices and health; quotas, paces of providers, warm-ups, paused senders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_NONE_YET = sa.text("0")


def upgrade() -> None:
    _transports()
    _health()
    _quotas()
    _senders()
    op.add_column("delivery_attempt", sa.Column("transport", sa.Text(), server_default="", nullable=False))


def _transports() -> None:
    op.create_table(
        "transport",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("settings", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("sealed", sa.Text(), server_default="", nullable=False),
        sa.Column("per_second", sa.Float()),
        sa.Column("per_hour", sa.Integer()),
        sa.Column("per_day", sa.Integer()),
        sa.Column("connections", sa.Integer(), server_default=sa.text("4"), nullable=False),
        sa.Column("fallback_id", sa.BigInteger()),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("paused_at", _INSTANT),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('smtp', 'ses', 'mailgun', 'postmark', 'sendgrid')", name=op.f("ck_transport_kind")
        ),
        sa.ForeignKeyConstraint(
            ["fallback_id"], ["transport.id"], name=op.f("fk_transport_fallback_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transport")),
        sa.UniqueConstraint("key", name=op.f("uq_transport_key")),
    )
    op.create_index(
        "uq_transport_is_default",
        "transport",
        ["is_default"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "transport_choice",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref_id", sa.BigInteger(), nullable=False),
        sa.Column("transport_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('program', 'mail', 'newsletter')", name=op.f("ck_transport_choice_kind")
        ),
        sa.ForeignKeyConstraint(
            ["transport_id"],
            ["transport.id"],
            name=op.f("fk_transport_choice_transport_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("kind", "ref_id", name=op.f("pk_transport_choice")),
    )


def _health() -> None:
    op.create_table(
        "transport_health",
        sa.Column("transport_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failures", sa.Integer(), server_default=_NONE_YET, nullable=False),
        sa.Column("retry_at", _INSTANT),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("transport_id", name=op.f("pk_transport_health")),
    )
    op.create_table(
        "transport_minute",
        sa.Column("transport_id", sa.BigInteger(), nullable=False),
        sa.Column("minute", _INSTANT, nullable=False),
        sa.Column("accepted", sa.Integer(), server_default=_NONE_YET, nullable=False),
        sa.Column("put_off", sa.Integer(), server_default=_NONE_YET, nullable=False),
        sa.Column("refused", sa.Integer(), server_default=_NONE_YET, nullable=False),
        sa.Column("lost", sa.Integer(), server_default=_NONE_YET, nullable=False),
        sa.PrimaryKeyConstraint("transport_id", "minute", name=op.f("pk_transport_minute")),
    )


def _quotas() -> None:
    op.create_table(
        "quota_minute",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("minute", _INSTANT, nullable=False),
        sa.Column("n", sa.Integer(), server_default=_NONE_YET, nullable=False),
        sa.PrimaryKeyConstraint("scope", "minute", name=op.f("pk_quota_minute")),
    )
    op.create_table(
        "pace_limit",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("per_second", sa.Float()),
        sa.Column("per_hour", sa.Integer()),
        sa.Column("per_day", sa.Integer()),
        sa.CheckConstraint("kind IN ('domain', 'provider')", name=op.f("ck_pace_limit_kind")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_pace_limit")),
    )
    op.create_table(
        "provider_pace",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("ceiling", sa.Float(), nullable=False),
        sa.Column("slowed_at", _INSTANT, nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_pace")),
    )
    op.create_table(
        "mail_domain",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("looked_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_mail_domain")),
    )


def _senders() -> None:
    op.create_table(
        "warm_up",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("days", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.CheckConstraint("kind IN ('transport', 'domain')", name=op.f("ck_warm_up_kind")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_warm_up")),
    )
    op.create_table(
        "sender_pause",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("delivery_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_sender_pause")),
    )
