"""Asking the name servers what they say of a sending domain, for a page and for the API."""

from nurture.flows import domains as flow
from nurture.web.request import close_session, now, runtime


def look_up(domain_id: int) -> None:
    """Ask and keep the answers. That may take some seconds: no transaction stands meanwhile. Raises
    NotFound."""
    close_session()
    here = runtime()
    flow.check_domain(
        here.sessions,
        here.dns.records,
        domain_id,
        base_url=here.settings.base_url,
        bounces=here.settings.bounce_domain,
        now=now(),
    )
