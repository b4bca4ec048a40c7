"""How often a stranger may try: sign-in and set-up. Counted in Redis, in memory while it is away."""

import hashlib

from flask import Flask, Response, request, session
from flask_limiter import Limiter

from nurture.flows.users import clean_address
from nurture.runtime import Runtime
from nurture.web.visitor import visitor_address

limiter = Limiter(key_func=visitor_address, default_limits=[], headers_enabled=False)


def install(app: Flask, runtime: Runtime) -> None:
    """Share the counts among all processes through the runtime's Redis; once more for another runtime."""
    app.config.update(
        RATELIMIT_STORAGE_URI="redis://",
        RATELIMIT_STORAGE_OPTIONS={"connection_pool": runtime.redis.connection_pool},
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_KEY_PREFIX="nurture-web",
    )
    limiter.init_app(app)
    # Whether the Redis of another runtime was away before says nothing of this one.
    limiter._storage_dead = False


def account_and_address() -> str:
    """One account tried from one place."""
    return f"{clean_address(request.form.get('email', ''))[:200]} {visitor_address()}"


def account() -> str:
    """One account, from wherever it is tried."""
    return clean_address(request.form.get("email", ""))[:200]


def link() -> str:
    """One signed link, from wherever it is used."""
    return hashlib.sha256(str((request.view_args or {}).get("token", "")).encode()).hexdigest()[:32]


def form_and_address() -> str:
    """One form of the company, sent from one place."""
    return f"{(request.view_args or {}).get('form', '')} {visitor_address()}"


def half_signed_in() -> str:
    """The user whose password was right and whose code is still to come."""
    half = session.get("half")
    return f"code {half[0]}" if half else visitor_address()


def signed_in_user() -> str:
    """The user of the session."""
    return f"user {session.get('user')}"


def failed(response: Response) -> bool:
    """Only tries that did not succeed count."""
    return response.status_code >= 400
