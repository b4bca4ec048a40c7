"""The words a person reads for the names that rows hold. A name without words is shown as it is."""

from collections.abc import Mapping

from babel.dates import get_day_names
from flask import Flask

from nurture.rules import bounces, domains
from nurture.rules.providers import NAMES
from nurture.rules.timing import WEEKDAYS
from nurture.rules.words import _, retold
from nurture.web.happenings import ANSWER_REASONS, BUYING_ROLES, EXITS, SIGNS, STAGE_REASONS, VERDICTS
from nurture.web.language import locale

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

STAGES = {
    "visitor": _N("Visitor"),
    "inquiry": _N("Inquiry"),
    "lead": _N("Lead"),
    "sales_ready": _N("Sales ready"),
    "opportunity": _N("Opportunity"),
    "customer": _N("Customer"),
    "lost": _N("Lost"),
}
GUESTS = {
    "registered": _N("registered"),
    "attended": _N("came"),
    "no_show": _N("did not come"),
    "cancelled": _N("struck off"),
}
TEMPERATURES = {"cold": _N("Cold"), "warm": _N("Warm"), "hot": _N("Hot")}
TEMPERATURE_ICONS = {"cold": "snowflake", "warm": "sun", "hot": "flame"}
SIGNALS = {
    "opened": _N("Opened"),
    "clicked": _N("Clicked"),
    "replied": _N("Replied"),
    "visited": _N("Visited the website"),
    "downloaded": _N("Downloaded"),
    "viewed_product": _N("Looked at a product"),
    "form_submitted": _N("Sent a form"),
    "subscribed": _N("Subscribed"),
    "unsubscribed": _N("Unsubscribed"),
    "followed": _N("Followed us"),
    "business_card": _N("Left a business card"),
    "event_registered": _N("Registered for an event"),
    "event_attended": _N("Attended an event"),
    "event_no_show": _N("Did not come to an event"),
    "feedback": _N("Gave feedback"),
    "called": _N("Called"),
    "phoned": _N("We phoned"),
    "met": _N("Met us"),
    "partner_referral": _N("Came from a partner"),
    "meeting_requested": _N("Asked for a meeting"),
    "meeting_booked": _N("Booked a meeting"),
    "partner_meeting": _N("A partner set up a meeting"),
    "offer_viewed": _N("Looked at the offer"),
    "note": _N("Note"),
}
TRANSPORTS = {
    "working": _N("works"),
    "resting": _N("is away"),
    "on_trial": _N("is tried again"),
    "paused": _N("paused"),
}
TRANSPORT_KINDS = {
    "smtp": _N("Mail server"),
    "ses": "Amazon SES",
    "mailgun": "Mailgun",
    "postmark": "Postmark",
    "sendgrid": "SendGrid",
}
DELIVERIES = {
    "scheduled": _N("scheduled"),
    "ready": _N("waiting to go out"),
    "leased": _N("going out"),
    "sending": _N("going out"),
    "sent": _N("sent"),
    "deferred": _N("put off"),
    "failed": _N("failed"),
    "skipped": _N("skipped"),
    "cancelled": _N("cancelled"),
    "uncertain": _N("may or may not have gone out"),
}
HANDOFFS = {
    "waiting": _N("waits for capacity"),
    "released": _N("at sales, no answer yet"),
    "accepted": _N("accepted"),
    "contacted": _N("contacted"),
    "meeting": _N("meeting set"),
    "later": _N("later"),
    "rejected": _N("rejected"),
    "won": _N("won"),
    "lost": _N("lost"),
    "withdrawn": _N("withdrawn"),
}
OUTCOMES = {
    "accepted": _N("Accept"),
    "contacted": _N("Contacted"),
    "meeting": _N("Meeting set"),
    "later": _N("Later"),
    "rejected": _N("Reject"),
    "won": _N("Won"),
    "lost": _N("Lost"),
}
HANDOFF_EVENTS = {
    "released": _N("Handed over"),
    "warned": _N("Reminded: the time runs out"),
    "overdue": _N("Late: nobody had called in time"),
    "rerouted": _N("Given to somebody else"),
    "passed_on": _N("Passed on"),
    "asked": _N("Asked what came of it"),
    "returned": _N("Taken back: no answer"),
    "noted": _N("Note"),
    "into_chain": _N("Put into a chain"),
}
# Reasons of sales; others are shown as they were written.
WHY_NOT = {
    "not_ready": _N("not ready yet"),
    "no_answer": _N("cannot be reached"),
    "no_budget": _N("no budget"),
    "wrong_person": _N("the wrong person"),
    "wrong_audience": _N("not our audience"),
    "false_data": _N("false data"),
    "competitor": _N("a competitor"),
    "competitor_won": _N("chose another one"),
    "price": _N("price"),
    "no_need": _N("no need any more"),
    "timing": _N("not now"),
    "other": _N("another reason"),
}
CAUSES = {
    "threshold": _N("readiness passed the threshold"),
    "direct_request": _N("asked for it directly"),
    "bant": _N("all four BANT answers are yes"),
    "step": _N("a step of the chain"),
    "hand": _N("by hand"),
}
BANT = {"budget": _N("Budget"), "authority": _N("Authority"), "need": _N("Need"), "timing": _N("Timing")}
ANSWERS = {"unknown": _N("Unknown"), "no": _N("No"), "partly": _N("Partly"), "yes": _N("Yes")}
PURPOSES = {"marketing": _N("Articles, invitations and offers"), "newsletter": _N("Newsletter")}
ROLES = {
    "admin": _N("Administrator"),
    "marketer": _N("Marketer"),
    "sales": _N("Sales"),
    "viewer": _N("Viewer"),
}
PROGRAMS = {"draft": _N("Draft"), "live": _N("Live"), "paused": _N("Paused")}
POSTS = {
    "pending": _N("waiting"),
    "posting": _N("going out"),
    "delivered": _N("delivered"),
    "failed": _N("given up"),
}
RESTING = {
    "newsletter_only": _N("came to the end, newsletters only"),
    "repeat": _N("came to the end, begins again later"),
    "rest": _N("rests after its temperature changed"),
    "holdout": _N("belongs to the group that is compared with"),
    "circle": _N("the chain went in a circle: look at its goto steps"),
    "chain_removed": _N("its chain was taken out of the program"),
}
NEWSLETTERS = {
    "draft": _N("draft"),
    "scheduled": _N("scheduled"),
    "sending": _N("going out"),
    "paused": _N("paused"),
    "sent": _N("sent"),
    "cancelled": _N("cancelled"),
}
DUE = {
    "with_sales": _N("sales is talking to the lead"),
    "own_pause": _N("the lead asked for a pause"),
    "spread": _N("came due in a pause, its turn comes"),
    "held": _N("came due in a pause, a person decides"),
    "local_time": _N("waits for the reader's own local time"),
    "wait": _N("waits as written"),
    "wait_until": _N("waits for the day and hour"),
    "wait_date": _N("waits for a date of the lead"),
    "wait_for": _N("waits for a signal"),
    "looping": _N("went round and round, a person decides"),
    "window": _N("outside the hours in which the program writes"),
    "frequency": _N("had enough mails for now"),
    "edited": _N("the chain was changed, its turn comes"),
    "step_removed": _N("its step was taken out, it goes on behind it"),
}
REASONS = {
    "no_answer_after_dot": _N("the server fell silent after the text"),
    "sender_died_after_dot": _N("the sending process died before it heard the answer"),
    "in_doubt": _N("the answer was lost: it is sent once more"),
    "no_address": _N("no e-mail address"),
    "erased": _N("the lead was erased"),
    "demo": _N("an invented lead: nothing is sent to it"),
    "not_live": _N("not live yet, and not a test address"),
    "stopped": _N("sending was stopped"),
    "suppressed": _N("the address must not be written to"),
    "no_consent": _N("no consent for this purpose"),
    "unsubscribed": _N("unsubscribed"),
    "own_pause": _N("asked for a pause"),
    "with_sales": _N("sales was talking to the lead"),
    "newsletter_cancelled": _N("the newsletter was cancelled"),
    "window": _N("outside the hours in which the program writes"),
    "frequency": _N("had enough mails for now"),
    "had_it": _N("had this mail before"),
    "merged": _N("had this mail as another lead, before the two were merged"),
    "step_removed": _N("the step was taken out of the chain"),
    "chain_removed": _N("the chain was taken out of the program"),
}
CHANNELS = {
    "by_hand": _N("by hand"),
    "phone": _N("on the phone"),
    "paper": _N("on paper"),
    "fair": _N("at a fair"),
    "in_person": _N("in person"),
    "demo": _N("in the demo data"),
    "import": _N("by import"),
    "merge": _N("by a merge with another lead"),
    "merge_undone": _N("by undoing a merge"),
    "api": _N("by API"),
    "form": _N("by form"),
    "double_opt_in": _N("by double opt-in"),
    "preferences": _N("on the preferences page"),
    "confirm": _N("by confirmation"),
    "page": _N("on the unsubscribe page"),
    "one_click": _N("by one click in the mail program"),
    "provider": _N("by a means of the mail provider"),
}
IMPORTS = {
    "draft": _N("not begun yet"),
    "checking": _N("being tried"),
    "staged": _N("being read"),
    "running": _N("being taken in"),
    "done": _N("done"),
    "failed": _N("not taken"),
}
BULK = {
    "tag": _N("Tag"),
    "untag": _N("Take a tag off"),
    "owner": _N("Give an owner"),
    "hold": _N("Stop nurturing"),
    "let_in": _N("Let into programs"),
    "start": _N("Start a chain"),
    "consent": _N("Note a consent"),
}
DUPLICATES = {
    "phone": _N("the same phone number, written differently"),
    "name_and_company": _N("the same name at the same company"),
    "email": _N("variants of one e-mail address"),
}
# Why a row was given back, or a lead of a file may not be mailed.
HELD_UP = {
    "address": _N("the e-mail address is not one"),
    "phone": _N("neither an e-mail address nor a usable phone number"),
    "nobody": _N("neither an e-mail address nor a phone number"),
    "unreadable": _N("the row cannot be read"),
    "no_email": _N("no e-mail address"),
    "suppressed": _N("the address must not be written to"),
    "not_confirmed": _N("has not confirmed yet"),
    "unsubscribed": _N("unsubscribed before"),
    "no_consent": _N("no consent"),
}
PARTS = {"need": _N("Need"), "activity": _N("Activity"), "data": _N("Data"), "bant": _N("BANT")}
REPORTS = {
    "hard": _N("Hard bounce"),
    "soft": _N("Soft bounce"),
    "ignore": _N("Notice"),
    "complaint": _N("Complaint"),
    "autoreply": _N("Automatic answer"),
    "reply": _N("Reply"),
    "unsubscribed": _N("Unsubscribed at the provider"),
    "unknown": _N("Unreadable"),
    "subscription": _N("A provider asks to be confirmed"),
}
FINDINGS = {"ok": _N("good"), "warn": _N("could be better"), "fail": _N("wrong"), "unknown": _N("not known")}
SIGNING_KEYS = {
    "waiting": _N("waits for its record"),
    "signing": _N("signs"),
    "retired": _N("no longer signs"),
}
# What can be chosen in the settings of a program and its steps.
CHOICES = {
    "resume": _N("goes on after the last mail it got there"),
    "restart": _N("begins at the top"),
    "rest": _N("rests until the next change"),
    "repeat": _N("begins again"),
    "newsletter_only": _N("gets newsletters only"),
    "exit": _N("leaves"),
    "pause": _N("mails wait"),
    "go_on": _N("mails go on"),
    "defer": _N("wait until there is room"),
    "skip": _N("are left out"),
    "move": _N("move to the new version"),
    "finish": _N("finish on the version they began with"),
    "house": _N("the house"),
    "owner": _N("the lead's owner"),
    "assume_sent": _N("counts as sent"),
    "resend_once": _N("is sent once more"),
    "reply": _N("a reply"),
    "hand_over": _N("the hand-over"),
    "cold": _N("cold"),
    "warm": _N("warm"),
    "hot": _N("hot"),
    "admin": _N("administrator"),
    "marketer": _N("marketer"),
    "sales": _N("salesperson"),
    "viewer": _N("viewer"),
}
DIFFERENCES = {
    "same": _N("the same"),
    "added": _N("added"),
    "removed": _N("removed"),
    "moved": _N("moved"),
    "changed": _N("changed"),
}
# The doors of /in/: names of products, and two that are ours.
DOORS = {
    "mail": _N("A mail server"),
    "ses": "Amazon SES",
    "mailgun": "Mailgun",
    "postmark": "Postmark",
    "sendgrid": "SendGrid",
    "mailjet": "Mailjet",
    "generic": _N("Any program"),
}
_TABLES: Mapping[str, Mapping[str, str]] = {
    "stage": STAGES,
    "temperature": TEMPERATURES,
    "signal": SIGNALS,
    "guest": GUESTS,
    "delivery": DELIVERIES,
    "handoff": HANDOFFS,
    "outcome": OUTCOMES,
    "handoff_event": HANDOFF_EVENTS,
    "why_not": WHY_NOT,
    "cause": CAUSES,
    "bant": BANT,
    "answer": ANSWERS,
    "purpose": PURPOSES,
    "role": ROLES,
    "program": PROGRAMS,
    "post": POSTS,
    "resting": RESTING,
    "due": DUE,
    "newsletter": NEWSLETTERS,
    "reason": REASONS,
    "report": REPORTS,
    "channel": CHANNELS,
    "part": PARTS,
    "import": IMPORTS,
    "held_up": HELD_UP,
    "finding": FINDINGS,
    "dkim": SIGNING_KEYS,
    "door": DOORS,
    "transport": TRANSPORTS,
    "transport_kind": TRANSPORT_KINDS,
    "provider": NAMES,
    "verdict": VERDICTS,
    "sign": SIGNS,
    "answer_reason": ANSWER_REASONS,
    "buying": BUYING_ROLES,
    "exit": EXITS,
    "choice": CHOICES,
    "difference": DIFFERENCES,
    "duplicate": DUPLICATES,
    "bulk": BULK,
}


