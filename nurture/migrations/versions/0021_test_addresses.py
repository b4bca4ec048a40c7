"""Test addresses have a table of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        sa.text(
            "INSERT INTO test_address (email, created_at)"
            " SELECT unnest(test_addresses), now() FROM installation ON CONFLICT DO NOTHING"
        )
    )
    op.drop_column("installation", "test_addresses")
