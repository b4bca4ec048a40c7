"""The words for what is recorded of hits and of stages: verdicts, the signs they rest on, reasons."""

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

VERDICTS = {
    "human": _N("a person"),
    "machine": _N("a machine"),
    "privacy_proxy": _N("a program that hides its reader"),
    "unknown": _N("unknown"),
    "duplicate": _N("the same once more"),
}
SIGNS = {
    "browser": _N("a browser"),
    "image_proxy": _N("a proxy for images"),
    "unknown_program": _N("a program that is not known"),
    "head_request": _N("looked at the header only"),
    "no_user_agent": _N("does not say what it is"),
    "robot_user_agent": _N("says that it is a robot"),
    "proxy_followed_link": _N("a proxy that follows links"),
    "prefetch": _N("fetched in advance"),
    "no_language": _N("a browser that reads no language"),
    "too_soon": _N("too soon after sending"),
    "proxy_too_soon": _N("a proxy, too soon after sending"),
    "swept_links": _N("many links in a moment"),
    "every_link": _N("every link"),
    "early_flurry": _N("a flurry soon after sending"),
    "even_steps": _N("in even steps"),
    "trap_link": _N("followed a link that nobody sees"),
    "robot_beside": _N("a robot beside it"),
    "checked_first": _N("checked before it was read"),
    "many_recipients": _N("one address for many recipients"),
    "same_visit": _N("part of the same visit"),
    "ticking": _N("comes back like a clock"),
    "changing_faces": _N("another program for each link"),
    "known_network": _N("from where machines come"),
    "seen_whole": _N("a reader, after more was seen"),
    "accepted_before": _N("after the mail had arrived"),
}
BUYING_ROLES = {
    "decision_maker": _N("Decision maker"),
    "influencer": _N("Influencer"),
    "user": _N("User of it"),
    "gatekeeper": _N("Gatekeeper"),
    "buyer": _N("Buyer"),
}
ANSWER_REASONS = {
    "no_answer": _N("nobody answered in time"),
}
EXITS = {
    "done": _N("done"),
    "no_answer": _N("no answer"),
    "handed_over": _N("handed over"),
}
STAGE_REASONS = {
    "imported": _N("imported"),
    "import": _N("by import"),
    "api": _N("by API"),
    "demo": _N("in the demo data"),
    "form": _N("by form"),
    "page": _N("by hand"),
}
