"""What readiness is made of is kept in three numbers at the lead: the sentences are said when somebody asks,
and a rated lead's row stays short."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_PARTS = ("need", "activity", "data")
_POINTS = """
    coalesce(CAST(jsonb_path_query_first(
        readiness_parts, '$.parts[*] ? (@.part == "{part}").points') AS float8),
             0)
"""


def upgrade() -> None:
    for part in _PARTS:
        op.add_column("lead", sa.Column(f"{part}_points", sa.Float(), server_default="0", nullable=False))
    # One pass that writes the table anew: no row moves for it later, and no trigger is woken. Workers of the
    # version before may still write `readiness_parts`; the next rating of the lead empties it.
    told = [f"ALTER {part}_points TYPE float8 USING {_POINTS.format(part=part)}" for part in _PARTS]
    op.execute(f"ALTER TABLE lead {', '.join(told)}, ALTER readiness_parts TYPE jsonb USING '{{}}'")
