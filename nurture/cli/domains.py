"""`nurture domains`: sending domains at the terminal."""

import sys
from pathlib import Path

import click

from nurture.cli.frame import as_json, json_option, ready
from nurture.errors import NotFound
from nurture.flows import domains as flow
from nurture.rules.domains import Finding, sentence, words_of
from nurture.runtime import Runtime
from nurture.store import domains as store

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red", "unknown": "yellow"}


@click.group()
def domains() -> None:
    """Domains that mails come from: DNS, and the keys that sign."""


@domains.command()
@click.argument("names", nargs=-1)
@json_option
def check(names: tuple[str, ...], json_: bool) -> None:
    """Look up the named domains, or all; exit status 1 when one is not as it should be."""
    with ready() as runtime:
        found = {name: _checked(runtime, domain_id) for domain_id, name in _asked(runtime, names)}
    if json_:
        as_json(
            [
                {"domain": name, **one.as_json(), "sentence": sentence(one)}
                for name, findings in found.items()
                for one in findings
            ]
        )
    else:
        for name, findings in found.items():
            click.echo(click.style(name, bold=True))
            for one in findings:
                _say(one)
    if any(one.state == "fail" for findings in found.values() for one in findings):
        sys.exit(1)


@domains.command()
@click.argument("name")
def add(name: str) -> None:
    """Add a domain."""
    with ready() as runtime, runtime.sessions.begin() as session:
        added = flow.add_domain(session, name, by="terminal", now=runtime.now()).name
    click.echo(f"{added} is there. Make its keys with  nurture domains key {added}")


@domains.command()
@click.argument("name")
@click.option("--algorithm", type=click.Choice(["rsa", "ed25519"]), default="rsa", show_default=True)
@click.option("--selector", default="", help="Made from the month unless said.")
@click.option(
    "--import", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A key in PEM."
)
@click.option("--sign-now", is_flag=True, help="Sign at once, whether or not the record is found.")
def key(name: str, algorithm: str, selector: str, file: Path | None, sign_now: bool) -> None:
    """Make or import a key and print its record."""
    with ready() as runtime, runtime.sessions.begin() as session:
        domain = store.by_name(session, flow.name_of(name))
        if domain is None:
            raise NotFound(f"There is no domain {name}: add it with  nurture domains add {name}")
        by, now, vault = "terminal", runtime.now(), runtime.vault
        if file is not None:
            made = flow.import_key(
                session,
                vault,
                domain.id,
                file.read_text("utf-8", "replace"),
                selector=selector,
                by=by,
                now=now,
            )
        else:
            made = flow.make_key(session, vault, domain.id, algorithm, selector=selector, by=by, now=now)
        if sign_now:
            flow.sign_now(session, made.id, domain.id, by=by, now=now)
        record = f'{made.selector}._domainkey.{domain.name}. TXT "{made.public}"'
    click.echo(record)


def _asked(runtime: Runtime, names: tuple[str, ...]) -> list[tuple[int, str]]:
    with runtime.sessions.begin() as session:
        flow.add_those_of_senders(session, now=runtime.now())
        known = {one.name: one.id for one in store.page(session)}
    if not names:
        return [(number, name) for name, number in known.items()]
    wanted = [flow.name_of(name) for name in names]
    missing = [name for name in wanted if name not in known]
    if missing:
        raise NotFound(f"There is no domain {missing[0]}: add it with  nurture domains add {missing[0]}")
    return [(known[name], name) for name in wanted]


def _checked(runtime: Runtime, domain_id: int) -> list[Finding]:
    return flow.check_domain(
        runtime.sessions,
        runtime.dns.records,
        domain_id,
        base_url=runtime.settings.base_url,
        bounces=runtime.settings.bounce_domain,
        now=runtime.now(),
    )


def _say(one: Finding) -> None:
    mark = click.style(f"{one.state:7}", fg=_COLOURS[one.state])
    click.echo(f"  {mark} {words_of(one.what)}: {sentence(one)}")
    if one.want:
        click.echo(f"          enter: {one.name} {one.kind} {one.want}")
