"""Whether a lead may be mailed for a purpose, and if not, why."""

from dataclasses import dataclass

from nurture.rules.facts import Facts

# Purposes that rest on the contract or on the lead's own request, not on consent.
WITHOUT_CONSENT = frozenset({"confirmation", "transactional", "notice"})
# Why an address is kept out whose owner wants no mails at all.
LEFT_ALL = "unsubscribed_all"
# Why an address is kept out where its owner can come back by a confirmation that they have asked for: they
# left, or mails to them came back. What a person of the company has shut, only the company opens.
COMES_BACK = frozenset({LEFT_ALL, "complaint", "erased", "hard_bounce", "soft_bounces"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is empty when allowed, else no_address, erased, suppressed or no_consent."""

    allowed: bool
    reason: str = ""


def may_mail(facts: Facts, purpose: str, *, suppressed: bool) -> Verdict:
    """The verdict for one mail. A suppressed address is never written to, whatever was consented."""
    if not facts.fields.get("email"):
        return Verdict(False, "no_address")
    if suppressed:
        return Verdict(False, "suppressed")
    if purpose not in WITHOUT_CONSENT and purpose not in facts.consents:
        return Verdict(False, "no_consent")
    return Verdict(True)
