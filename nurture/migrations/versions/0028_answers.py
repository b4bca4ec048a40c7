"""Segments as the heat model of a program sees them; the quiet hours of the house."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "segment_by_model",
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segment.id"],
            name=op.f("fk_segment_by_model_segment_id_segment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["heat_model.id"], name=op.f("fk_segment_by_model_model_id_heat_model")
        ),
        sa.PrimaryKeyConstraint("segment_id", "model_id", name=op.f("pk_segment_by_model")),
    )
    op.create_index("ix_segment_by_model_due_at", "segment_by_model", ["due_at"], unique=False)
    op.create_table(
        "member_by_model",
        sa.Column("segment_id", sa.BigInteger(), nullable=False),
        sa.Column("model_id", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segment.id"],
            name=op.f("fk_member_by_model_segment_id_segment"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["model_id"], ["heat_model.id"], name=op.f("fk_member_by_model_model_id_heat_model")
        ),
        sa.PrimaryKeyConstraint("segment_id", "model_id", "lead_id", name=op.f("pk_member_by_model")),
    )
    op.add_column("restraint", sa.Column("quiet_from", sa.Integer(), nullable=True))
    op.add_column("restraint", sa.Column("quiet_until", sa.Integer(), nullable=True))
