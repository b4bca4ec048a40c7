"""Reports of every class are read for what they are, and nothing makes reading fail."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.mail.inbound import KINDS, read_report
from tests.mail.inbound.shapes import ANN, BREAKS, LETTERS, TOKEN, Shape, complaint, dsn, every_shape

SHAPES = every_shape()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_report_is_read_for_what_it_is(shape: Shape) -> None:
    report = read_report(shape.raw)
    assert report.kind == shape.kind, (report.kind, report.reason, report.diagnostic)
    if shape.kind in ("hard", "soft") and shape.name not in ("aol",):
        assert report.recipients[0].address == shape.address
        assert report.sentence


def test_the_token_of_the_return_path_and_the_id_of_the_mail_are_found() -> None:
    report = read_report(dsn("smtp; 550 5.1.1 User unknown", "5.1.1"))
    assert report.tokens == (TOKEN,)
    assert "0195d2a0-0000-4000-8000-000000000001@nurture.example" in report.message_ids
    assert report.unsubscribe_tokens == (f"a3f1.1.2s.{TOKEN.rpartition('.')[2]}",)


def test_a_full_mailbox_counts_and_a_refused_content_does_not() -> None:
    assert read_report(dsn("smtp; 552 5.2.2 mailbox full", "5.2.2")).counts
    assert not read_report(dsn("smtp; 554 5.7.1 spam", "5.7.1")).counts
    assert not read_report(dsn("", "4.0.0", action="delayed")).counts


def test_the_words_of_the_original_mail_say_nothing_about_its_refusal() -> None:
    qmail = next(one for one in LETTERS if one.name == "qmail")
    assert b"full mailbox" in qmail.raw
    assert read_report(qmail.raw).reason == "unknown_user"


def test_an_answer_is_kept_without_what_it_quotes() -> None:
    reply = next(one for one in SHAPES if one.name == "reply")
    assert read_report(reply.raw).text == "Please call me about the big shears."


def test_a_complaint_names_who_complains() -> None:
    assert read_report(complaint()).recipients[0].address == ANN


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 5000,
        b"\n" * 300_000,
        b"Subject: " + b"=?utf-8?B?" * 50_000,
        b"From: " + b"a" * 400_000 + b"@",
        b"Content-Type: multipart/report; boundary=x\n\n" + b"--x\n" * 100_000,
        b"Content-Type: multipart/mixed; boundary=" + b"x" * 100_000,
        b"Subject: failed mail\nFrom: mailer-daemon@x.example\n\n" + b"user " * 100_000,
        b"Subject: failed mail\nFrom: mailer-daemon@x.example\n\n" + b"550 5.1.1 " * 50_000,
        b"Subject: failed mail\nFrom: mailer-daemon@x.example\n\n" + b"recipient is not " * 30_000,
        b"Subject: failed mail\nFrom: mailer-daemon@x.example\n\n" + b"a.b." * 100_000,
        b"Subject: failed\nFrom: mailer-daemon@x.example\nContent-Type: text/html\n\n" + b"<style" * 80_000,
        b"Subject: failed\nFrom: mailer-daemon@x.example\n\n" + b"a@" * 200_000,
        b"Message-ID: " + b"<a@b> " * 80_000,
        b"In-Reply-To: <a@b>\n" + b"\n\n \n" * 100_000,
        b"Final-Recipient: rfc822; a@b.c\nAction: failed\nStatus: 5.0.0\n\n" * 8_000,
        b"Subject: failed\rFrom: mailer-daemon@x.example\r\r" + b"a@b.c is not " * 400_000,
        b"Subject: failed\nFrom: mailer-daemon@x.example\n\n" + b"a@b.c user, not, no account " * 20_000,
        b"Subject: failed\nFrom: a@x.example\n\n" + b"out of office until 550 ('5.1.1 - " * 20_000,
        b"Subject: \x1b$" + b"\xe4" * 200_000,
        b"From: a@x.example\n\n" + bytes(range(128, 256)) * 4_000,
    ],
    ids=range(21),
)
def test_what_is_huge_or_hostile_is_read_within_bounds(raw: bytes) -> None:
    began = time.process_time()
    assert read_report(raw).kind in KINDS
    assert time.process_time() - began < 5


def test_a_thousand_levels_are_not_followed() -> None:
    raw = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000))
    assert read_report(raw).kind in KINDS


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_no_bytes_make_reading_fail(raw: bytes) -> None:
    assert read_report(raw).kind in KINDS


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(SHAPES),
    st.lists(
        st.tuples(
            st.sampled_from(["cut", "drop", "swap", "insert", "double"]),
            st.integers(0, 10_000),
            st.binary(max_size=9),
        ),
        max_size=6,
    ),
)
def test_a_damaged_report_is_read_without_failing(
    shape: Shape, changes: list[tuple[str, int, bytes]]
) -> None:
    raw = shape.raw
    for how, place, noise in changes:
        at = place % (len(raw) + 1)
        raw = {
            "cut": raw[:at],
            "drop": raw[:at] + raw[at + 40 :],
            "swap": raw[at:] + raw[:at],
            "insert": raw[:at] + noise + raw[at:],
            "double": raw[:at] + raw[at // 2 : at] + raw[at:],
        }[how]
    assert read_report(raw).kind in KINDS


REFUSALS = [
    line.split("\t") for line in (Path(__file__).parent / "refusals.tsv").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize(("kind", "status", "diagnostic"), REFUSALS, ids=[one[2][:50] for one in REFUSALS])
def test_a_refusal_is_judged_by_its_words_and_codes(kind: str, status: str, diagnostic: str) -> None:
    for raw in (dsn(diagnostic, status), BREAKS["as text"](dsn(diagnostic, status))):
        assert read_report(raw).kind == kind
