"""The words for what a lead is, and what is known and recorded of it."""

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
TEMPERATURES = {"cold": _N("Cold"), "warm": _N("Warm"), "hot": _N("Hot")}
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
    "meeting_missed": _N("Did not come to a meeting"),
    "partner_meeting": _N("A partner set up a meeting"),
    "offer_viewed": _N("Looked at the offer"),
    "note": _N("Note"),
    "sales_accepted": _N("Accepted by sales"),
    "sales_rejected": _N("Rejected by sales"),
    "sales_contacted": _N("Contacted by sales"),
    "sales_later": _N("Put off by sales"),
    "sales_won": _N("Deal won"),
    "sales_lost": _N("Deal lost"),
}
BANT = {"budget": _N("Budget"), "authority": _N("Authority"), "need": _N("Need"), "timing": _N("Timing")}
ANSWERS = {"unknown": _N("Unknown"), "no": _N("No"), "partly": _N("Partly"), "yes": _N("Yes")}
PURPOSES = {"marketing": _N("Articles, invitations and offers"), "newsletter": _N("Newsletter")}
CHANNELS = {
    "by_hand": _N("by hand"),
    "phone": _N("on the phone"),
    "paper": _N("on paper"),
    "fair": _N("at a fair"),
    "in_person": _N("in person"),
    "demo": _N("in the demo data"),
    "import": _N("by import"),
    "kept": _N("before, under the same address"),
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
PARTS = {"need": _N("Need"), "activity": _N("Activity"), "data": _N("Data"), "bant": _N("BANT")}
DUPLICATES = {
    "phone": _N("the same phone number, written differently"),
    "name_and_company": _N("the same name at the same company"),
    "email": _N("variants of one e-mail address"),
}
