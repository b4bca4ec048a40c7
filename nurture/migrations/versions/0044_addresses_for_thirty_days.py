"""Addresses of visitors are kept for thirty days: how far they have gone, and when recorders told each other
of a page of hits."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "installation", sa.Column("addresses_gone_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column(
        "kept_page",
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
