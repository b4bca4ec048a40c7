"""Tables without foreign keys are looked through for rows that refer to nothing."""

import uuid

import pytest
from sqlalchemy import insert

from nurture.store.schema import metadata
from nurture.store.views.orphans import REFERENCES, Orphans, orphans
from tests.conftest import TUESDAY
from tests.mailed import a_delivery, a_lead, a_mailing

NOBODY = 999_999
# What a row of each table says beside its references.
ROWS = {
    "delivery": {"dedup_key": "lost", "purpose": "chain", "due_at": TUESDAY, "created_at": TUESDAY},
    "delivery_attempt": {"attempt_no": 1, "at": TUESDAY, "outcome": "sent"},
    "chain_event": {"at": TUESDAY, "what": "sent"},
    "unrated_signal": {"received_at": TUESDAY},
    "heat_bucket": {
        "rule": "clicked", "day": TUESDAY.date(), "count": 1, "last_at": TUESDAY, "last_id": uuid.UUID(int=1),
    },
    "lead_heat": {"model_version_id": 1, "since": TUESDAY, "updated_at": TUESDAY},
    "lead": {
        "stage_since": TUESDAY, "temperature_since": TUESDAY, "created_at": TUESDAY, "updated_at": TUESDAY,
    },
    "consent": {"purpose": "marketing", "state": "granted", "at": TUESDAY, "channel": "form"},
    "lead_consent": {"purpose": "marketing", "granted": True, "at": TUESDAY},
    "stage_change": {"at": TUESDAY, "new": "lead", "reason": "imported", "by": "terminal"},
}  # fmt: skip


def _of(table: str) -> list[tuple[str, str]]:
    return [(column, target) for (name, column), target in REFERENCES.items() if name == table]


@pytest.mark.parametrize("table", ROWS)
def test_a_row_that_refers_to_nothing_is_found_by_each_of_its_references(db, table):
    lost = {column: uuid.UUID(int=7) if target == "signal" else NOBODY for column, target in _of(table)}
    db.execute(insert(metadata().tables[table]).values(ROWS[table] | lost))
    assert orphans(db) == [
        Orphans(table, column, target, 1, str(lost[column])) for column, target in _of(table)
    ]


def test_a_mail_on_its_way_is_no_orphan_and_one_that_rests_on_nothing_more_is_not_asked_for_it(db):
    mailing = a_mailing(db)
    a_delivery(db, mailing, a_lead(db))
    db.flush()
    assert orphans(db) == []


def test_every_reference_without_a_foreign_key_is_looked_at():
    """Of the tables whose foreign keys were given up for speed."""
    tables = {name: metadata().tables[name] for name in ROWS}
    bare = {
        (name, column.name)
        for name, table in tables.items()
        for column in table.columns
        if column.name.endswith("_id")
        and not column.foreign_keys
        and column.name not in ("message_id", "last_id", "remote_id", "model_version_id")
    }
    assert bare == set(REFERENCES)
