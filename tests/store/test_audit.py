"""The audit log: it only grows, and any part of it is found quickly."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from nurture.store import audit
from nurture.store.audit import Wanted
from tests.conftest import TUESDAY


@pytest.mark.parametrize(
    "change",
    ["UPDATE audit_entry SET actor = 'nobody'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"],
)
def test_the_database_refuses_to_change_what_was_written_down(db: Session, change: str) -> None:
    audit.audit(db, "user:1", "key.created", "key:1", now=TUESDAY)
    db.commit()
    with pytest.raises(DatabaseError, match="audit_entry only grows"):
        db.execute(text(change))


def test_lines_are_found_by_person_kind_thing_and_day(db: Session) -> None:
    for hours, actor, action in (
        (0, "user:1", "key.created"),
        (1, "user:2", "key.revoked"),
        (30, "key:1", "lead.erased"),
    ):
        audit.audit(db, actor, action, "key:1", now=TUESDAY + timedelta(hours=hours))
    db.flush()

    def found(**wanted: object) -> list[str]:
        return [row.action for row in audit.all_of(db, Wanted(**wanted))]  # type: ignore[arg-type]

    assert found() == ["lead.erased", "key.revoked", "key.created"]
    assert found(actor="user:2") == ["key.revoked"]
    assert found(kind="key") == ["key.revoked", "key.created"]
    assert found(since=TUESDAY + timedelta(hours=1), until=TUESDAY + timedelta(hours=30)) == ["key.revoked"]
    assert audit.kinds(db) == ["key", "lead"]


def test_pages_follow_one_another_by_the_last_line_seen(db: Session) -> None:
    for number in range(5):
        audit.audit(db, "user:1", "key.created", f"key:{number}", now=TUESDAY)
    db.flush()
    first = audit.page(db, Wanted(), before=None, limit=2)
    second = audit.page(db, Wanted(), before=first[-1].id, limit=2)
    assert [row.subject for row in (*first, *second)] == ["key:4", "key:3", "key:2", "key:1"]


def test_what_differs_is_kept_with_what_it_was(db: Session) -> None:
    before, after = {"role": "viewer", "name": "Ute"}, {"role": "admin", "name": "Ute"}
    assert audit.changes(before, after) == {"role": ["viewer", "admin"]}
