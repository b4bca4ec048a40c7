"""The Flask application: pages and API around one runtime."""

from pathlib import Path

from flask import Flask

from nurture.runtime import Runtime
from nurture.web import (
    access,
    aliases,
    api,
    audit_words,
    bounds,
    errors,
    files,
    health,
    language,
    limits,
    rendering,
    security,
    subject_lines,
    wording,
)
from nurture.web.admin import (
    account,
    activities,
    bring_in,
    calendar,
    chain_page,
    check_in,
    companies,
    company_merges,
    confirm,
    deliveries,
    demo,
    domains,
    duplicates,
    editor,
    events,
    forms,
    hits,
    imports,
    leads,
    models,
    newsletters,
    overview,
    programs,
    receivers,
    restraint,
    second_factor,
    segments,
    simulations,
    sources,
    statistics,
    tags,
    test_mails,
    transports,
    webhooks,
    website,
    why,
)
from nurture.web.admin import inbound as coming_back
from nurture.web.admin.settings import audit, company, jobs, keys, mail, senders, users
from nurture.web.outside_calls import OutsideCalls
from nurture.web.parts import ROOT, load_vendor
from nurture.web.public import (
    answers,
    choosing,
    confirming,
    entering,
    feedback,
    inbound,
    leaving,
    letters,
    sessions,
    setup,
)
from nurture.web.public import forms as public_forms
from nurture.web.request import close_session
from nurture.web.sales import handoffs, teams

_PAGES = (
    files.pages,
    health.pages,
    sessions.pages,
    entering.pages,
    setup.pages,
    letters.pages,
    leaving.pages,
    choosing.pages,
    confirming.pages,
    public_forms.pages,
    forms.pages,
    answers.pages,
    inbound.pages,
    overview.pages,
    calendar.pages,
    chain_page.pages,
    statistics.pages,
    models.pages,
    demo.pages,
    leads.pages,
    segments.pages,
    sources.pages,
    tags.pages,
    imports.pages,
    why.pages,
    programs.pages,
    bring_in.pages,
    simulations.pages,
    handoffs.pages,
    teams.pages,
    newsletters.pages,
    deliveries.pages,
    webhooks.pages,
    receivers.pages,
    company.pages,
    senders.pages,
    users.pages,
    keys.pages,
    audit.pages,
    jobs.pages,
    mail.pages,
    test_mails.pages,
    restraint.pages,
    domains.pages,
    editor.pages,
    transports.pages,
    coming_back.pages,
    website.pages,
    companies.pages,
    company_merges.pages,
    duplicates.pages,
    hits.pages,
    activities.pages,
    events.pages,
    check_in.pages,
    feedback.pages,
    account.pages,
    confirm.pages,
    second_factor.pages,
)


def create_app(runtime: Runtime, *, templates: Path = ROOT / "templates") -> Flask:
    """The application for `runtime`; raises LookupError when an address has no rule of access."""
    app = Flask("nurture", static_folder=str(files.STATIC), template_folder=str(templates))
    app.extensions["vendor"] = vendor = load_vendor()
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000
    language.install(app)
    security.install(app)
    move_in(app, runtime)
    rendering.install(app, vendor)
    wording.install(app)
    subject_lines.install(app)
    audit_words.install(app)
    errors.install(app)
    bounds.install(app)
    access.install(app)
    aliases.install(app)
    for pages in _PAGES:
        app.register_blueprint(pages)
    api.register(app)
    app.teardown_request(close_session)
    access.check_table(app)
    app.wsgi_app = OutsideCalls(app.wsgi_app)  # type: ignore[method-assign]
    return app


def move_in(app: Flask, runtime: Runtime) -> None:
    """From now on `app` works for this runtime: its data, its keys, its counts of tries."""
    app.extensions["nurture"] = runtime
    security.sign_with(app, runtime.ring, secure=runtime.settings.secure)
    limits.install(app, runtime)
