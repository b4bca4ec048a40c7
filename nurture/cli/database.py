"""`nurture migrate`."""

import click

from nurture import migrations
from nurture.jobs.schedule import make_partitions
from nurture.runtime import Runtime, opened


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this version."""
    with opened() as runtime:
        prepare(runtime)
    click.echo("The database is at the schema of this version.")


def prepare(runtime: Runtime) -> None:
    """The newest schema, and the partitions that the coming months need."""
    migrations.upgrade(runtime.engine)
    runtime.agree_on_pepper()
    make_partitions(runtime)
