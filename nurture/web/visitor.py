"""From where a request comes, behind a proxy too."""

from flask import request

from nurture.rules.visitors import visitor_ip


def visitor_address() -> str:
    """The visitor's address, as far as it can be believed (rules/visitors)."""
    peer = request.remote_addr or ""
    return visitor_ip(peer, request.headers.get("X-Forwarded-For", "")) or peer
