"""What visits from a network turned out to be: those from where machines came are remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "caught_network",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("caught", sa.Integer(), nullable=False),
        sa.Column("companies", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_caught_network")),
    )
