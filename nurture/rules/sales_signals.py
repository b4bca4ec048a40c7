"""What sales answers leaves a signal in the history of the lead, to be asked for in conditions and weighed by
a model like any other."""

# A date that is set is the lead's own doing, too: it warms, and is a touch.
KIND_OF = {
    "accepted": "sales_accepted",
    "rejected": "sales_rejected",
    "contacted": "sales_contacted",
    "meeting": "meeting_booked",
    "later": "sales_later",
    "won": "sales_won",
    "lost": "sales_lost",
}
# Such signals may cool a lead or warm it, but what sales has just answered is no reason to hand the lead over
# to it.
SAID_BY_SALES = frozenset(KIND_OF.values()) - {"meeting_booked"}
