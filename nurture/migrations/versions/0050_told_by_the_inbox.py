"""The inbox of rating tells the kind of a hit's signal, so that it need not be read; merges are found by
either of their two leads. Tags are found by one index, of leads that have any."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # What waits meanwhile, and what workers of the version before put there, is read as before.
    op.add_column("unrated_signal", sa.Column("kind", sa.Text(), nullable=True))
    op.create_index("ix_lead_merge_alias_id", "lead_merge", ["alias_id"], unique=False)
    # Each version of a lead's row that moves to another page is noted in every index: these two cost most.
    op.drop_index("ix_lead_tags", table_name="lead")
    op.drop_index("ix_lead_folded_tags", table_name="lead")
    op.create_index(
        "ix_lead_folded_tags",
        "lead",
        ["folded_tags"],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("folded_tags <> '{}'"),
    )
