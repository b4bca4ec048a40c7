"""`nurture user` and `nurture key`."""

import sys

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.flows.keys import MOST_DAYS, create_key, end_of
from nurture.flows.users import create_user

_ROLES = click.Choice(["admin", "marketer", "sales", "viewer"])


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("create")
@click.argument("email")
@click.option("--role", type=_ROLES, required=True)
@click.option("--name", default="", help="Shown in the pages; the part before @ unless said.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
def create_user_command(email: str, role: str, name: str, password_stdin: bool, json_: bool) -> None:
    """Make a user with this e-mail address."""
    password = _password(password_stdin)
    with ready() as runtime, runtime.sessions.begin() as session:
        number = create_user(session, email, role, password, name=name, now=runtime.now())
    if json_:
        as_json({"id": number, "email": email, "role": role})
    else:
        click.echo(f"{email} can sign in as {role}.")


@click.group()
def key() -> None:
    """Keys of programs that call the API."""


@key.command("create")
@click.argument("name")
@click.option("--role", type=_ROLES, required=True)
@click.option("--days", type=click.IntRange(1, MOST_DAYS), help="End it after so many days.")
@json_option
def create_key_command(name: str, role: str, days: int | None, json_: bool) -> None:
    """Make a key and print it, alone on the last line. It is never shown again."""
    with ready() as runtime, runtime.sessions.begin() as session:
        ends = end_of(days, real_now=runtime.real_now())
        text = create_key(session, name, role, now=runtime.now(), expires_at=ends)
    if json_:
        as_json({"name": name, "role": role, "key": text})
    else:
        click.echo(f"The key of {name}, shown only now:", err=True)
        click.echo(text)


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
