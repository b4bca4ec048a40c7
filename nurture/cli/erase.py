"""`nurture erase`."""

import click

from nurture.cli.frame import ready
from nurture.errors import NotFound
from nurture.flows.leads import erase_lead
from nurture.rules.addresses import normalise
from nurture.store import leads


@click.command()
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(email: str, yes: bool) -> None:
    """Erase a person: what is personal is cleared, and no import brings the address back."""
    if not yes:
        click.confirm(f"Erase {email}? This cannot be undone", abort=True)
    with ready() as runtime:
        with runtime.sessions.begin() as session:
            found = leads.by_emails(session, [normalise(email)])
            if not found:
                raise NotFound("There is no lead with this address.")
            for lead_id in found.values():
                erase_lead(
                    session,
                    lead_id,
                    pepper=runtime.pepper,
                    home=runtime.settings.home,
                    now=runtime.now(),
                    by="terminal",
                )
        runtime.wake("post_webhooks")
    click.echo("Erased. The address is kept as a hash alone, so that it stays out.")
