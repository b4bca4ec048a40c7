"""Everything that a page does or shows, a program can do or ask for: each page names its twins in the API."""

from flask import Flask
from werkzeug.routing import Rule

from nurture.web.access_table import ACCESS, PUBLIC
from nurture.web.api.access_table import ACCESS as API

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# The change of a page -> the calls that do the same.
TWINS: dict[str, str] = {
    "overview.stop_sending": "sending.stop",
    "account.save_sales_mails": "users.sales_mails",
    "overview.resume_sending": "sending.resume",
    "overview.go_live": "sending.live",
    "demo.ask": "demo.make",
    "demo.remove": "demo.remove",
    "chain.test": "mail.test",
    "test_mails.send": "mail.test",
    "mail.send": "mail.try_out",
    "mail.try_out": "mail.try_out",
    "mail.save_addresses": "mail.keep_addresses",
    "leads.change": "lead-changes.change",
    "leads.undo": "lead-changes.undo",
    "leads.change_job": "lead-changes.cancel_job lead-changes.undo_job",
    "leads.export": "exports.leads",
    "leads.edit": "leads.change",
    "leads.edit_bant": "leads.change",
    "leads.note_consent": "consents.create",
    "forms.create": "forms.create",
    "forms.change": "forms.change",
    "forms.archive": "forms.archive",
    "forms.restore": "forms.restore",
    "leads.take_out": "exports.data",
    "leads.erase": "leads.erase",
    "leads.add_touch": "touches.add",
    "leads.take_back_touch": "signals.take_back",
    "duplicates.look": "merges.look",
    "duplicates.dismiss": "merges.dismiss",
    "duplicates.bring_back": "merges.bring_back",
    "duplicates.merge": "merges.merge",
    "duplicates.undo": "merges.undo",
    "imports.upload": "import-drafts.bring",
    "imports.begin": "import-drafts.choose",
    "imports.discard": "import-drafts.discard",
    "segments.create": "segments.create",
    "segments.change": "segments.change",
    "segments.remove": "segments.remove",
    "segments.preview": "segments.preview",
    "sources.create": "sources.create",
    "sources.change": "sources.change sources.merge sources.remove",
    "tags.change": "tags.rename tags.remove",
    "tags.create_field": "tags.create_field",
    "tags.change_field": "tags.change_field tags.remove_field",
    "programs.create": "drafts.create",
    "editor.make_duplicate": "drafts.create",
    "editor.add": "drafts.write",
    "editor.act": "drafts.write",
    "editor.save": "drafts.write",
    "editor.save_chain": "drafts.write",
    "editor.change_chains": "drafts.write",
    "editor.save_frame": "drafts.write",
    "editor.save_yaml": "drafts.write",
    "editor.add_mail": "mail-words.create",
    "editor.save_mail": "mail-words.change",
    "editor.remove_mail": "drafts.write",
    "editor.test_mail": "drafts.test",
    "editor.undo": "drafts.undo drafts.redo",
    "editor.discard": "drafts.discard",
    "editor.publish": "programs.publish",
    "editor.roll_back": "drafts.roll_back",
    "programs.pause": "programs.pause",
    "programs.resume": "programs.resume",
    "programs.decide_held": "programs.held",
    "bring_in.take": "bring_in.bring",
    "handoffs.answer": "handoffs.outcome",
    "handoffs.learn": "desk.learn leads.change",
    "handoffs.note": "desk.note touches.add",
    "handoffs.pass_on": "teams.pass_handoff_on",
    "handoffs.never": "desk.never_mail",
    "handoffs.export": "exports.handoffs",
    "teams.save_floor": "teams.save_floor",
    "teams.create": "teams.create_team",
    "teams.change": "teams.change_team",
    "teams.remove": "teams.remove_team",
    "teams.member": "teams.change_seller",
    "teams.be_away": "teams.add_absence",
    "teams.be_back": "teams.remove_absence",
    "teams.add_rule": "teams.add_rule",
    "teams.move_rule": "teams.move_rule",
    "teams.remove_rule": "teams.remove_rule",
    "newsletters.create": "newsletters.create",
    "newsletters.save": "newsletters.change",
    "newsletters.test": "newsletters.test",
    "newsletters.schedule": "newsletters.schedule",
    "newsletters.pause": "newsletters.pause",
    "newsletters.resume": "newsletters.resume",
    "newsletters.cancel": "newsletters.cancel",
    "webhooks.replay": "webhooks.replay",
    "receivers.create": "webhooks.create",
    "receivers.change": "webhooks.change",
    "receivers.preview": "webhooks.preview",
    "receivers.new_secret": "webhooks.new_secret",
    "receivers.new_signing_key": "webhooks.new_signing_key",
    "receivers.forget_keys": "webhooks.forget_old_keys",
    "receivers.replay": "webhooks.replay_many",
    "receivers.switch": "webhooks.change webhooks.remove",
    "receivers.test": "webhooks.test",
    "website.add_site": "website.add_site",
    "website.keep": "website.keep",
    "website.remove_site": "website.remove_site",
    "website.add_rule": "website.add_rule",
    "website.remove_rule": "website.remove_rule",
    "events.create": "events.create",
    "events.change": "events.change",
    "events.turn": "events.close events.reopen events.call_off events.ask",
    "events.add_guest": "events.register",
    "events.add_file": "events.register",
    "events.guest": "events.check_in events.undo_check_in events.strike events.register",
    "events.export": "events.export",
    "check_in.tap": "events.check_in events.undo_check_in",
    "companies.change": "companies.change",
    "company_merges.merge": "company-merges.merge",
    "company_merges.undo": "company-merges.undo",
    "activities.take": "activities.take",
    "hits.add": "hits.add",
    "hits.end": "hits.end",
    "hits.overrule": "hits.overrule",
    "hits.set_trap_link": "hits.set_trap_link",
    "coming_back.choose_doubt": "coming_back.choose",
    "coming_back.keep_key": "coming_back.keep",
    "transports.add": "transports.create",
    "transports.change": "transports.change",
    "transports.remove": "transports.remove",
    "transports.pause": "transports.pause",
    "transports.resume": "transports.resume",
    "transports.try_out": "transports.try_out",
    "transports.limit": "pace.limit",
    "transports.warm_up": "pace.warm_up",
    "transports.let_send": "pace.let_send",
    "senders.add": "senders.create",
    "senders.change": "senders.change",
    "senders.make_default": "senders.change",
    "senders.remove": "senders.remove",
    "domains.add": "domains.create",
    "domains.check": "domains.check",
    "domains.change": "domains.change",
    "domains.remove": "domains.remove",
    "domains.new_key": "domains.new_key",
    "domains.import_key": "domains.new_key",
    "domains.sign_now": "domains.sign",
    "domains.retire_key": "domains.retire",
    "settings.save_company": "sending.change",
    "restraint.save": "sending.set_cap",
    "users.invite": "users.invite",
    "users.withdraw": "users.withdraw",
    "users.link_again": "users.invite_again",
    "users.change": "users.change users.remove",
    "users.reset_link": "users.reset_link",
    "users.remove_factor": "users.remove_factor",
    "jobs.retry": "jobs.retry",
    "jobs.discard": "jobs.discard",
    "jobs.retry_all": "jobs.retry_all",
    "jobs.discard_all": "jobs.discard_all",
    "keys.create": "keys.create",
    "keys.revoke": "keys.revoke",
    "leads.grade": "judgements.set_grade",
    "leads.put_off": "judgements.set_future",
    "models.train": "target-score.train",
    "models.take_portrait": "models.put_draft",
    "handoffs.into_chain": "desk.into_chain",
    "leads.start": "lead-changes.change",
    "models.ask": "models.ask_preview",
    "models.create": "models.create",
    "models.decide": "models.decide",
    "models.discard": "models.discard_draft",
    "models.publish": "models.publish",
    "models.save": "models.put_draft",
    "models.take_version": "models.take_version",
    "restraint.block": "suppressions.block",
    "restraint.unblock": "suppressions.unblock",
    "simulations.begin": "simulations.simulate",
    "simulations.try_out": "simulations.try_out",
}
_OWN = "belongs to a person who is signed in, and a key is nobody"
# Changes of pages that no call makes, and why that is right.
ALONE: dict[str, str] = {
    "account.change_password": _OWN,
    "account.save_theme": _OWN,
    "account.save_language": _OWN,
    "confirm.confirm": _OWN,
    "second_factor.begin": _OWN,
    "second_factor.confirm": _OWN,
    "second_factor.new_codes": _OWN,
    "second_factor.turn_off": _OWN,
    "leads.save_view": "a view is a person's own address of the list; a program keeps its own query",
    "leads.change_view": "the same",
    "users.require_factor": "its person needs a second factor first: nobody locks themselves out",
    "newsletters.try_words": "shows words while they are typed; a program keeps them, then previews",
    "forms.look": "shows a form while it is typed; a program keeps it, then opens its address",
    "segments.read_text": "turns typed text into the form; the API speaks the condition itself",
}


