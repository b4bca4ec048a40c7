"""Signed tokens: what they say, and what they refuse."""

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.tokens import KeyRing, mint, mint_each, read

RING = KeyRing((b"newest key of thirty-two characters", b"an older key of thirty-two characters"))
ids = st.integers(min_value=0, max_value=(1 << 63) - 1)


@given(st.lists(ids, min_size=1, max_size=3))
def test_what_was_said_is_read_back(numbers: list[int]) -> None:
    assert read(RING, "click", mint(RING, "click", *numbers), len(numbers)) == tuple(numbers)


@given(ids, ids, st.integers(min_value=0, max_value=60), st.sampled_from("abz019-_."))
def test_a_token_with_one_sign_changed_says_nothing_else(one: int, two: int, place: int, sign: str) -> None:
    token = mint(RING, "click", one, two)
    place %= len(token)
    forged = token[:place] + sign + token[place + 1 :]
    assert forged == token or read(RING, "click", forged, 2) is None


def test_a_token_for_one_purpose_opens_no_other_door() -> None:
    token = mint(RING, "open", 7)
    assert read(RING, "unsubscribe", token, 1) is None
    assert read(RING, "open", token, 2) is None


def test_a_link_signed_with_an_older_key_still_works() -> None:
    old = mint(KeyRing(RING.keys[1:]), "click", 3, 4)
    assert read(RING, "click", old, 2) == (3, 4)
    assert read(KeyRing(RING.keys[:1]), "click", old, 2) is None


def test_the_newest_key_signs() -> None:
    assert mint(RING, "open", 1) == mint(KeyRing(RING.keys[:1]), "open", 1)


@pytest.mark.parametrize("nonsense", ["", ".", "a.b.c", "..", "x" * 500, "ключ.1.2", "\x00.1.2", "1.-2.3"])
def test_nonsense_is_no_token(nonsense: str) -> None:
    assert read(RING, "click", nonsense, 1) is None


def test_ids_are_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        mint(RING, "click", -1)


@given(ids, st.lists(ids, max_size=5))
def test_tokens_minted_together_are_those_minted_one_by_one(one: int, others: list[int]) -> None:
    assert mint_each(RING, "click", one, others) == [mint(RING, "click", one, other) for other in others]


@given(st.binary(min_size=1, max_size=200), ids)
def test_a_token_holds_the_hmac_that_the_standard_library_makes(key: bytes, one: int) -> None:
    _kid, body, mac = mint(KeyRing((key,)), "open", one).split(".")
    whole = hmac.digest(key, f"open:{body}".encode(), "sha256")
    assert base64.urlsafe_b64decode(mac + "==") == whole[:16]
