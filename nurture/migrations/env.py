"""How Alembic meets the database: over the connection that `upgrade` hands in."""

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.schema import SchemaItem

from nurture.store.schema import metadata


def run(connection: Connection) -> None:
    """Run the migrations in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        include_object=_ours,
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def _ours(
    item: SchemaItem, name: str | None, kind: str, reflected: bool, compare_to: SchemaItem | None
) -> bool:
    # Partitions are made by store/partitions.py, month by month; they are no tables of their own.
    partition = name is not None and ("_y20" in name or "_default" in name)
    return not (reflected and compare_to is None and kind in ("table", "index") and partition)


run(context.config.attributes["connection"])