def install(app: Flask) -> None:
    app.jinja_env.filters["says"] = says
    app.jinja_env.filters["says_all"] = lambda names, table: [says(name, table) for name in names]
    app.jinja_env.filters["retold"] = retold
    app.jinja_env.filters["written_day"] = written_day
    app.jinja_env.filters["quoted"] = lambda text: _("“%(text)s”") % {"text": text}
    app.jinja_env.filters["stage_reason"] = stage_reason
    app.jinja_env.filters["bounce_sentence"] = bounces.sentence
    app.jinja_env.filters["finding"] = domains.sentence
    app.jinja_env.filters["finding_about"] = domains.words_of


def written_day(name: str) -> str:
    """The short name of a weekday as programs write it (tue)."""
    days = get_day_names("abbreviated", locale=locale())
    return str(days[WEEKDAYS.index(name)]) if name in WEEKDAYS else name


def says(name: str | None, table: str) -> str:
    """The reader's words for `name`, such as says("sales_ready", "stage")."""
    if name is None:
        return "–"
    text = _TABLES[table].get(name)
    return _(text) if text else name.replace("_", " ")


def stage_reason(reason: str) -> str:
    """Why a stage changed, as it is kept: a name, an answer of sales with its reason, or a sentence."""
    outcome, colon, why = reason.partition(": ")
    if outcome in HANDOFFS:
        return says(outcome, "handoff") + colon + (says(why, "answer_reason") if why else "")
    return _(STAGE_REASONS[reason]) if reason in STAGE_REASONS else retold(reason).replace("_", " ")
