"""The API below /api/v1, its description, and a page to read it."""

from flask import Flask
from flask_smorest import Api

from nurture.web.api import (
    access,
    activities,
    audit,
    bring_in,
    calendar,
    coming_back,
    companies,
    company_merges,
    consents,
    deliveries,
    demo,
    desk,
    domains,
    drafts,
    events,
    exports,
    forms,
    handoffs,
    hits,
    house,
    import_drafts,
    imports,
    jobs,
    judgements,
    keys,
    lead_changes,
    leads,
    mail,
    mail_words,
    merges,
    models,
    newsletters,
    outside_events,
    overview,
    pace,
    page,
    problems,
    programs,
    segments,
    senders,
    signals,
    simulations,
    sources,
    statistics,
    suppressions,
    tags,
    target_score,
    teams,
    touches,
    transports,
    users,
    webhooks,
    website,
    why,
)
from nurture.web.api.outside_events import AliasIn, BatchIn, GroupIn, IdentifyIn, PageIn, TrackIn
from nurture.web.api.schemas import Problem
from nurture.web.api.schemas.leads import SignalIn

_PARTS = (
    leads.part,
    exports.part,
    why.part,
    statistics.part,
    signals.part,
    outside_events.part,
    touches.part,
    website.part,
    events.part,
    activities.part,
    lead_changes.part,
    merges.part,
    sources.part,
    tags.part,
    programs.part,
    drafts.part,
    bring_in.part,
    simulations.part,
    segments.part,
    newsletters.part,
    deliveries.part,
    senders.part,
    domains.part,
    transports.part,
    pace.part,
    coming_back.part,
    consents.part,
    forms.part,
    calendar.part,
    models.part,
    judgements.part,
    target_score.part,
    demo.part,
    hits.part,
    handoffs.part,
    teams.part,
    webhooks.part,
    imports.part,
    import_drafts.part,
    house.part,
    overview.part,
    suppressions.part,
    desk.part,
    companies.part,
    company_merges.part,
    keys.part,
    users.part,
    audit.part,
    jobs.part,
    mail.part,
    mail_words.part,
)
# Shapes of bodies that views read themselves: the description refers to them by name.
_BY_NAME = (SignalIn, IdentifyIn, TrackIn, PageIn, GroupIn, AliasIn, BatchIn)
_DESCRIPTION = (
    "Authorization: Bearer <key>. JSON, snake_case, instants in UTC with Z. Lists are pages of up to 500; "
    "`next_cursor` leads to the next. Faults are application/problem+json (RFC 9457) with `errors` by field. "
    "A POST may carry an Idempotency-Key: sent again within a day, it gets the same answer."
)


class _Described(Api):  # type: ignore[misc]
    """flask-smorest without its own answers to faults: ours keep headers and speak problem+json."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        return None


def register(app: Flask) -> None:
    """Put the API into the application, after the pages' own handlers of faults are in."""
    app.config.update(
        API_TITLE="nurture",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    problems.install(app)
    api = _Described(app, spec_kwargs={"info": {"description": _DESCRIPTION}, "security": [{"key": []}]})
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    for part in _PARTS:
        api.register_blueprint(part.blueprint)
    for shape in _BY_NAME:
        api.spec.components.schema(shape.__name__, schema=shape)
    for told in api.spec.components.responses.values():
        if "application/json" in told.get("content", {}):  # faults, which speak problem+json here
            told["content"] = {"application/problem+json": told["content"]["application/json"]}
    app.extensions["nurture-api"] = api
    app.register_blueprint(page.part)
    access.check_table(app)
