"""Under which name a service sends a mail on, and on which quotas a claimed mail is booked.

Both columns stay empty in the rows that are there. Whoever wants nothing more is found by the lead, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("remote_id", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("booked_scopes", sa.ARRAY(sa.Text()), nullable=True))
    op.add_column("delivery", sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_delivery_remote_id",
        "delivery",
        ["remote_id"],
        unique=False,
        postgresql_where=sa.text("remote_id IS NOT NULL"),
    )
    op.create_index(
        "ix_suppression_left",
        "suppression",
        ["lead_id"],
        unique=False,
        postgresql_where=sa.text("reason = 'unsubscribed_all' AND lifted_at IS NULL"),
    )
