"""What hits recorders have kept of late, for those who judged theirs meanwhile; heat is written without a
look-up of what it refers to."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A server that crashes loses these rows, and with them everybody who would have asked for them.
    op.create_table(
        "kept_page",
        sa.Column("no", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("deliveries", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("places", sa.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_kept_page")),
        prefixes=["UNLOGGED"],
    )
    for column in ("deliveries", "places"):
        op.execute(f"ALTER TABLE kept_page ALTER {column} SET STORAGE EXTERNAL")
    # Rating has locked the lead and read the model whose heat it writes.
    for column in ("lead_id", "model_id"):
        op.drop_constraint(f"fk_lead_heat_{column}", "lead_heat", type_="foreignkey")
