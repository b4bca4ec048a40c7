"""What shows later that a person did this here: kept with the consent it changed."""

from flask import request

from nurture.web.visitor import visitor_address

_LONGEST = 300


def evidence() -> dict[str, str]:
    """From where and with what the request came."""
    agent = request.headers.get("User-Agent", "")
    return {
        "ip": visitor_address(),
        "user_agent": "".join(sign for sign in agent if sign.isprintable())[:_LONGEST],
        "page": request.url_rule.rule if request.url_rule else "",
    }
