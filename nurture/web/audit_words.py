"""What the lines of the audit log say to a person."""

from typing import Any

from flask import Flask

from nurture.rules.words import _
from nurture.web.wording import says

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

KINDS = {
    "absence": _N("Absences"),
    "address": _N("Addresses kept out"),
    "audit": _N("Audit log"),
    "chain": _N("Chains"),
    "delivery": _N("Deliveries"),
    "demo": _N("Demo data"),
    "domain": _N("Sending domains"),
    "duplicate": _N("Duplicates"),
    "field": _N("Fields"),
    "form": _N("Forms"),
    "handoff": _N("Hand-offs"),
    "handoffs": _N("Many hand-offs at once"),
    "handover": _N("Hand-over"),
    "hit": _N("Verdicts on hits"),
    "import": _N("Imports"),
    "in_doubt": _N("Mails in doubt"),
    "installation": _N("Settings"),
    "invitation": _N("Invitations"),
    "job": _N("Jobs"),
    "key": _N("Keys"),
    "lead": _N("Leads"),
    "leads": _N("Many leads at once"),
    "mail": _N("Mail connection"),
    "model": _N("Heat models"),
    "newsletter": _N("Newsletters"),
    "program": _N("Programs"),
    "provider_key": _N("Keys of mail providers"),
    "restraint": _N("Restraint"),
    "routing_rule": _N("Rules of routing"),
    "second_factor": _N("Second factor"),
    "segment": _N("Segments"),
    "source": _N("Sources"),
    "tag": _N("Tags"),
    "seller": _N("Room of sales"),
    "team": _N("Teams of sales"),
    "sender": _N("Senders"),
    "sending": _N("Sending"),
    "sign_in": _N("Sign-ins"),
    "test_addresses": _N("Test addresses"),
    "pace": _N("Pace"),
    "transport": _N("Ways of sending"),
    "company": _N("Companies"),
    "event": _N("Events"),
    "site": _N("Websites"),
    "visit_rule": _N("Rules over pages"),
    "user": _N("Users"),
    "webhook_endpoint": _N("Webhook receivers"),
    "webhook_message": _N("Webhook messages"),
}
ACTIONS = {
    "audit.exported": _N("took the audit log out as a file"),
    "demo.removed": _N("took the demo data away"),
    "demo.unwanted": _N("asked to take the demo data away"),
    "demo.wanted": _N("asked for demo data"),
    "domain.added": _N("added a sending domain"),
    "domain.changed": _N("changed a sending domain"),
    "domain.key_added": _N("added a key that signs mails"),
    "domain.key_retired": _N("retired a key that signs mails"),
    "domain.key_signs": _N("let a new key sign mails"),
    "domain.removed": _N("removed a sending domain"),
    "form.archived": _N("archived a form"),
    "form.changed": _N("changed a form"),
    "form.created": _N("made a form"),
    "form.restored": _N("let a form take answers again"),
    "lead.consent_noted": _N("noted what a lead said about being written to"),
    "handoff.answered": _N("answered for sales"),
    "absence.added": _N("noted that somebody will be away"),
    "absence.removed": _N("noted that somebody is there after all"),
    "handover.changed": _N("changed what holds for all of sales"),
    "routing_rule.added": _N("added a rule by which leads find sales"),
    "routing_rule.moved": _N("moved a rule by which leads find sales"),
    "routing_rule.removed": _N("took a rule away by which leads find sales"),
    "seller.changed": _N("changed how many leads somebody takes"),
    "team.changed": _N("changed a team of sales"),
    "team.created": _N("made a team of sales"),
    "team.removed": _N("took a team of sales away"),
    "handoffs.exported": _N("took hand-offs out as a file"),
    "handoff.passed_on": _N("passed a lead on to a colleague"),
    "leads.consent": _N("noted a consent of many leads"),
    "leads.consent.undone": _N("took a noted consent of many leads back"),
    "leads.job_cancelled": _N("stopped a change of many leads"),
    "lead.graded": _N("set the grade of a lead by hand"),
    "lead.put_off": _N("chose when a lead comes back"),
    "lead.never_mail": _N("ended all mails to a lead"),
    "hit.overruled": _N("overruled a verdict"),
    "hit.pattern_added": _N("overruled a whole network or program"),
    "hit.pattern_ended": _N("left a network or program to the rules again"),
    "import.begun": _N("began an import"),
    "import.discarded": _N("threw an upload away"),
    "import.tried": _N("tried an import"),
    "import.uploaded": _N("uploaded a file of leads"),
    "in_doubt.changed": _N("changed what happens to mails in doubt"),
    "installation.changed": _N("changed the settings"),
    "installation.pepper_forgotten": _N("went on without the lost pepper"),
    "installation.restored": _N("brought a backup back"),
    "installation.set_up": _N("set the installation up"),
    "invitation.made": _N("invited somebody"),
    "invitation.withdrawn": _N("withdrew an invitation"),
    "job.discarded": _N("threw failed jobs away"),
    "job.retried": _N("had failed jobs tried again"),
    "key.created": _N("made a key"),
    "key.revoked": _N("revoked a key"),
    "lead.changed": _N("changed a lead by hand"),
    "lead.erased": _N("erased a lead"),
    "lead.merged": _N("merged another lead into a lead"),
    "duplicate.dismissed": _N("said of two leads that they are not one person"),
    "duplicate.brought_back": _N("took back that two leads are not one person"),
    "lead.unmerged": _N("took a merge of leads back"),
    "lead.exported": _N("took out what is kept about a lead"),
    "leads.exported": _N("took leads out as a file"),
    "leads.hold": _N("held leads out of programs"),
    "leads.hold.undone": _N("undid holding leads out"),
    "leads.let_in": _N("let leads into programs"),
    "leads.let_in.undone": _N("undid letting leads in"),
    "leads.owner": _N("gave leads an owner"),
    "leads.owner.undone": _N("undid giving leads an owner"),
    "leads.start": _N("started leads in a chain"),
    "leads.start.undone": _N("undid starting leads in a chain"),
    "leads.tag": _N("tagged leads"),
    "leads.tag.undone": _N("undid tagging leads"),
    "leads.untag": _N("took a tag off leads"),
    "leads.untag.undone": _N("undid taking a tag off"),
    "mail.tested": _N("tested the mail connection"),
    "mail.test_sent": _N("had a test mail sent"),
    "model.published": _N("made a heat model live"),
    "model.draft_begun": _N("began a draft of a heat model"),
    "model.trained": _N("trained the target score"),
    "model.created": _N("began a new heat model"),
    "model.draft_discarded": _N("threw the draft of a heat model away"),
    "model.approved": _N("handed over leads that a new heat model found ripe"),
    "model.declined": _N("kept leads back that a new heat model found ripe"),
    "newsletter.cancelled": _N("cancelled a newsletter"),
    "newsletter.changed": _N("changed a newsletter"),
    "newsletter.created": _N("began a newsletter"),
    "newsletter.paused": _N("paused a newsletter"),
    "newsletter.resumed": _N("resumed a newsletter"),
    "newsletter.scheduled": _N("scheduled a newsletter"),
    "newsletter.tested": _N("sent a newsletter as a test"),
    "chain.enrolled": _N("put leads into a chain"),
    "program.changed": _N("changed a program"),
    "program.held_decided": _N("decided about those who came due in a pause"),
    "program.loaded": _N("loaded a program"),
    "program.paused": _N("paused a program"),
    "program.published": _N("published a program"),
    "program.rolled_back": _N("went back to an older version of a program"),
    "program.created": _N("began a program"),
    "program.simulated": _N("simulated a program"),
    "program.tried": _N("had the mails of a program sent as a test"),
    "program.draft_begun": _N("began to change a program"),
    "program.draft_discarded": _N("threw a draft away"),
    "program.resumed": _N("resumed a program"),
    "address.suppressed": _N("kept an address out"),
    "address.let_in": _N("let an address in again"),
    "installation.backup_made": _N("made a backup"),
    "installation.key_used": _N("signed with a secret key for the first time"),
    "installation.keys_forgotten": _N("went on without the secret keys that were lost"),
    "provider_key.changed": _N("changed the key of a mail provider"),
    "restraint.changed": _N("changed how much one lead is written to"),
    "second_factor.codes_renewed": _N("made new recovery codes"),
    "second_factor.failed": _N("gave a wrong code"),
    "second_factor.off": _N("turned a second factor off"),
    "second_factor.on": _N("turned the second factor on"),
    "second_factor.recovery_code_used": _N("came in with a recovery code"),
    "field.changed": _N("changed a field"),
    "field.created": _N("made a field"),
    "field.removed": _N("deleted a field with its values"),
    "segment.changed": _N("changed a segment"),
    "segment.created": _N("made a segment"),
    "segment.removed": _N("deleted a segment"),
    "company.created": _N("made a company"),
    "company.changed": _N("changed a company"),
    "event.created": _N("made an event"),
    "event.changed": _N("changed an event"),
    "event.called_off": _N("called an event off"),
    "event.registered": _N("registered guests of an event"),
    "event.checked_in": _N("noted that a guest is there"),
    "event.check_in_undone": _N("noted that a guest was not there after all"),
    "event.struck": _N("struck a guest off the list"),
    "event.closed": _N("closed the list of an event"),
    "event.reopened": _N("opened the list of an event again"),
    "event.feedback_asked": _N("asked guests for feedback"),
    "event.rated": _N("noted what a guest thought of an event"),
    "event.exported": _N("took the guests of an event out as a file"),
    "site.added": _N("let a website report visits"),
    "site.removed": _N("took a website off the list"),
    "visit_rule.added": _N("said what looks at some pages mean"),
    "visit_rule.removed": _N("took a rule over pages away"),
    "source.changed": _N("changed a source"),
    "source.created": _N("made a source"),
    "source.merged": _N("merged a source into another"),
    "source.removed": _N("deleted a source"),
    "tag.removed": _N("took a tag off everybody"),
    "tag.renamed": _N("renamed a tag"),
    "sender.paused": _N("paused a sender"),
    "sender.resumed": _N("let a sender go on"),
    "sending.resumed": _N("resumed sending"),
    "sending.stopped": _N("stopped all sending"),
    "sending.went_live": _N("went live"),
    "sign_in.done": _N("signed in"),
    "sign_in.failed": _N("failed to sign in"),
    "test_addresses.changed": _N("changed the test addresses"),
    "pace.limited": _N("changed how fast mails go out"),
    "pace.warm_up_ended": _N("ended warming up"),
    "pace.warmed": _N("began to warm up"),
    "transport.added": _N("added a way of sending"),
    "transport.changed": _N("changed a way of sending"),
    "transport.chosen": _N("chose a way of sending"),
    "transport.paused": _N("paused a way of sending"),
    "transport.removed": _N("removed a way of sending"),
    "transport.resumed": _N("let a way of sending go on"),
    "transport.tried": _N("tried a way of sending out"),
    "user.changed": _N("changed a user"),
    "user.created": _N("made a user"),
    "user.password_changed": _N("changed the password"),
    "user.reset_link_asked": _N("asked for a link to a new password"),
    "user.reset_link_made": _N("made a link to a new password"),
    "domain.blocked": _N("closed a domain to mails"),
    "domain.unblocked": _N("opened a domain to mails again"),
    "lead.into_chain": _N("put a lead into a chain from the inbox"),
    "webhook_endpoint.changed": _N("changed a webhook receiver"),
    "webhook_endpoint.created": _N("added a webhook receiver"),
    "webhook_endpoint.old_keys_forgotten": _N("let the old keys of a receiver go"),
    "webhook_endpoint.secret_rotated": _N("made a new signing secret"),
    "webhook_endpoint.signing_key_made": _N("made a key pair for a receiver"),
    "webhook_endpoint.tested": _N("tested a webhook receiver"),
    "webhook_message.range_replayed": _N("sent the webhook messages of a time again"),
    "webhook_message.replayed": _N("sent a webhook message again"),
}
SUBJECTS = {
    "audit": _N("the audit log"),
    "absence": _N("absence %(id)s"),
    "bulk_change": _N("change %(id)s"),
    "chain": _N("chain %(id)s"),
    "delivery": _N("delivery %(id)s"),
    "handoff": _N("hand-off %(id)s"),
    "handoffs": _N("hand-offs"),
    "hit": _N("hit %(id)s"),
    "import": _N("import %(id)s"),
    "installation": _N("the installation"),
    "invitation": _N("invitation %(id)s"),
    "job": _N("job %(id)s"),
    "key": _N("key %(id)s"),
    "lead": _N("lead %(id)s"),
    "leads": _N("leads"),
    "mail": _N("mail %(id)s"),
    "mail_connection": _N("the mail connection"),
    "model": _N("model %(id)s"),
    "approvals": _N("leads to approve"),
    "target_score": _N("the target score"),
    "newsletter": _N("newsletter %(id)s"),
    "pattern": _N("pattern %(id)s"),
    "program": _N("program %(id)s"),
    "segment": _N("segment %(id)s"),
    "sender": _N("sender %(id)s"),
    "routing_rule": _N("rule %(id)s"),
    "team": _N("team %(id)s"),
    "user": _N("user %(id)s"),
    "webhook_endpoint": _N("receiver %(id)s"),
    "webhook_message": _N("message %(id)s"),
    "webhook_messages": _N("messages"),
}
_FIELDS = {
    "body": _N("text"),
    "color": _N("colour"),
    "company_name": _N("company name"),
    "description": _N("description"),
    "language": _N("language"),
    "name": _N("name"),
    "postal_address": _N("postal address"),
    "preheader": _N("preview line"),
    "reply_to": _N("address for answers"),
    "segment": _N("segment"),
    "sender_email": _N("sender address"),
    "sender_name": _N("sender name"),
    "subject": _N("subject"),
    "timezone": _N("time zone"),
    "condition": _N("condition"),
    "admins_need_totp": _N("second factor a must"),
    "days": _N("days"),
    "kept_out": _N("kept out"),
    "inside": _N("those inside"),
    "most": _N("mails at most"),
    "n": _N("how many"),
    "outcome": _N("answer"),
    "over": _N("over the cap"),
    "role": _N("role"),
    "verdict": _N("verdict"),
    "version": _N("version"),
    "what": _N("what"),
}


