"""E-mail addresses, phones and zones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules import addresses, phones, zones


@pytest.mark.parametrize(
    ("written", "norm"),
    [
        (" Anna@Weber.Example ", "anna@weber.example"),
        ("anna@Müller.de", "anna@xn--mller-kva.de"),
        ("a.n.n.a+news@gmail.com", "a.n.n.a+news@gmail.com"),
        ("no address", "no address"),
    ],
)
def test_the_normal_form_is_trimmed_lower_case_and_idna(written: str, norm: str):
    assert addresses.normalise(written) == norm


def test_letters_that_few_servers_take_are_refused_in_words_that_say_so():
    for written in ("jürgen@example.com", "Я@example.com"):
        assert "before the @" in str(addresses.check(written).fault)
    assert addresses.check("juergen@müller.de").norm == "juergen@xn--mller-kva.de"


@given(st.text(max_size=80))
def test_normalising_twice_is_normalising_once_and_checking_never_fails(written: str):
    once = addresses.normalise(written)
    checked = addresses.check(written)
    assert (checked.norm is None) == (checked.fault is not None)
    if once.isascii():
        assert addresses.normalise(once) == once


@pytest.mark.parametrize(
    "written",
    [
        "anna@weber.example",
        "o'neil@firm.co.uk",
        "x_y-z+1@sub.firm-a.museum",
        "a@b.co",
        "anna@xn--mller-kva.de",
    ],
)
def test_plausible_addresses_are_taken(written: str):
    assert addresses.check(written).fault is None


@pytest.mark.parametrize(
    "written",
    ["", "anna", "anna@", "@weber.de", "a@b", "a b@c.de", "a..b@c.de", ".a@c.de", "a@-c.de", "a@c..de",
     "a@c.invalid", "a@localhost", "a" * 65 + "@b.de", "a@" + "b" * 250 + ".de", "a@b.de,c@d.de"],
)  # fmt: skip
def test_implausible_addresses_get_a_sentence(written: str):
    assert addresses.check(written).fault


def test_a_test_environment_takes_local_hosts():
    assert addresses.check("root@localhost", test_environment=True).norm == "root@localhost"


@pytest.mark.parametrize(
    ("domain", "meant"),
    [("gmail.con", "gmail.com"), ("gmial.com", "gmail.com"), ("hotmai.com", "hotmail.com"),
     ("firma.con", "firma.com"), ("t-onlin.de", "t-online.de")],
)  # fmt: skip
def test_mistyped_domains_are_warned_of(domain: str, meant: str):
    warning = addresses.check(f"a@{domain}").warning
    assert warning
    assert meant in warning


@pytest.mark.parametrize(
    "domain", ["gmail.com", "mail.com", "email.com", "firma.com", "web.de", "firma.de", "ymail.com"]
)
def test_real_domains_are_not_warned_of(domain: str):
    assert addresses.check(f"a@{domain}").warning is None


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("+49 (0)30 123456", None, "+4930123456"),
        ("030 / 12 34 56", "DE", "+4930123456"),
        ("0049 30 123456", "DE", "+4930123456"),
        ("+1 (212) 555-1234", None, "+12125551234"),
        ("+39 06 1234 5678", None, "+390612345678"),
        ("030 123456", None, None),
        ("112", "DE", None),
        ("call me", "DE", None),
        ("+999 123456789", None, None),
    ],
)
def test_phones_are_kept_in_e164(written: str, country: str | None, number: str | None):
    assert phones.to_e164(written, country) == number


@pytest.mark.parametrize(
    ("phone", "country", "zone"),
    [
        ("+4930123456", None, ("Europe/Berlin", "phone")),
        ("+12125551234", "DE", ("America/New_York", "phone")),
        (None, "FR", ("Europe/Paris", "country")),
        (None, "US", None),
        ("+80012345678", None, None),
        (None, None, None),
    ],
)
def test_a_zone_is_guessed_or_left_open(phone: str | None, country: str | None, zone: tuple[str, str] | None):
    found = zones.guess(phone, country)
    assert (found and (found.zone, found.source)) == zone
