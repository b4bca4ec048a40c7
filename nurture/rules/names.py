"""What people call the things that conditions and reasons speak of: kinds of signals, fields of a lead.

A name of somebody's own making (a custom field, a signal of a model) is shown as it was made, with spaces.
"""

from collections.abc import Mapping

from nurture.rules.places import country_name, language_name
from nurture.rules.words import _

# gettext reads these marks; the words themselves are looked up when they are shown.
_N = str

SIGNALS: Mapping[str, str] = {
    "opened": _N("opened"),
    "clicked": _N("clicked"),
    "replied": _N("replied"),
    "visited": _N("visited the website"),
    "downloaded": _N("downloaded something"),
    "viewed_product": _N("looked at a product"),
    "form_submitted": _N("sent a form"),
    "subscribed": _N("subscribed"),
    "unsubscribed": _N("unsubscribed"),
    "followed": _N("followed us"),
    "business_card": _N("left a business card"),
    "event_registered": _N("registered for an event"),
    "event_attended": _N("attended an event"),
    "event_no_show": _N("did not come to an event"),
    "feedback": _N("gave feedback"),
    "called": _N("called"),
    "phoned": _N("was phoned"),
    "met": _N("met us"),
    "partner_referral": _N("came from a partner"),
    "meeting_requested": _N("asked for a meeting"),
    "meeting_booked": _N("booked a meeting"),
    "meeting_missed": _N("did not come to a meeting"),
    "partner_meeting": _N("met through a partner"),
    "offer_viewed": _N("looked at an offer"),
    "note": _N("was noted about"),
    "sales_accepted": _N("was accepted by sales"),
    "sales_rejected": _N("was rejected by sales"),
    "sales_contacted": _N("was contacted by sales"),
    "sales_later": _N("was put off by sales"),
    "sales_won": _N("bought: the deal was won"),
    "sales_lost": _N("did not buy: the deal was lost"),
}
FIELDS: Mapping[str, str] = {
    "email": _N("e-mail address"),
    "phone": _N("phone"),
    "first_name": _N("first name"),
    "last_name": _N("last name"),
    "role": _N("role"),
    "buying_role": _N("role in the buying centre"),
    "language": _N("language"),
    "timezone": _N("time zone"),
    "country": _N("country"),
    "city": _N("city"),
    "address": _N("postal address"),
    "source": _N("source"),
    "owner": _N("owner"),
    "heat": _N("heat"),
    "readiness": _N("readiness"),
    "target_score": _N("target score"),
    "touches": _N("touches"),
    "interest": _N("interest"),
    "company.name": _N("company"),
    "company.heat": _N("heat of the company"),
    "company.temperature": _N("temperature of the company"),
    "company.size": _N("company size"),
    "company.industry": _N("industry"),
    "company.website": _N("company website"),
    "company.country": _N("country of the company"),
    "company.city": _N("city of the company"),
    "data.rating": _N("rating"),
    "tags": _N("tags"),
    "birthday": _N("birthday"),
    "name": _N("full name"),
    "company": _N("company"),
    "grade": _N("grade by hand"),
    "outcome": _N("past outcome: won or lost"),
    "outcome_at": _N("day of the past outcome"),
    "future_at": _N("comes back on"),
    "bant.budget": _N("BANT: budget"),
    "bant.authority": _N("BANT: authority"),
    "bant.need": _N("BANT: need"),
    "bant.timing": _N("BANT: timing"),
}
# Values of fields that are ours, as the middle of a sentence; what people have written themselves stays so.
VALUES: Mapping[str, Mapping[str, str]] = {
    "buying_role": {
        "decision_maker": _N("decision maker"),
        "influencer": _N("influencer"),
        "user": _N("user of it"),
        "gatekeeper": _N("gatekeeper"),
        "buyer": _N("buyer"),
    },
}
# Fields whose values are codes with names in every language.
_PLACES = {"language": language_name, "country": country_name, "company.country": country_name}
TRAITS: Mapping[str, str] = {
    "cold": _N("cold"),
    "warm": _N("warm"),
    "hot": _N("hot"),
    "visitor": _N("visitor"),
    "inquiry": _N("inquiry"),
    "lead": _N("lead"),
    "sales_ready": _N("sales ready"),
    "opportunity": _N("opportunity"),
    "customer": _N("customer"),
    "lost": _N("lost"),
}


def signal(kind: str) -> str:
    """What a lead did, as the middle of a sentence: "sent a form"."""
    return _told(SIGNALS, kind)


def field(name: str) -> str:
    """What a field is called, as the middle of a sentence: "company size"."""
    return _told(FIELDS, name.removeprefix("fields.").removeprefix("dates."))


def value(of: str, text: str) -> str:
    """A value of the field `of`, as the middle of a sentence: "decision maker", "Germany"."""
    if of in _PLACES:
        return _PLACES[of](text)
    words = VALUES.get(of, {}).get(text)
    return _(words) if words else text


def trait(name: str) -> str:
    """A temperature or a stage, as the middle of a sentence."""
    return _told(TRAITS, name)


def _told(known: Mapping[str, str], name: str) -> str:
    words = known.get(name)
    return _(words) if words else name.replace("_", " ")