# What a page shows -> the calls that tell it.
LOOKS: dict[str, str] = {
    "overview.index": "overview.index sending.state",
    "overview.now_going": "newsletters.list_newsletters",
    "calendar.index": "calendar.entries",
    "calendar.day": "calendar.who",
    "leads.index": "leads.list_leads",
    "leads.card": "leads.one leads.explain target-score.of_lead",
    "leads.timeline": "leads.timeline",
    "leads.job": "lead-changes.job",
    "leads.job_progress": "lead-changes.job",
    "why.lead": "why.lead",
    "why.in_short": "why.lead",
    "duplicates.index": "merges.list_duplicates",
    "duplicates.compare": "leads.one",
    "companies.index": "companies.list_companies",
    "companies.one": "companies.one",
    "company_merges.compare": "company-merges.preview",
    "events.index": "events.list_events",
    "events.one": "events.one events.list_guests",
    "check_in.index": "events.list_guests",
    "events.edit": "events.one",
    "forms.index": "forms.list_forms",
    "forms.one": "forms.one forms.list_submissions",
    "forms.edit": "forms.one",
    "segments.index": "segments.list_segments",
    "segments.one": "segments.one",
    "sources.index": "sources.list_sources",
    "sources.one": "sources.one",
    "tags.index": "tags.list_tags",
    "tags.fields": "tags.list_fields",
    "tags.field": "tags.list_fields",
    "programs.index": "programs.list_programs",
    "programs.board": "programs.one programs.list_chains",
    "chain.one": "programs.chain",
    "chain.mail": "mail-words.preview",
    "statistics.chain": "statistics.chain",
    "statistics.chain_file": "statistics.chain_file",
    "statistics.program": "statistics.program",
    "statistics.program_file": "statistics.program_file",
    "editor.index": "drafts.one",
    "editor.canvas": "drafts.one",
    "editor.counts": "programs.chain",
    "editor.mail_list": "drafts.one mail.list_mails",
    "editor.mail": "mail-words.one",
    "editor.look": "mail-words.preview mail-words.check",
    "editor.frame": "drafts.one",
    "editor.yaml": "drafts.one",
    "editor.plan": "drafts.plan drafts.plan_of_chain",
    "editor.versions": "drafts.versions drafts.difference",
    "simulations.index": "simulations.list_simulations",
    "simulations.one": "simulations.one",
    "simulations.progress": "simulations.one",
    "newsletters.index": "newsletters.list_newsletters",
    "newsletters.one": "newsletters.one newsletters.stats",
    "newsletters.progress": "newsletters.stats",
    "newsletters.stats_file": "newsletters.stats_file",
    "newsletters.preview": "newsletters.preview",
    "deliveries.index": "deliveries.list_deliveries",
    "deliveries.one": "deliveries.one",
    "deliveries.mail": "deliveries.mail",
    "handoffs.index": "handoffs.list_handoffs",
    "handoffs.one": "handoffs.one",
    "teams.index": "teams.list_teams teams.list_sellers teams.list_rules teams.list_absences teams.floor",
    "models.index": "models.list_models",
    "models.edit": "models.draft",
    "models.look_ahead": "models.preview",
    "models.ahead_progress": "models.preview",
    "models.switch": "models.switch",
    "models.version": "models.version",
    "models.readiness": "judgements.nearly judgements.later",
    "models.what_if": "judgements.what_if",
    "models.potential": "judgements.potential",
    "models.target": "target-score.standing",
    "models.target_progress": "target-score.standing",
    "models.approvals": "models.list_approvals",
    "imports.index": "imports.list_imports",
    "imports.one": "imports.one import-drafts.one imports.errors",
    "imports.progress": "imports.one",
    "imports.bad_rows": "imports.bad_rows",
    "webhooks.index": "webhooks.list_endpoints",
    "webhooks.messages": "webhooks.list_messages",
    "webhooks.message": "webhooks.message",
    "receivers.one": "webhooks.one",
    "receivers.new": "webhooks.list_presets",
    "receivers.types": "webhooks.list_types",
    "settings.index": "sending.company",
    "restraint.index": "sending.cap suppressions.list_domains",
    "hits.index": "hits.list_patterns",
    "website.index": "website.standing",
    "website.latest": "website.standing",
    "senders.index": "senders.list_senders",
    "senders.one": "senders.one",
    "transports.index": "transports.list_transports pace.stands",
    "transports.one": "transports.one",
    "domains.index": "domains.list_domains",
    "domains.one": "domains.one",
    "coming_back.index": "coming_back.standing",
    "users.index": "users.list_users users.list_invitations",
    "users.one": "users.one",
    "keys.index": "keys.list_keys",
    "audit.index": "audit.list_audit",
    "audit.export": "audit.list_audit",
    "jobs.index": "jobs.state jobs.list_failed",
    "mail.index": "mail.addresses",
    "test_mails.index": "mail.list_mails",
    "demo.index": "demo.state",
    "demo.progress": "demo.state",
}
_EMPTY_FORM = "an empty form; the description of the API says what may stand in it"
SEEN_ALONE: dict[str, str] = {
    "account.index": _OWN,
    "confirm.page": _OWN,
    "second_factor.index": _OWN,
    "activities.index": _EMPTY_FORM,
    "bring_in.form": _EMPTY_FORM,
    "editor.duplicate": _EMPTY_FORM,
    "events.new": _EMPTY_FORM,
    "forms.new": _EMPTY_FORM,
    "programs.new": _EMPTY_FORM,
    "segments.new": _EMPTY_FORM,
    "transports.new": _EMPTY_FORM,
    "handoffs.meeting": "the date as a file for a calendar; the hand-off itself tells it",
}


