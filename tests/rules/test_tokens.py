"""Signed tokens: what they say, and what they refuse."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nurture.rules.tokens import KeyRing, mint, mint_each, mint_for, read

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


@given(ids, st.lists(ids, max_size=15).map(tuple), st.sampled_from(["", "https://t.example/c/"]))
def test_tokens_minted_together_are_those_minted_one_by_one(
    one: int, others: tuple[int, ...], before: str
) -> None:
    alone = [f"{before}{mint(RING, 'click', one, other)}=" for other in others]
    assert mint_each(RING, "click", one, others, before, "=") == alone


@given(ids, ids)
def test_tokens_for_several_doors_are_those_for_each_of_them(one: int, two: int) -> None:
    doors = ("unsubscribe", "preferences", "click")
    assert mint_for(RING, doors, one, two) == [mint(RING, door, one, two) for door in doors]
    assert len({token.rpartition(".")[2] for token in mint_for(RING, doors, one, two)}) == len(doors)


@given(ids, st.integers(min_value=0, max_value=(1 << 62)))
def test_no_two_links_of_a_mail_share_a_tag(one: int, first: int) -> None:
    tags = [
        token.rpartition(".")[2] for token in mint_each(RING, "click", one, tuple(range(first, first + 12)))
    ]
    assert len(set(tags)) == 12
    assert {len(tag) for tag in tags} == {24}


@given(st.binary(min_size=1, max_size=200), st.text(min_size=1, max_size=40), ids, ids)
def test_a_tag_is_its_third_of_a_keyed_hash(key: bytes, purpose: str, one: int, two: int) -> None:
    kid, _one, _two, tag = mint(KeyRing((key,)), purpose, one, two).split(".")
    master = key if len(key) <= 64 else hashlib.blake2b(key).digest()
    own = hashlib.blake2b(purpose.encode(), key=master, person=b"nurture purpose").digest()
    told = f":{one:x}.{two // 3:x}".encode()
    whole = hashlib.blake2b(told, key=own, digest_size=54, person=b"nurture token").digest()
    assert base64.urlsafe_b64decode(tag) == whole[two % 3 * 18 :][:18]
    assert kid[0] in "ghijklmnopqrstuv"


@pytest.mark.parametrize(
    ("token", "purpose", "said"),
    [
        ("a9ca.3.4.iq2s_x5YCo38m5crOcqysQ", "click", (3, 4)),
        ("a9ca.2n9c.gc0uy9.FkppSaCC-kPRFby-DsMytA", "unsubscribe", (123456, 987654321)),
        ("2a66.7.uyzs2krquedbrWLrGRN9Lg", "open", (7,)),
    ],
)
def test_links_in_mails_of_before_work_for_ever(token: str, purpose: str, said: tuple[int, ...]) -> None:
    assert read(RING, purpose, token, len(said)) == said
    assert read(RING, "view", token, len(said)) is None
    assert read(RING, purpose, token[:-1] + ("x" if token[-1] != "x" else "y"), len(said)) is None
    assert read(KeyRing((b"somebody else's key",)), purpose, token, len(said)) is None


@pytest.mark.parametrize("spelt", ["0a", "A", "+a", " a", "a_a", "٣"])
def test_a_number_is_spelt_in_one_way(spelt: str) -> None:
    kid, _number, tag = mint(RING, "open", 10).split(".")
    assert read(RING, "open", f"{kid}.{spelt}.{tag}", 1) is None


@pytest.mark.parametrize("too_large", [1 << 63, 1 << 80, 1 << 400])
def test_a_number_that_no_row_can_have_is_no_id(too_large: int) -> None:
    assert read(RING, "click", mint(RING, "click", 7, too_large), 2) is None
    assert read(RING, "click", mint(RING, "click", too_large, 7), 2) is None
