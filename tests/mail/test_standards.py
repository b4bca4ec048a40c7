"""The reader of raw bytes: it takes what conforms, from whomever, and names each breach."""

import email.message
import email.policy
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.cli import main
from nurture.mail.compile import compile_mail
from nurture.mail.dkim import generate, load, signed
from nurture.mail.message import Sender, build
from nurture.mail.prepare import prepare
from nurture.mail.source import MailSource
from nurture.mail.standards import MARKETING, SERVICE, check, faults
from tests.mail.letters import READY, SENDER, letter

KEYS = [load("xn--grn-ioa.example", kind, generate(kind)) for kind in ("rsa", "ed25519")]
GOOD = build(READY, SENDER, letter({"first_name": "Bert"}))
SIGNED = signed(GOOD, KEYS, 1_772_532_000)
ODD = st.text(max_size=80) | st.sampled_from(
    ["ø" * 400, "a" * 998, "a" * 1200, "😀" * 60, "שלום, עולם", "\u202eabc\u202c", ".", "..\r\n.", "\n.\n",
     "=?utf-8?q?x?=", "a\0b", "\x85", "\u2028", "bücher.example", "Ltd., \"X\" <y>", ",", "@", "\ud800"]
)  # fmt: skip


@pytest.mark.parametrize("raw", [GOOD, SIGNED], ids=["plain", "signed"])
def test_our_mails_conform_signed_or_not(raw: bytes) -> None:
    assert faults(raw, "chain") == check(raw) == []


@settings(max_examples=150, deadline=None)
@given(company=ODD, sender=ODD, subject=ODD, person=ODD, stream=ODD)
def test_whatever_people_and_companies_are_called_the_signed_mail_conforms(
    company: str, sender: str, subject: str, person: str, stream: str
) -> None:
    words = subject.replace("{", "").replace("}", "").strip().replace("\n", " ").replace("\r", " ")
    ready = prepare(compile_mail(MailSource("case", f"x {words}", "Hello {{ lead.first_name }}")), {})
    house = Sender(sender, "news@bücher.example", company, "High Street 1", "reply@bücher.example")
    raw = signed(
        build(ready, house, letter({"first_name": person}, to_name=person, stream=stream)),
        [replace(KEYS[1], domain="xn--bcher-kva.example")],
        1_772_532_000,
    )
    assert faults(raw, "chain") == []


def test_a_mail_with_pictures_from_another_program_conforms() -> None:
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["Date"] = "Tue, 03 Mar 2026 10:00:00 +0000"
    message["From"], message["To"] = "Anna <anna@news.example>", "Bert <bert@leads.example>"
    message["Subject"], message["Message-ID"] = "Reset your password", "<1@news.example>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("Hello")
    message.add_alternative('<p>Hello <img src="cid:logo"></p>', subtype="html")
    html = message.get_payload()[1]
    html.add_related(b"\x89PNG", "image", "png", cid="<logo>")
    raw = message.as_bytes()
    assert check(raw) == []
    assert any("not in the mail" in fault for fault in check(raw.replace(b"<logo>", b"<other>")))


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        (b"From: ", b"Bcc: x@y.example\r\nFrom: ", "Bcc stands"),
        (b"Bert <bert@leads.example>", b"Bert", "holds no address"),
        (b"<bert@leads.example>", b"<=?utf-8?q?b=C3=BC?=@leads.example>", "inside the address"),
        (b"<bert@leads.example>", b"<" + b"b" * 260 + b"@leads.example>", "more than 254"),
        (b"To: Bert", b'To: "=?utf-8?q?B?="', "inside quotes"),
        (b"Subject: For Bert", b"Subject: =?utf-8?q?" + b"a" * 80 + b"?=", "more than 75"),
        (b"Subject: For Bert", b"Subject: =?utf-8?b?!!?=", "cannot be decoded"),
        (b"Subject: For Bert", b"Subject: =?utf-9x?q?a?=", "cannot be decoded"),
        (b"Subject: For Bert", b"Subject: =?utf-8?q?a b?=", "broken encoded word"),
        (b"Subject: For Bert", b"Subject: ", "subject is empty"),
        (b"Subject: For Bert", b"Subject: For\r\n \r\n Bert", "folded with an empty line"),
        (b"Subject: For Bert", b"Subject: For\x0bBert", "control character"),
        (b"Subject: For", b"Sub ject: For", "no field name"),
        (b"MIME-Version: 1.0", b"MIME-Version: 2.0", "MIME-Version is not"),
        (b"<https://t.example/u/", b"<http://t.example/u/", "not one bare https"),
        (b"<https://t.example/u/", b"<https://t.example/u/" + b"b" * 40, "longer than 200"),
        (b"List-Unsubscribe: <", b"List-Unsubscribe: <https://a.example/>, <", "not one bare https"),
        (b"Feedback-ID: m-", b"Feedback-ID: bert@leads.example:m-", "Feedback-ID"),
        (b"--=_nurture_5b1d0c--", b"", "not framed"),
        (b"quoted-printable", b"8bit", "8bit"),
        (b"utf-8\r\n", b"iso-8859-1\r\n", "not in UTF-8"),
    ],
)
def test_each_breach_is_named(good: bytes, bad: bytes, sentence: str) -> None:
    assert good in GOOD
    found = check(GOOD.replace(good, bad, 1), MARKETING)
    assert any(sentence in fault for fault in found), found


