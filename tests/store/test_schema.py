"""The schema as migrated is the schema as the nouns say, and months have their partitions."""

from datetime import UTC, datetime

from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from nurture.migrations import at_head, config, upgrade
from nurture.store import partitions


def test_migrations_lead_to_what_the_nouns_declare(engine: Engine) -> None:
    with engine.connect() as connection:
        command.check(config(connection))


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        assert at_head(connection)


def test_three_months_ahead_have_partitions_and_making_them_again_is_harmless(db: Session) -> None:
    now = datetime(2027, 11, 30, 23, 0, tzinfo=UTC)
    made = partitions.ensure(db, now=now)
    assert [name for name in made if name.startswith("signal")] == [
        "signal_y2027m10",
        "signal_y2027m11",
        "signal_y2027m12",
        "signal_y2028m01",
        "signal_y2028m02",
    ]
    assert partitions.ensure(db, now=now) == []


def test_a_row_outside_every_month_is_kept_and_raises_the_alarm(db: Session) -> None:
    db.execute(
        text(
            "INSERT INTO signal (id, received_at, lead_id, kind, occurred_at, source)"
            " VALUES (gen_random_uuid(), '2020-01-05T00:00Z', 1, 'opened', '2020-01-05T00:00Z', 'test')"
        )
    )
    assert partitions.stray_rows(db) == {"signal": True, "hit": False}
    assert "signal_y2020m01" not in partitions.ensure(db, now=datetime(2020, 1, 20, tzinfo=UTC))
