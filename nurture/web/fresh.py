"""What wants a fresh sign-in: password, and code if there is a second factor, within the last ten minutes.

One table, checked before each request as that of roles is. A change that only administrators may make
must stand in it or among those that are deliberately left out, or the program does not start.
"""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Flask, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from nurture.web.request import real_now

LASTS = timedelta(minutes=10)

# endpoint -> the page to go back to when the person thinks better of it
FRESH: dict[str, str] = {
    "users.invite": "users.index",
    "users.withdraw": "users.index",
    "users.link_again": "users.index",
    "users.change": "users.index",
    "users.reset_link": "users.index",
    "users.remove_factor": "users.index",
    "users.require_factor": "users.index",
    "keys.create": "keys.index",
    "keys.revoke": "keys.index",
    "leads.export": "leads.index",
    "handoffs.export": "handoffs.index",
    "leads.take_out": "leads.index",
    "events.export": "events.index",
    "audit.export": "audit.index",
    "leads.erase": "leads.index",
    "domains.remove": "domains.index",
    "transports.remove": "transports.index",
    "transports.add": "transports.index",
    "transports.change": "transports.index",
    "domains.import_key": "domains.index",
    "coming_back.keep_key": "coming_back.index",
}
# Changes by administrators that open no door: a mistake is seen and put right.
LEFT_OUT: frozenset[str] = frozenset(
    {
        "settings.save_company",
        "senders.add",
        "senders.change",
        "senders.make_default",
        "senders.remove",
        "mail.try_out",
        "mail.send",
        "mail.save_addresses",
        "jobs.retry",
        "jobs.discard",
        "jobs.retry_all",
        "jobs.discard_all",
        "receivers.create",
        "receivers.change",
        "receivers.new_secret",
        "receivers.new_signing_key",
        "receivers.forget_keys",
        "receivers.switch",
        "restraint.save",
        "restraint.block",
        "restraint.unblock",
        "coming_back.choose_doubt",
        "transports.pause",
        "transports.resume",
        "transports.try_out",
        "transports.limit",
        "transports.warm_up",
        "transports.let_send",
        "domains.add",
        "domains.check",
        "domains.change",
        "domains.new_key",
        "domains.sign_now",
        "domains.retire_key",
        "overview.go_live",
        "demo.ask",
        "demo.remove",
    }
)
_FILE = re.compile(r"/export$|\.(csv|json)$")
_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def remember() -> None:
    """The person has just shown who they are."""
    session["fresh"] = int(real_now().timestamp())


def is_fresh() -> bool:
    """Whether that is less than ten minutes ago."""
    at = session.get("fresh")
    return isinstance(at, int) and real_now() - datetime.fromtimestamp(at, UTC) < LASTS


def ask(endpoint: str) -> ResponseReturnValue | None:
    """The page that asks again, with everything typed kept in it; None when nothing has to be asked."""
    if endpoint not in FRESH or is_fresh():
        return None
    back = url_for(FRESH[endpoint])
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Redirect": url_for("confirm.page", to=back, back=back)}
    if request.method not in _METHODS:
        return redirect(url_for("confirm.page", to=request.full_path.rstrip("?"), back=back))
    held = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return form(to=request.full_path.rstrip("?"), back=back, method="POST", held=held), 401


def form(
    *,
    to: str,
    back: str,
    method: str,
    held: list[tuple[str, str]],
    errors: dict[str, list[str]] | None = None,
) -> str:
    """The page: `held` is what was typed before, sent on once the person has shown who they are."""
    return render_template(
        "admin/account/confirm.html",
        to=to,
        back=back,
        method=method,
        held=held,
        errors=errors or {},
        file=_gives_a_file(to),
    )


def _gives_a_file(address: str) -> bool:
    """Whether the browser saves what comes, and stays where it is."""
    return bool(_FILE.search(urlsplit(address).path))


def check_table(app: Flask, admins_only: set[str]) -> None:
    """Raise when a change by administrators alone, or an export, stands in neither list."""
    rules = list(app.url_map.iter_rules())
    wanting = {rule.endpoint for rule in rules if _wants(rule, admins_only)}
    missing = wanting - set(FRESH) - LEFT_OUT
    unknown = (set(FRESH) | LEFT_OUT) - {rule.endpoint for rule in rules}
    if missing or unknown:
        raise LookupError(f"web/fresh.py and the addresses differ: {sorted(missing | unknown)}")


def _wants(rule: Rule, admins_only: set[str]) -> bool:
    if rule.endpoint.startswith("api"):
        return False
    changes = rule.endpoint in admins_only and bool(_METHODS & (rule.methods or set()))
    return changes or rule.endpoint.endswith(".export")
