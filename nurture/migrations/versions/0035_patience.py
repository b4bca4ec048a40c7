"""Signals that may wait while many hits are recorded, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "unrated_signal",
        sa.Column("rate_by", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=False),
    )
    op.create_index("ix_unrated_signal_rate_by", "unrated_signal", ["rate_by"], unique=False)
