"""Addresses of leads that were merged: they lead to whom the lead was merged into."""

from flask import Flask, redirect, request, url_for
from flask.typing import ResponseReturnValue

from nurture.store import lead_aliases
from nurture.web.request import page_session


def install(app: Flask) -> None:
    """Look at every address that names a lead, after it was checked who may open it."""
    app.before_request(_follow)


def survivor() -> int | None:
    """Whom the lead in the address was merged into; None where it stands for itself, or there is none."""
    lead_id = (request.view_args or {}).get("lead_id")
    return lead_aliases.survivor_of(page_session(), lead_id) if isinstance(lead_id, int) else None


def _follow() -> ResponseReturnValue | None:
    endpoint = request.endpoint or ""
    if request.method != "GET" or endpoint.startswith("api") or (found := survivor()) is None:
        return None
    given = {**(request.view_args or {}), **request.args.to_dict(), "lead_id": found}
    return redirect(url_for(endpoint, **given))
