"""Changes of any number of leads, worked off portion by portion."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_STATES = ("waiting", "running", "done", "cancelled", "failed", "undoing", "undone")


def upgrade() -> None:
    op.create_table(
        "bulk_job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "query",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("looked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cursor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN {_STATES}", name=op.f("ck_bulk_job_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_job")),
    )
    op.create_index(
        "ix_bulk_job_unfinished",
        "bulk_job",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running', 'undoing')"),
    )
    op.add_column("bulk_change", sa.Column("job_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_bulk_change_job_id"), "bulk_change", "bulk_job", ["job_id"], ["id"])
    op.create_index(
        "ix_bulk_change_job_id",
        "bulk_change",
        ["job_id"],
        unique=False,
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