def changes(app: Flask) -> set[str]:
    """Every change that a page for signed-in people makes."""
    return {rule.endpoint for rule in app.url_map.iter_rules() if _is_change(rule)}


def test_each_change_of_a_page_has_its_twin_or_a_reason(app: Flask) -> None:
    assert set(TWINS) & set(ALONE) == set()
    assert changes(app) == set(TWINS) | set(ALONE)


def test_what_each_page_shows_a_program_can_ask_for(app: Flask) -> None:
    assert set(LOOKS) & set(SEEN_ALONE) == set()
    assert looks(app) == set(LOOKS) | set(SEEN_ALONE)
    closed = {
        f"{page}: {call}"
        for page, calls in LOOKS.items()
        for call in calls.split()
        if not ACCESS[page] <= API[f"api-{call}"]
    }
    assert closed == set()


def test_a_page_is_never_open_to_a_role_whose_key_is_refused(app: Flask) -> None:
    refused = {
        f"{page}: {call}"
        for page, calls in TWINS.items()
        for call in calls.split()
        if not ACCESS[page] <= API[f"api-{call}"]
    }
    assert refused <= KEPT_FROM_KEYS, refused - KEPT_FROM_KEYS


# A key that leaks works from anywhere: what only a person should do by hand is closed to its role. A key is
# nobody: what everybody chooses for themselves, it chooses for others, as an administrator.
KEPT_FROM_KEYS = frozenset({"mail.send: mail.try_out", "account.save_sales_mails: users.sales_mails"})


def looks(app: Flask) -> set[str]:
    """Every page that somebody who is signed in may look at."""
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or set())
        and not rule.endpoint.startswith("api")
        and ACCESS[rule.endpoint] is not PUBLIC
    }


def _is_change(rule: Rule) -> bool:
    is_page = not rule.endpoint.startswith("api")
    return is_page and bool(CHANGING & (rule.methods or set())) and ACCESS[rule.endpoint] is not PUBLIC
