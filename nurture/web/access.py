"""Who may open what: one table over every address of the pages, checked before each request.

An address that is missing here stops the start: nothing is open by being forgotten.
"""

from flask import Flask, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from nurture.errors import Forbidden
from nurture.rules.words import _
from nurture.store.users import ROLES
from nurture.store.views import shell
from nurture.store.views.shell import Viewer
from nurture.web import fresh, language
from nurture.web.request import close_session, keep_viewer, page_session, viewer

PUBLIC: frozenset[str] = frozenset({"public"})
EVERYONE = frozenset(ROLES)
WRITERS = frozenset({"admin", "marketer"})
SELLERS = frozenset({"admin", "marketer", "sales"})
ADMINS = frozenset({"admin"})

# endpoint -> who may. The API has its own keys and its own table.
ACCESS: dict[str, frozenset[str]] = {
    "static": PUBLIC,
    "files.vendor": PUBLIC,
    "health.alive": PUBLIC,
    "health.ready": PUBLIC,
    "health.metrics": PUBLIC,
    "sessions.sign_in": PUBLIC,
    "sessions.sign_out": PUBLIC,
    "sessions.code": PUBLIC,
    "sessions.check_code": PUBLIC,
    "entering.invitation": PUBLIC,
    "entering.accept": PUBLIC,
    "entering.forgot": PUBLIC,
    "entering.ask": PUBLIC,
    "entering.new_password": PUBLIC,
    "entering.set_password": PUBLIC,
    "sessions.choose_language": PUBLIC,
    "setup.form": PUBLIC,
    "setup.save": PUBLIC,
    "letters.view": PUBLIC,
    "inbound.mail": PUBLIC,
    "inbound.events": PUBLIC,
    "leaving.page": PUBLIC,
    "leaving.unsubscribe": PUBLIC,
    "choosing.page": PUBLIC,
    "choosing.save": PUBLIC,
    "confirming.page": PUBLIC,
    "confirming.confirm": PUBLIC,
    "public_forms.page": PUBLIC,
    "public_forms.script": PUBLIC,
    "public_forms.send": PUBLIC,
    "forms.index": EVERYONE,
    "forms.new": WRITERS,
    "forms.create": WRITERS,
    "forms.one": EVERYONE,
    "forms.edit": WRITERS,
    "forms.change": WRITERS,
    "forms.look": WRITERS,
    "forms.archive": WRITERS,
    "forms.restore": WRITERS,
    "answers.form": PUBLIC,
    "answers.answer": PUBLIC,
    "overview.index": EVERYONE,
    "overview.now_going": EVERYONE,
    "overview.stop_sending": WRITERS,
    "overview.resume_sending": WRITERS,
    "overview.go_live": ADMINS,
    "demo.index": ADMINS,
    "demo.progress": ADMINS,
    "demo.ask": ADMINS,
    "demo.remove": ADMINS,
    "calendar.index": EVERYONE,
    "calendar.day": EVERYONE,
    "chain.one": EVERYONE,
    "chain.mail": EVERYONE,
    "chain.test": WRITERS,
    "statistics.chain": EVERYONE,
    "statistics.chain_file": WRITERS,
    "statistics.program": EVERYONE,
    "statistics.program_file": WRITERS,
    "models.index": EVERYONE,
    "models.create": WRITERS,
    "models.edit": WRITERS,
    "models.save": WRITERS,
    "models.discard": WRITERS,
    "models.look_ahead": EVERYONE,
    "models.ahead_progress": EVERYONE,
    "models.ask": WRITERS,
    "models.publish": WRITERS,
    "models.switch": EVERYONE,
    "models.version": EVERYONE,
    "models.take_version": WRITERS,
    "models.readiness": EVERYONE,
    "models.what_if": EVERYONE,
    "models.potential": EVERYONE,
    "models.take_portrait": WRITERS,
    "models.target": EVERYONE,
    "models.target_progress": EVERYONE,
    "models.train": WRITERS,
    "models.approvals": EVERYONE,
    "models.decide": WRITERS,
    "leads.index": EVERYONE,
    "leads.card": EVERYONE,
    "leads.timeline": EVERYONE,
    "leads.change": WRITERS,
    "leads.start": WRITERS,
    "leads.undo": WRITERS,
    "leads.job": WRITERS,
    "leads.job_progress": WRITERS,
    "leads.change_job": WRITERS,
    "leads.export": WRITERS,
    "leads.edit": SELLERS,
    "leads.edit_bant": SELLERS,
    "leads.grade": SELLERS,
    "leads.put_off": SELLERS,
    "leads.note_consent": SELLERS,
    "leads.take_out": ADMINS,
    "leads.erase": ADMINS,
    "leads.save_view": EVERYONE,
    "leads.change_view": EVERYONE,
    "leads.add_touch": SELLERS,
    "imports.index": WRITERS,
    "imports.upload": WRITERS,
    "imports.one": WRITERS,
    "imports.progress": WRITERS,
    "imports.begin": WRITERS,
    "imports.discard": WRITERS,
    "imports.bad_rows": WRITERS,
    "why.lead": EVERYONE,
    "why.in_short": EVERYONE,
    "segments.index": EVERYONE,
    "segments.one": EVERYONE,
    "segments.new": WRITERS,
    "segments.create": WRITERS,
    "segments.change": WRITERS,
    "segments.remove": WRITERS,
    "segments.preview": EVERYONE,
    "segments.read_text": EVERYONE,
    "sources.index": EVERYONE,
    "sources.create": WRITERS,
    "sources.one": WRITERS,
    "sources.change": WRITERS,
    "tags.index": WRITERS,
    "tags.change": WRITERS,
    "tags.fields": WRITERS,
    "tags.create_field": WRITERS,
    "tags.field": WRITERS,
    "tags.change_field": WRITERS,
    "bring_in.form": WRITERS,
    "bring_in.take": WRITERS,
    "programs.index": EVERYONE,
    "programs.board": EVERYONE,
    "programs.new": WRITERS,
    "programs.create": WRITERS,
    "editor.index": WRITERS,
    "editor.canvas": WRITERS,
    "editor.counts": WRITERS,
    "editor.add": WRITERS,
    "editor.act": WRITERS,
    "editor.save": WRITERS,
    "editor.save_chain": WRITERS,
    "editor.change_chains": WRITERS,
    "editor.undo": WRITERS,
    "editor.discard": WRITERS,
    "editor.mail_list": WRITERS,
    "editor.mail": WRITERS,
    "editor.add_mail": WRITERS,
    "editor.save_mail": WRITERS,
    "editor.remove_mail": WRITERS,
    "editor.look": WRITERS,
    "editor.test_mail": WRITERS,
    "editor.frame": WRITERS,
    "editor.save_frame": WRITERS,
    "editor.yaml": WRITERS,
    "editor.save_yaml": WRITERS,
    "editor.plan": WRITERS,
    "editor.publish": WRITERS,
    "editor.versions": WRITERS,
    "editor.roll_back": WRITERS,
    "editor.duplicate": WRITERS,
    "editor.make_duplicate": WRITERS,
    "programs.pause": WRITERS,
    "programs.resume": WRITERS,
    "programs.decide_held": WRITERS,
    "simulations.index": EVERYONE,
    "simulations.begin": WRITERS,
    "simulations.try_out": WRITERS,
    "simulations.one": EVERYONE,
    "simulations.progress": EVERYONE,
    "handoffs.index": EVERYONE,
    "handoffs.one": EVERYONE,
    "handoffs.answer": SELLERS,
    "handoffs.learn": SELLERS,
    "handoffs.note": SELLERS,
    "handoffs.pass_on": SELLERS,
    "handoffs.never": SELLERS,
    "handoffs.into_chain": SELLERS,
    "handoffs.meeting": SELLERS,
    "handoffs.export": WRITERS,
    "teams.index": WRITERS,
    "teams.save_floor": WRITERS,
    "teams.create": WRITERS,
    "teams.change": WRITERS,
    "teams.remove": WRITERS,
    "teams.member": WRITERS,
    "teams.be_away": WRITERS,
    "teams.be_back": WRITERS,
    "teams.add_rule": WRITERS,
    "teams.move_rule": WRITERS,
    "teams.remove_rule": WRITERS,
    "newsletters.index": EVERYONE,
    "newsletters.stats_file": WRITERS,
    "newsletters.create": WRITERS,
    "newsletters.one": EVERYONE,
    "newsletters.progress": EVERYONE,
    "newsletters.save": WRITERS,
    "newsletters.preview": EVERYONE,
    "newsletters.try_words": WRITERS,
    "newsletters.test": WRITERS,
    "newsletters.schedule": WRITERS,
    "newsletters.pause": WRITERS,
    "newsletters.resume": WRITERS,
    "newsletters.cancel": WRITERS,
    "deliveries.index": EVERYONE,
    "deliveries.one": EVERYONE,
    "deliveries.mail": EVERYONE,
    "webhooks.index": WRITERS,
    "receivers.new": ADMINS,
    "receivers.create": ADMINS,
    "receivers.one": WRITERS,
    "receivers.change": ADMINS,
    "receivers.preview": WRITERS,
    "receivers.new_secret": ADMINS,
    "receivers.new_signing_key": ADMINS,
    "receivers.forget_keys": ADMINS,
    "receivers.replay": WRITERS,
    "receivers.switch": ADMINS,
    "receivers.test": WRITERS,
    "receivers.types": WRITERS,
    "webhooks.messages": WRITERS,
    "webhooks.message": WRITERS,
    "webhooks.replay": WRITERS,
    "coming_back.choose_doubt": ADMINS,
    "coming_back.keep_key": ADMINS,
    "transports.index": ADMINS,
    "transports.new": ADMINS,
    "transports.add": ADMINS,
    "transports.one": ADMINS,
    "transports.change": ADMINS,
    "transports.remove": ADMINS,
    "transports.pause": ADMINS,
    "transports.resume": ADMINS,
    "transports.try_out": ADMINS,
    "transports.limit": ADMINS,
    "transports.warm_up": ADMINS,
    "transports.let_send": ADMINS,
    "domains.index": ADMINS,
    "domains.add": ADMINS,
    "domains.one": ADMINS,
    "domains.check": ADMINS,
    "domains.change": ADMINS,
    "domains.remove": ADMINS,
    "domains.new_key": ADMINS,
    "domains.import_key": ADMINS,
    "domains.sign_now": ADMINS,
    "domains.retire_key": ADMINS,
    "senders.index": ADMINS,
    "senders.add": ADMINS,
    "senders.one": ADMINS,
    "senders.change": ADMINS,
    "senders.make_default": ADMINS,
    "senders.remove": ADMINS,
    "settings.index": ADMINS,
    "settings.save_company": ADMINS,
    "users.index": ADMINS,
    "users.invite": ADMINS,
    "users.withdraw": ADMINS,
    "users.link_again": ADMINS,
    "users.one": ADMINS,
    "users.change": ADMINS,
    "users.reset_link": ADMINS,
    "users.remove_factor": ADMINS,
    "users.require_factor": ADMINS,
    "mail.index": ADMINS,
    "mail.try_out": ADMINS,
    "mail.send": ADMINS,
    "mail.save_addresses": ADMINS,
    "test_mails.index": WRITERS,
    "test_mails.send": WRITERS,
    "jobs.index": ADMINS,
    "jobs.retry": ADMINS,
    "jobs.discard": ADMINS,
    "jobs.retry_all": ADMINS,
    "jobs.discard_all": ADMINS,
    "audit.index": ADMINS,
    "audit.export": ADMINS,
    "keys.index": ADMINS,
    "keys.create": ADMINS,
    "keys.revoke": ADMINS,
    "coming_back.index": ADMINS,
    "hits.index": WRITERS,
    "hits.add": WRITERS,
    "hits.end": WRITERS,
    "hits.overrule": WRITERS,
    "activities.index": WRITERS,
    "activities.take": WRITERS,
    "duplicates.index": WRITERS,
    "duplicates.look": WRITERS,
    "duplicates.dismiss": WRITERS,
    "duplicates.bring_back": WRITERS,
    "duplicates.compare": WRITERS,
    "duplicates.merge": WRITERS,
    "duplicates.undo": WRITERS,
    "companies.index": EVERYONE,
    "companies.one": EVERYONE,
    "companies.change": SELLERS,
    "events.index": EVERYONE,
    "events.one": EVERYONE,
    "events.new": WRITERS,
    "events.create": WRITERS,
    "events.edit": WRITERS,
    "events.change": WRITERS,
    "events.turn": WRITERS,
    "events.add_guest": SELLERS,
    "events.add_file": WRITERS,
    "events.guest": SELLERS,
    "events.export": WRITERS,
    "check_in.index": SELLERS,
    "check_in.tap": SELLERS,
    "feedback.page": PUBLIC,
    "feedback.give": PUBLIC,
    "website.index": WRITERS,
    "website.latest": WRITERS,
    "website.add_site": WRITERS,
    "website.remove_site": WRITERS,
    "website.add_rule": WRITERS,
    "website.remove_rule": WRITERS,
    "restraint.index": ADMINS,
    "restraint.block": ADMINS,
    "restraint.unblock": ADMINS,
    "restraint.save": ADMINS,
    "account.index": EVERYONE,
    "account.change_password": EVERYONE,
    "account.save_theme": EVERYONE,
    "account.save_sales_mails": EVERYONE,
    "confirm.page": EVERYONE,
    "confirm.confirm": EVERYONE,
    "second_factor.index": EVERYONE,
    "second_factor.begin": EVERYONE,
    "second_factor.confirm": EVERYONE,
    "second_factor.new_codes": EVERYONE,
    "second_factor.turn_off": EVERYONE,
    "account.save_language": EVERYONE,
}


