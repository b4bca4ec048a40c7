"""The words for work on many at a time: files, changes of a whole list, guests."""

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

IMPORTS = {
    "draft": _N("not begun yet"),
    "checking": _N("being tried"),
    "staged": _N("being read"),
    "running": _N("being taken in"),
    "done": _N("done"),
    "failed": _N("not taken"),
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
BULK = {
    "tag": _N("Tag"),
    "untag": _N("Take a tag off"),
    "owner": _N("Give an owner"),
    "hold": _N("Stop nurturing"),
    "let_in": _N("Let into programs"),
    "start": _N("Start a chain"),
    "consent": _N("Note a consent"),
}
GUESTS = {
    "registered": _N("registered"),
    "attended": _N("came"),
    "no_show": _N("did not come"),
    "cancelled": _N("struck off"),
}
