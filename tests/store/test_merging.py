"""Whatever hangs on a lead is thought of when it is merged."""

from nurture.store.merging.rows import MOVES, STAYS
from nurture.store.schema import metadata


def test_every_table_that_names_a_lead_moves_with_it_or_says_why_not():
    named = {table.name for table in metadata().tables.values() if "lead_id" in table.columns}
    assert named == set(MOVES) | set(STAYS)
    assert not set(MOVES) & set(STAYS)
