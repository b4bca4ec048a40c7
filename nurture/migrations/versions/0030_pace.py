"""The rows that are written most: what they refer to is not looked up row by row, and the latest signals of a
lead and kind are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

# Whoever writes these has locked, or just read, the rows they refer to; none of those is ever deleted, but
# with the demo, which takes along what hangs on them (store/demo).
_REFERENCES = (
    ("unrated_signal", "lead_id"),
    ("heat_bucket", "lead_id"),
    ("heat_bucket", "model_id"),
    ("delivery", "lead_id"),
    ("delivery", "program_id"),
    ("delivery", "chain_id"),
    ("delivery", "mail_version_id"),
    ("delivery_attempt", "delivery_id"),
    ("chain_event", "enrollment_id"),
)


def upgrade() -> None:
    for table, column in _REFERENCES:
        op.drop_constraint(f"fk_{table}_{column}", table, type_="foreignkey")
    # Whoever settles a delivery knows its run, and whoever leaves a chain looks for what has not gone out.
    op.drop_index("ix_enrollment_awaiting_delivery_id", "enrollment")
    op.drop_index("ix_delivery_enrollment_id", "delivery")
    op.create_index(
        "ix_delivery_enrollment_id",
        "delivery",
        ["enrollment_id"],
        postgresql_where=sa.text("state IN ('scheduled', 'ready', 'leased', 'deferred')"),
    )
    # Lists of what was not sent, newest first, in a base where nearly everything was.
    op.drop_index("ix_delivery_uncertain", "delivery")
    op.create_index(
        "ix_delivery_rare",
        "delivery",
        ["state", "id"],
        postgresql_where=sa.text("state IN ('deferred', 'failed', 'skipped', 'cancelled', 'uncertain')"),
    )
    op.create_index("ix_signal_lead_id_kind_occurred_at", "signal", ["lead_id", "kind", "occurred_at"])
