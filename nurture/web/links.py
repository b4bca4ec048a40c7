"""Handing out a link that lets somebody in: shown once, and sent by mail where mails go out."""

from dataclasses import dataclass

from nurture.flows import user_links
from nurture.rules.user_links import url
from nurture.store.user_links import UserLink
from nurture.store.views.reading import PageSession
from nurture.web.request import now, runtime


@dataclass(frozen=True)
class FreshLink:
    """The address, whom it is for, and whether a mail with it is on its way."""

    url: str
    email: str
    sent: bool


def handed_out(session: PageSession, link: UserLink) -> FreshLink:
    """The link as its maker sees it, in the transaction that made it."""
    settings = runtime().settings
    # What goes to the catcher, and a scripted installation, need no sender: see flows.letters.on_trial.
    stands = user_links.mail_stands(session, trial=settings.live or settings.smtp_url is None)
    if stands:
        user_links.send(session, link, now=now())
    return FreshLink(url(runtime().ring, settings.base_url, link.kind, link.id), link.email, stands)
