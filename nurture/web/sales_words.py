"""The words for what sales is handed, and what becomes of it."""

# gettext reads these marks; the words themselves are looked up at each request.
_N = str

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
    "revised": _N("What was said no longer holds"),
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
