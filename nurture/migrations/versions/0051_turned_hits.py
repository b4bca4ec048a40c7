"""Hits that were found a machine's in the company of others are looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stalled_hit", sa.Column("turned", sa.Boolean(), server_default="false", nullable=False))
