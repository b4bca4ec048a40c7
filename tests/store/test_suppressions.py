"""Hashes of addresses that must not be written to."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from nurture.store.suppressions import address_hash


@given(st.binary(min_size=1, max_size=200), st.text(st.characters(codec="utf-8"), max_size=80))
def test_an_address_is_kept_as_the_hmac_that_the_standard_library_makes(pepper: bytes, address: str) -> None:
    assert address_hash(pepper, address) == hmac.digest(pepper, address.encode(), "sha256")
