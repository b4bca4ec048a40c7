"""Why a newsletter reached a lead, does not reach it yet, or never does."""

from datetime import datetime

from nurture.rules.conditions import describe, first_failing
from nurture.rules.why.ledger import GRANTED
from nurture.rules.why.mails import of_mail, under_way
from nurture.rules.why.values import NO, NOT_YET, UNDER_WAY, Answer, NewsletterKnown
from nurture.rules.why.wording import WAITS


def newsletter_answer(known: NewsletterKnown, now: datetime) -> Answer:
    """The one current answer for a newsletter."""
    mail = known.mail
    if mail is not None and mail.state not in UNDER_WAY:
        return of_mail(mail)
    if known.state == "paused" and (mail is not None or known.waits is not None):
        return Answer(NOT_YET, "newsletter_paused")
    if mail is not None:
        return under_way(known.around, mail)
    if known.waits is not None:
        at, reason = known.waits
        return Answer(NOT_YET, reason if reason in WAITS else "newsletter_turn", at)
    if known.state in ("draft", "cancelled"):
        return Answer(NO, f"newsletter_{known.state}")
    return _not_looked_at(known, now)


def _not_looked_at(known: NewsletterKnown, now: datetime) -> Answer:
    if known.facts is None:
        return Answer(NO, "erased")
    if known.looked_at and known.stood is not None and known.stood.state != GRANTED:
        return Answer(NO, "no_consent", consent_id=known.stood.id)
    if known.purpose not in known.facts.consents:
        return Answer(NO, "no_consent")
    failing = first_failing(known.fits, known.facts, now)
    if failing is not None:
        return Answer(NO, "condition", None, {"condition": describe(failing)})
    if known.looked_at:
        return Answer(NO, "newsletter_over")
    if known.state == "paused":
        return Answer(NOT_YET, "newsletter_paused")
    if known.state == "scheduled":
        return Answer(NOT_YET, "scheduled", known.starts_at)
    return Answer(NOT_YET, "newsletter_turn")
