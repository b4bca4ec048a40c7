"""What other programs tell of people whom nobody knows yet is held, groups of other programs are companies,
and two companies that are one are made one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_WEB = "nullif(rtrim(lower(regexp_replace(website, '^\\s*(https?://)?(www\\.)?', '', 'i')), '/ '), '')"


def upgrade() -> None:
    _held()
    _companies()


def _held() -> None:
    op.create_table(
        "held_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("anonymous_id", sa.Text(), nullable=True),
        sa.Column("email_norm", sa.Text(), nullable=True),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.CheckConstraint("call IN ('signal', 'group')", name=op.f("ck_held_call_call")),
        sa.CheckConstraint(
            "user_id IS NOT NULL OR anonymous_id IS NOT NULL", name=op.f("ck_held_call_named")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_call")),
        sa.UniqueConstraint("message", name=op.f("uq_held_call_message")),
    )
    op.create_index("ix_held_call_user_id_at", "held_call", ["user_id", "at"])
    op.create_index("ix_held_call_anonymous_id_at", "held_call", ["anonymous_id", "at"])
    op.create_index("ix_held_call_received_at", "held_call", ["received_at"])
    op.create_table(
        "forgotten_name",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_forgotten_name")),
    )
    op.add_column(
        "installation",
        sa.Column("strangers_kept_days", sa.Integer(), server_default="395", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_installation_strangers_kept"), "installation", "strangers_kept_days BETWEEN 1 AND 395"
    )


def _companies() -> None:
    op.add_column("company", sa.Column("part_of", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_company_part_of"), "company", "company", ["part_of"], ["id"])
    op.add_column("company", sa.Column("web", sa.Text(), sa.Computed(_WEB, persisted=True), nullable=True))
    op.create_index(
        "ix_company_part_of", "company", ["part_of"], postgresql_where=sa.text("part_of IS NOT NULL")
    )
    op.create_index("ix_company_web", "company", ["web"], postgresql_where=sa.text("web IS NOT NULL"))
    op.create_table(
        "company_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kept", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column(
            "moved",
            postgresql.ARRAY(sa.BigInteger()),
            server_default=sa.text("'{}'::bigint[]"),
            nullable=False,
        ),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_merge_company_id")),
        sa.ForeignKeyConstraint(["other_id"], ["company.id"], name=op.f("fk_company_merge_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_merge")),
    )
    op.create_index("ix_company_merge_company_id", "company_merge", ["company_id"])
    op.create_index("ix_company_merge_other_id", "company_merge", ["other_id"])
    op.create_table(
        "company_group",
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_company_group_company_id")),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_company_group")),
    )
    op.create_index("ix_company_group_company_id", "company_group", ["company_id"])
