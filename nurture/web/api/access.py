"""The table of the API is whole, or nothing starts."""

from flask import Flask

from nurture.web.api.access_table import ACCESS, OPEN


def check_table(app: Flask) -> None:
    """Raise when an address of the API has no entry, or an entry no address."""
    rules = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api-")}
    if rules != set(ACCESS) | OPEN:
        raise LookupError(
            f"web/api/access_table.py and the addresses differ: {sorted(rules ^ (set(ACCESS) | OPEN))}"
        )
