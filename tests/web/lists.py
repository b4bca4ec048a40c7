"""The pages that are lists."""

from flask import Flask

from nurture.web.access_table import ACCESS

# Lists by another name than `index`, or pages that only look like one.
_NO_LISTS = frozenset(("models.target",))


def lists(app: Flask) -> list[str]:
    """Every page that lists a noun: new ones are asked without anybody thinking of it."""
    found = [rule for rule in app.url_map.iter_rules() if rule.endpoint.endswith(".index")]
    return [
        rule.rule
        for rule in found
        if rule.endpoint in ACCESS and not rule.arguments and rule.endpoint not in _NO_LISTS
    ]
