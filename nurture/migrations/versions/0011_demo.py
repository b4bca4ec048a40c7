"""Demo data is marked wherever it could be mistaken; who may be written to before going live; the pulse of
the pumps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MARKED = ("lead", "company", "source", "program", "segment", "newsletter")


def upgrade() -> None:
    for table in _MARKED:
        op.add_column(table, sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column(
        "installation",
        sa.Column(
            "test_addresses",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'::text[]"),
            nullable=False,
        ),
    )
    op.create_table(
        "demo",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default="none", nullable=False),
        sa.Column("seed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("done", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_demo_single")),
        sa.CheckConstraint(
            "state IN ('none', 'wanted', 'making', 'there', 'failed', 'unwanted', 'removing')",
            name=op.f("ck_demo_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demo")),
    )
    op.execute("INSERT INTO demo (id) VALUES (1)")
    op.create_table(
        "pump_beat",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("behind", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("what", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_pump_beat")),
    )