def test_a_mail_to_many_shows_a_way_to_leave_in_both_parts() -> None:
    bare = GOOD.replace(b"nsubscribe", b"nobody").replace(b"List-Unobody", b"List-Unsubscribe")
    found = check(bare.replace(b"https://t.example/u/abc", b"https://t.example/x/abc"), MARKETING)
    assert sum("shows no way to unsubscribe" in fault for fault in found) == 2


def test_html_that_gmail_would_cut_off_is_named() -> None:
    mail = prepare(compile_mail(MailSource("k", "s", "{{ lead.fields.note }}")), {})
    raw = build(mail, SENDER, letter({"first_name": "Bert", "fields": {"note": "ab " * 40_000}}))
    assert check(raw) == ["The HTML is larger than 102 kB: Gmail cuts it off."]


@pytest.mark.parametrize(
    ("good", "bad", "sentence"),
    [
        (b"d=xn--grn-ioa.example;", b"d=other.example;", "of the domain that stands in From"),
        (b"list-unsubscribe-post:", b"x:", "list-unsubscribe-post is not signed"),
        (b"s=rsa;", b"s=rsa; l=10;", "l="),
        (b"a=rsa-sha256", b"a=rsa-sha1", "receivers do not take"),
        (b"h=from:from:", b"h=from:", "From can be added"),
        (b"bh=", b"xx=", "lacks bh"),
        (b"Hello", b"Hallo", "not the one that was signed"),
    ],
)
def test_a_signature_that_protects_too_little_is_named(good: bytes, bad: bytes, sentence: str) -> None:
    assert good in SIGNED
    found = check(SIGNED.replace(good, bad), MARKETING)
    assert any(sentence in fault for fault in found), found


def test_a_mail_by_a_machine_to_one_is_no_list() -> None:
    found = check(GOOD, SERVICE)
    assert "A service mail has list fields." in found
    assert "Auto-Submitted is not auto-generated." in found


def test_what_is_no_message_is_said_and_raises_nothing() -> None:
    for raw in (b"", b"\r\n", b"\xff\xfe", b"hello", b"Subject: x\r\n\r\n", b"\r\n\r\n\0", b": \r\n\r\n"):
        assert check(raw)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(SIGNED)), cut=st.integers(0, 400), put=st.binary(max_size=40))
def test_no_bytes_make_the_reader_stumble(at: int, cut: int, put: bytes) -> None:
    check(SIGNED[:at] + put + SIGNED[at + cut :])


def test_the_command_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.eml", tmp_path / "bad.eml"
    good.write_bytes(SIGNED)
    bad.write_bytes(GOOD.replace(b"Date: ", b"X-Date: "))
    done = CliRunner().invoke(main, ["mail", "check", str(good)])
    assert (done.exit_code, "conforms" in done.output) == (0, True)
    done = CliRunner().invoke(main, ["mail", "check", "--json", str(good), str(bad)])
    assert done.exit_code == 1
    assert "date stands 0 times." in done.output
