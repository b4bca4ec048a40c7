"""The words for programs: how they stand, how leads rest and wait in them, what can be chosen."""

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

PROGRAMS = {"draft": _N("Draft"), "live": _N("Live"), "paused": _N("Paused")}
RESTING = {
    "newsletter_only": _N("came to the end, newsletters only"),
    "repeat": _N("came to the end, begins again later"),
    "rest": _N("rests after its temperature changed"),
    "holdout": _N("belongs to the group that is compared with"),
    "circle": _N("the chain went in a circle: look at its goto steps"),
    "chain_removed": _N("its chain was taken out of the program"),
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
