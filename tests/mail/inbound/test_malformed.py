"""Reports that were damaged on the way: reading never fails, whatever was cut, doubled, swapped or lost, and
never takes a passing trouble for a closed mailbox because of it."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.mail.inbound.reading import read_report
from nurture.mail.inbound.report import KINDS
from tests.mail.inbound.gate import gate
from tests.mail.inbound.whole_reports import WHOLE, whole_reports

_SHAPES = [*gate(), *(shape for name in WHOLE for shape in whole_reports(name))]
_SEEDS = st.integers(0, 2**32 - 1)
_BLOWS = (
    "cut",
    "lose_line",
    "double_line",
    "swap",
    "noise",
    "lose_boundary",
    "bare_lf",
    "nul",
    "nest",
    "deep",
)


def damaged(raw: bytes, seed: int, blows: int) -> bytes:
    dice = random.Random(seed)
    for _blow in range(blows):
        raw = _struck(raw, dice.choice(_BLOWS), dice)
    return raw


def _struck(raw: bytes, blow: str, dice: random.Random) -> bytes:
    lines = raw.split(b"\n")
    at = dice.randrange(len(lines))
    match blow:
        case "cut":
            return raw[: dice.randrange(len(raw) + 1)]
        case "lose_line":
            return b"\n".join([*lines[:at], *lines[at + 1 :]])
        case "double_line":
            return b"\n".join([*lines[:at], lines[at], *lines[at:]])
        case "swap":
            other = dice.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
            return b"\n".join(lines)
        case "noise":
            spot = dice.randrange(len(raw) + 1)
            return raw[:spot] + dice.randbytes(dice.randrange(1, 40)) + raw[spot:]
        case "lose_boundary":
            return b"\n".join(line for line in lines if not line.startswith(b"--"))
        case "bare_lf":
            return raw.replace(
                b"\n", dice.choice((b"\r", b"\r\n", b"\n\n", b"\r\r\n")), dice.randrange(1, 30)
            )
        case "nul":
            return raw.replace(b" ", b"\0", dice.randrange(1, 10))
        case "nest":
            return b"From: a@b.example\nContent-Type: message/rfc822\n\n" + raw
        case _:
            head = b"".join(
                b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (n, n) for n in range(60)
            )
            return head + raw


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(_SHAPES), _SEEDS, st.integers(1, 6))
def test_whatever_happened_on_the_way_it_can_be_read(shape, seed, blows) -> None:
    found = read_report(damaged(shape.raw, seed, blows))
    assert found.kind in KINDS
    assert all(one.kind in KINDS for one in found.recipients)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=4_000))
def test_octets_of_any_kind_can_be_read(raw: bytes) -> None:
    assert read_report(raw).kind in KINDS


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=2_000),
    st.text(max_size=300),
    st.sampled_from(["utf-8", "iso-2022-jp", "x-nowhere", "koi8-r"]),
)
def test_words_of_any_kind_can_be_read(words: str, subject: str, charset: str) -> None:
    head = (
        f"From: MAILER-DAEMON@x.example\nSubject: {subject}\nContent-Type: text/plain; charset={charset}\n\n"
    )
    assert read_report((head + words).encode("utf-8", "replace")).kind in KINDS


@pytest.mark.parametrize("blow", ["lose_boundary", "bare_lf", "nest"])
def test_damage_never_makes_a_passing_trouble_a_closed_mailbox(blow: str) -> None:
    soft = [shape for shape in _SHAPES if shape.kind == "soft"]
    hard = [
        shape.name
        for shape in soft
        for seed in range(2)
        if read_report(_struck(shape.raw, blow, random.Random(seed))).kind == "hard"
    ]
    assert len(hard) <= len(soft) * 2 * 0.005, hard