# Where an administrator may go who has to set up the second factor first.
_BEFORE_THE_FACTOR = ("second_factor.", "confirm.", "account.")


def install(app: Flask) -> None:
    """Check every request against the table."""
    app.before_request(_check)


def check_table(app: Flask) -> None:
    """Raise when an address of the pages has no entry, or an entry no address."""
    pages = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.endpoint.startswith("api")}
    if pages != set(ACCESS):
        raise LookupError(f"web/access.py and the addresses differ: {sorted(pages ^ set(ACCESS))}")
    fresh.check_table(app, {endpoint for endpoint, roles in ACCESS.items() if roles is ADMINS})


def may(endpoint: str) -> bool:
    """Whether the person of this request may open `endpoint`: pages show only what one may do."""
    person = viewer()
    return ACCESS[endpoint] is PUBLIC or (person is not None and person.role in ACCESS[endpoint])


def remember(user_id: int, epoch: int) -> None:
    """Begin a new session for this user; nothing of the one before is kept."""
    session.clear()
    session["user"], session["epoch"] = user_id, epoch
    session.permanent = True
    fresh.remember()


def _check() -> ResponseReturnValue | None:
    endpoint = request.endpoint
    allowed = ACCESS.get(endpoint or "")
    if endpoint is None or endpoint.startswith("api") or allowed is PUBLIC:
        return None
    person = _load_viewer()
    if person is None:
        return _to_sign_in()
    if allowed is None or person.role not in allowed:
        raise Forbidden(_("Your role does not include this. Ask an administrator if you need it."))
    if person.must_add_totp and not endpoint.startswith(_BEFORE_THE_FACTOR):
        return _to("second_factor.index")
    if asked := fresh.ask(endpoint):
        return asked
    if request.method not in ("GET", "HEAD"):
        close_session()
    return None


def _load_viewer() -> Viewer | None:
    user_id, epoch = session.get("user"), session.get("epoch")
    if not isinstance(user_id, int) or not isinstance(epoch, int):
        return None
    person = keep_viewer(shell.person(page_session(), user_id, epoch))
    if person:
        language.serve_user(person.language)
    return person


def _to(endpoint: str) -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return "", 204, {"HX-Redirect": url_for(endpoint)}
    return redirect(url_for(endpoint))


def _to_sign_in() -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return _to("sessions.sign_in")
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("sessions.sign_in", next=None if wanted in (None, "/") else wanted))
