"""`nurture migrate`."""

import click

from nurture import migrations
from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.flows.pepper import forget_pepper
from nurture.jobs.schedule import make_partitions
from nurture.runtime import Runtime, build, opened


@click.command()
@click.option(
    "--new-pepper",
    is_flag=True,
    help="Only when the pepper of this database is lost for good: go on with the one of this home. Nobody "
    "who asked to be left alone is recognised by address any more.",
)
def migrate(new_pepper: bool) -> None:
    """Bring the database to the schema of this version."""
    settings = load_settings()
    if new_pepper:
        with servers(settings) as addresses:
            _go_on_with_this_pepper(build(settings, addresses))
    with opened(settings) as runtime:
        prepare(runtime)
    click.echo("The database is at the schema of this version.")


def _go_on_with_this_pepper(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        forget_pepper(session, by="terminal", now=runtime.now())
    runtime.close()


def prepare(runtime: Runtime) -> None:
    """The newest schema, and the partitions that the coming months need."""
    migrations.upgrade(runtime.engine)
    runtime.agree_on_pepper()
    make_partitions(runtime)
