"""Headers and cookies: a strict Content-Security-Policy with a nonce, and session keys from the ring."""

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g
from flask_wtf import CSRFProtect

from nurture.rules.tokens import KeyRing

csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])
_SESSION_LASTS = timedelta(days=14)
# A page may say what else its frame or its own policy needs; everything else gets this one.
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; "
    "base-uri 'none'; form-action 'none'; "
)
# A mail in a frame of ours: it shows styles and pictures and can neither run nor lead anywhere.
MAIL_POLICY = "sandbox; " + _MAIL + "frame-ancestors 'self'"
# The same mail read by its lead in a browser: its links may be followed.
READING_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; "
    + _MAIL
    + "frame-ancestors 'none'"
)


def install(app: Flask) -> None:
    """Sessions, CSRF and headers."""
    app.config.update(
        SESSION_COOKIE_NAME="nurture",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=_SESSION_LASTS,
        WTF_CSRF_TIME_LIMIT=None,
        # Our pages send no referrer, so it cannot be asked for; the token alone proves the form.
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        MAX_FORM_PARTS=500,
    )
    csrf.init_app(app)
    app.jinja_env.globals["nonce"] = nonce
    app.after_request(_headers)


def sign_with(app: Flask, ring: KeyRing, *, secure: bool) -> None:
    """Sessions are signed with these keys. `secure` says that the public address is https."""
    keys = [hmac.digest(key, b"flask-session", "sha256") for key in ring.keys]
    app.config.update(SECRET_KEY=keys[0], SECRET_KEY_FALLBACKS=keys[1:], SESSION_COOKIE_SECURE=secure)


def without_csrf(view: View) -> View:
    """A POST that carries its permission itself: a signed token, not a session."""
    return cast(View, csrf.exempt(view))


def form_policy(origin: str) -> str:
    """The policy of a page whose form leads on to another origin once it was sent: browsers hold that,
    too, to `form-action`. Empty: it leads nowhere else."""
    own = _POLICY.format(nonce=nonce())
    return own.replace("form-action 'self'", f"form-action 'self' {origin}") if origin else own


def nonce() -> str:
    """The nonce of this answer."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return cast(str, g.nonce)


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=nonce()))
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if response.mimetype == "text/html":
        headers.setdefault("Cache-Control", "no-store")
    return response
