"""Which role may call what. An endpoint that is missing here stops the start."""

from flask import Flask

from nurture.store.users import ROLES

EVERYONE = frozenset(ROLES)
WRITERS = frozenset({"admin", "marketer"})
SELLERS = frozenset({"admin", "marketer", "sales"})
ADMINS = frozenset({"admin"})

# Open to anyone: what the API is, nothing of what is in it.
OPEN = frozenset({"api-docs.openapi_json", "api-page.docs"})

ACCESS: dict[str, frozenset[str]] = {
    "api-leads.list_leads": EVERYONE,
    "api-leads.save": SELLERS,
    "api-leads.one": EVERYONE,
    "api-leads.change": SELLERS,
    "api-leads.erase": ADMINS,
    "api-leads.timeline": EVERYONE,
    "api-leads.explain": EVERYONE,
    "api-why.lead": EVERYONE,
    "api-why.chain_stats": EVERYONE,
    "api-signals.take": SELLERS,
    "api-outside-events.identify": SELLERS,
    "api-outside-events.track": SELLERS,
    "api-outside-events.page": SELLERS,
    "api-touches.add": SELLERS,
    "api-hits.overrule": WRITERS,
    "api-hits.list_patterns": WRITERS,
    "api-hits.add": WRITERS,
    "api-hits.end": WRITERS,
    "api-programs.list_programs": EVERYONE,
    "api-programs.one": EVERYONE,
    "api-programs.list_chains": EVERYONE,
    "api-programs.chain": EVERYONE,
    "api-programs.publish": WRITERS,
    "api-programs.pause": WRITERS,
    "api-programs.resume": WRITERS,
    "api-programs.held": WRITERS,
    "api-programs.publish_chain": WRITERS,
    "api-programs.pause_chain": WRITERS,
    "api-programs.resume_chain": WRITERS,
    "api-newsletters.list_newsletters": EVERYONE,
    "api-newsletters.create": WRITERS,
    "api-newsletters.one": EVERYONE,
    "api-newsletters.change": WRITERS,
    "api-newsletters.schedule": WRITERS,
    "api-newsletters.pause": WRITERS,
    "api-newsletters.resume": WRITERS,
    "api-newsletters.cancel": WRITERS,
    "api-newsletters.test": WRITERS,
    "api-newsletters.stats": EVERYONE,
    "api-segments.list_segments": EVERYONE,
    "api-segments.create": WRITERS,
    "api-segments.preview": EVERYONE,
    "api-segments.one": EVERYONE,
    "api-segments.change": WRITERS,
    "api-segments.remove": WRITERS,
    "api-consents.list_consents": WRITERS,
    "api-deliveries.list_deliveries": EVERYONE,
    "api-deliveries.one": EVERYONE,
    "api-handoffs.list_handoffs": EVERYONE,
    "api-handoffs.one": EVERYONE,
    "api-handoffs.outcome": SELLERS,
    "api-webhooks.list_endpoints": WRITERS,
    "api-webhooks.create": ADMINS,
    "api-webhooks.one": WRITERS,
    "api-webhooks.change": ADMINS,
    "api-webhooks.remove": ADMINS,
    "api-webhooks.new_secret": ADMINS,
    "api-webhooks.test": WRITERS,
    "api-webhooks.list_messages": WRITERS,
    "api-webhooks.message": WRITERS,
    "api-webhooks.replay": WRITERS,
    "api-users.list_users": ADMINS,
    "api-users.create": ADMINS,
    "api-users.one": ADMINS,
    "api-users.change": ADMINS,
    "api-users.remove": ADMINS,
    "api-users.reset_link": ADMINS,
    "api-users.remove_factor": ADMINS,
    "api-users.list_invitations": ADMINS,
    "api-users.invite": ADMINS,
    "api-users.withdraw": ADMINS,
    "api-audit.list_audit": ADMINS,
    "api-coming_back.standing": EVERYONE,
    "api-coming_back.choose": ADMINS,
    "api-coming_back.keep": ADMINS,
    "api-domains.list_domains": WRITERS,
    "api-domains.create": ADMINS,
    "api-domains.one": WRITERS,
    "api-domains.change": ADMINS,
    "api-domains.remove": ADMINS,
    "api-domains.check": ADMINS,
    "api-domains.new_key": ADMINS,
    "api-domains.sign": ADMINS,
    "api-domains.retire": ADMINS,
    "api-keys.list_keys": ADMINS,
    "api-keys.create": ADMINS,
    "api-keys.revoke": ADMINS,
    "api-imports.list_imports": WRITERS,
    "api-imports.take": WRITERS,
    "api-imports.one": WRITERS,
    "api-imports.errors": WRITERS,
    "api-imports.bad_rows": WRITERS,
}


def check_table(app: Flask) -> None:
    """Raise when an address of the API has no entry, or an entry no address."""
    rules = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api-")}
    if rules != set(ACCESS) | OPEN:
        raise LookupError(
            f"web/api/access.py and the addresses differ: {sorted(rules ^ (set(ACCESS) | OPEN))}"
        )