def install(app: Flask) -> None:
    app.jinja_env.filters.update(audit_action=action, audit_detail=detail)
    app.jinja_env.filters.update(audit_kind=kind, audit_actor=actor, audit_subject=subject)


def action(name: str) -> str:
    """What was done, as the end of a sentence that begins with who."""
    words = ACTIONS.get(name)
    return _(words) if words else name.replace("_", " ").replace(".", " ")


def kind(name: str) -> str:
    words = KINDS.get(name)
    return _(words) if words else name.replace("_", " ")


def actor(who: str, name: str) -> str:
    """Who did it: a person or key by name, everything else in words."""
    if name:
        return _("%s (key)") % name if who.startswith("key:") else name
    origin, _colon, number = who.partition(":")
    words = {
        "terminal": _("the terminal"),
        "system": _("the program itself"),
        "visitor": _("somebody not signed in"),
        "invitation": _("an invitation"),
        "user": _("user %s") % number,
        "key": _("key %s") % number,
        "answer_link": _("the signed link of a hand-off"),
    }
    return words.get(origin, who)


def subject(thing: str, name: str) -> str:
    """What it was done to."""
    if name:
        return name
    what, colon, number = thing.partition(":")
    if what == "user" and not colon:
        return _("an unknown address")
    words = SUBJECTS.get(what)
    return _(words) % {"id": number} if words else thing


def detail(kept: dict[str, Any]) -> str:
    """What changed, in words: "role: Viewer → Administrator"."""
    parts = []
    for name, value in kept.items():
        field = _field(name)
        if isinstance(value, list) and len(value) == 2:
            before, after = (_value(name, one) for one in value)
            parts.append(f"{field}: {before} → {after}" if value[0] is not None else f"{field}: {after}")
        else:
            parts.append(f"{field}: {_value(name, value)}")
    return ", ".join(parts)


def _field(name: str) -> str:
    return _(_FIELDS[name]) if name in _FIELDS else name.replace("_", " ")


def _value(name: str, value: Any) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name == "role":
        return says(str(value), "role")
    if name == "inside":
        return says(str(value), "choice")
    if isinstance(value, list):
        return ", ".join(_field(str(one)) for one in value) or "–"
    return str(value)
