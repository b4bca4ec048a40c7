"""`nurture migrate`."""

import click

from nurture import migrations
from nurture.config import load_settings
from nurture.embedded.servers import servers
from nurture.flows.agree_on_keys import forget_keys
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
@click.option(
    "--new-keys",
    is_flag=True,
    help="Only when the secret keys of this database are lost for good: go on with those of this home. Links "
    "in mails already sent stop working, and stored webhook secrets must be made anew.",
)
def migrate(new_pepper: bool, new_keys: bool) -> None:
    """Bring the database to the schema of this version."""
    settings = load_settings()
    if new_pepper or new_keys:
        with servers(settings) as addresses:
            _go_on(build(settings, addresses), new_pepper=new_pepper, new_keys=new_keys)
    with opened(settings) as runtime:
        prepare(runtime)
    click.echo("The database is at the schema of this version.")


def _go_on(runtime: Runtime, *, new_pepper: bool, new_keys: bool) -> None:
    """Take the secrets of this home from here on."""
    with runtime.sessions.begin() as session:
        if new_pepper:
            forget_pepper(session, by="terminal", now=runtime.now())
        if new_keys:
            forget_keys(session, by="terminal", now=runtime.now())
    runtime.close()


def prepare(runtime: Runtime) -> None:
    """The newest schema, and the partitions that the coming months need."""
    migrations.upgrade(runtime.engine)
    runtime.agree_on_secrets()
    make_partitions(runtime)
