"""Simulations: what was asked, the program as it was then, and what came of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_JSON = postgresql.JSONB(astext_type=sa.Text())
_EMPTY = sa.text("'{}'::jsonb")


def upgrade() -> None:
    op.create_table(
        "simulation",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("program_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("settings", _JSON, server_default=_EMPTY, nullable=False),
        sa.Column("sources", _JSON, server_default=_EMPTY, nullable=False),
        sa.Column("progress", sa.Double(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", _JSON, nullable=True),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_simulation")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["program.id"], name=op.f("fk_simulation_program_id_program")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_simulation_state")
        ),
    )
    op.create_index(op.f("ix_simulation_program_id"), "simulation", ["program_id"])
