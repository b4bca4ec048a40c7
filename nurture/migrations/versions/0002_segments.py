"""Segments and their members, and what conditions compare on leads and companies."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from nurture.store import companies, leads

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_AT_ONCE = 5_000


def upgrade() -> None:
    for table in ("lead", "company"):
        op.add_column(
            table,
            sa.Column(
                "folded_fields", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False
            ),
        )
    op.add_column(
        "lead",
        sa.Column("folded_tags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
    )
    op.create_table(
        "segment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("condition", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("asks", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refresh_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segment"),
        sa.UniqueConstraint("key", name="uq_segment_key"),
    )
    op.create_table(
        "segment_member",
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("segment_id", "lead_id", name="pk_segment_member"),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segment.id"], name="fk_segment_member_segment_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_segment_member_lead_id"),
    )
    op.create_index("ix_segment_member_lead_id", "segment_member", ["lead_id"])
    op.create_table(
        "dirty_lead",
        sa.Column("lead_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("moved", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name="pk_dirty_lead"),
    )
    _fold_what_is_there()
    op.create_index("ix_lead_folded_tags", "lead", ["folded_tags"], postgresql_using="gin")
    op.create_index(
        "ix_lead_consent_purpose_lead_id",
        "lead_consent",
        ["purpose", "lead_id"],
        postgresql_where=sa.text("granted"),
    )
    op.create_index("ix_signal_kind_occurred_at", "signal", ["kind", "occurred_at"])


def _fold_what_is_there() -> None:
    """Folding is Python's: rows of before are read and written once."""
    session = Session(op.get_bind())
    for table, refold in (("lead", leads.refold), ("company", companies.refold)):
        query = sa.text(f"SELECT id FROM {table} WHERE id > :after ORDER BY id LIMIT {_AT_ONCE}")
        after = 0
        while found := list(session.scalars(query, {"after": after})):
            refold(session, found)
            after = found[-1]
