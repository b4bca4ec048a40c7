from nurture.rules.consent import may_mail
from nurture.rules.facts import Facts

ANNA = Facts(lead_id=1, consents=frozenset({"marketing"}), fields={"email": "anna@muster.example"})


def test_consent_is_given_for_a_purpose_not_in_general():
    assert may_mail(ANNA, "marketing", suppressed=False).allowed
    assert may_mail(ANNA, "newsletter", suppressed=False).reason == "no_consent"


def test_a_confirmation_needs_no_consent_for_it_asks_for_one():
    assert may_mail(ANNA, "confirmation", suppressed=False).allowed


def test_a_suppressed_address_is_never_written_to():
    assert may_mail(ANNA, "marketing", suppressed=True).reason == "suppressed"
    assert may_mail(ANNA, "confirmation", suppressed=True).reason == "suppressed"


def test_one_who_left_only_a_phone_is_not_mailed():
    assert (
        may_mail(Facts(lead_id=2, consents=frozenset({"marketing"})), "marketing", suppressed=False).reason
        == "no_address"
    )
