"""The words for mail: what goes out and by what means, and what is reported back."""

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

NEWSLETTERS = {
    "draft": _N("draft"),
    "scheduled": _N("scheduled"),
    "sending": _N("going out"),
    "paused": _N("paused"),
    "sent": _N("sent"),
    "cancelled": _N("cancelled"),
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
REASONS = {
    "no_answer_after_dot": _N("the server fell silent after the text"),
    "sender_died_after_dot": _N("the sending process died before it heard the answer"),
    "broken_off": _N("the receiving server hung up in the middle of it"),
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
    "left": _N("had left the chain"),
    "with_sales": _N("sales was talking to the lead"),
    "newsletter_cancelled": _N("the newsletter was cancelled"),
    "window": _N("outside the hours in which the program writes"),
    "frequency": _N("had enough mails for now"),
    "had_it": _N("had this mail before"),
    "merged": _N("had this mail as another lead, before the two were merged"),
    "step_removed": _N("the step was taken out of the chain"),
    "chain_removed": _N("the chain was taken out of the program"),
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
FINDINGS = {"ok": _N("good"), "warn": _N("could be better"), "fail": _N("wrong"), "unknown": _N("not known")}
SIGNING_KEYS = {
    "waiting": _N("waits for its record"),
    "signing": _N("signs"),
    "retired": _N("no longer signs"),
}
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
