"""Receivers with a filter of their own, and with a key pair for those who check signatures by it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "webhook_endpoint",
        sa.Column("filter", postgresql.JSONB(astext_type=sa.Text(), none_as_null=True), nullable=True),
    )
    op.add_column("webhook_endpoint", sa.Column("signing_key", sa.Text(), nullable=True))
    op.add_column("webhook_endpoint", sa.Column("verify_key", sa.Text(), nullable=True))
