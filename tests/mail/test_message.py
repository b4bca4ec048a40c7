"""Finished messages on their raw bytes: standards, and the same words as a plain rendering."""

import email
import email.policy
from dataclasses import replace
from email.message import EmailMessage
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nurture.mail.compile import compile_mail
from nurture.mail.dkim.canonical import relaxed_body
from nurture.mail.headers import AddressFault, address
from nurture.mail.message import Sender, build
from nurture.mail.prepare import RenderFault, plain_html, plain_words, prepare, render
from nurture.mail.quoted import SOFT_BREAK, encode, fit
from nurture.mail.source import MailSource
from nurture.mail.standards import faults
from tests.mail.letters import MAIL, READY, SENDER, letter, values


def parse(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(raw: bytes, kind: str) -> str:
    found = parse(raw).get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


ODD = st.text(max_size=120) | st.sampled_from(
    [
        ".",
        "..",
        ".\n.",
        "=",
        "=3D",
        "a" * 75,
        "a" * 76,
        " ",
        "x \n y\t\n",
        "a  b   c ",
        " " * 80,
        "\r\nBcc: x@y.example",
        "From here",
        "--=_",
        "😀" * 40,
    ]
)


@settings(max_examples=150, deadline=None)
@given(name=ODD, note=ODD, tags=st.lists(ODD, max_size=3))
def test_whatever_a_lead_is_called_the_message_conforms_and_says_the_same(
    name: str, note: str, tags: list[str]
) -> None:
    lead = {"first_name": name, "fields": {"note": note}, "tags": tags, "company": {}}
    raw = build(READY, SENDER, letter(lead))
    assert faults(raw, "chain") == []
    body = raw.partition(b"\r\n\r\n")[2]
    assert relaxed_body(body) == body, "signing trusts that the body is in relaxed form"
    clean = {
        "first_name": _clean(name),
        "fields": {"note": _clean(note)},
        "tags": [_clean(tag) for tag in tags],
    }
    assert part(raw, "html").rstrip("\n") == plain_html(MAIL, values(clean)).rstrip("\n")
    assert part(raw, "plain").rstrip("\n") == plain_words(MAIL, values(clean)).rstrip("\n")


STRAIGHT = prepare(
    compile_mail(
        MailSource(
            "straight",
            "For {{ lead.first_name }}, {{ lead.fields.note }}",
            "{{ lead.first_name }} & {{ lead.first_name | upper }} {{ lead.fields.note | e }} "
            "{{ lead.tags }}\n\n"
            '[Case](https://a.example/case) {{ "a & b" | e }} {{ none }} {{ lead.phone }} {{ 5 }} '
            "{{ 'Ms' if lead.first_name == 'Ada' else lead.first_name }} [Other](https://a.example/other)\n\n"
            "[Case](https://a.example/case)",
        )
    ),
    {1: 11, 2: 12, 3: 13},
)


@settings(max_examples=150, deadline=None)
@given(
    name=ODD | st.sampled_from(["Ada", "", "5"]),
    note=ODD | st.integers() | st.none(),
    tags=st.lists(ODD, max_size=2),
)
def test_a_mail_filled_in_one_go_is_what_its_templates_render(
    name: str, note: str | int | None, tags: list[str]
) -> None:
    said = values({"first_name": name, "fields": {"note": note}, "tags": tags, "company": {}})
    said["links"] = ["", *(f"https://t.example/c/{number}=\r\n" for number in range(1, 4))]
    assert STRAIGHT.filling is not None
    assert READY.filling is None, "it has a loop"
    assert STRAIGHT.filled(said) == replace(STRAIGHT, filling=None).filled(said)


def test_a_mail_filled_in_one_go_fails_for_its_reader_alone() -> None:
    ready = prepare(compile_mail(MailSource("sum", "Sum", "{{ 1 / lead.fields.size }}")), {})
    assert ready.filling is not None
    with pytest.raises(RenderFault):
        ready.filled(values({"fields": {"size": 0}}))


def _clean(value: str) -> str:
    """A value as the wire can hold it: one kind of line end, no NUL, no lone surrogate."""
    return (
        value.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    )


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(ODD, max_size=6))
def test_encoded_pieces_join_without_long_lines_or_bare_dots(pieces: list[str]) -> None:
    joined = "".join(encode(piece) for piece in pieces)
    lines = joined.split("\r\n")
    assert all(len(line) <= 76 and not line.startswith(".") and line.isascii() for line in lines)
    assert "\n" not in joined.replace("\r\n", "")
    assert not any("  " in line or "\t" in line or line.endswith(" ") for line in lines)


def test_an_address_of_ours_that_fits_is_encoded_already() -> None:
    for start in ("https://t.example/c/", "https://t.example/" + "a" * 60, "https://t.example/?a=", "."):
        pieces = [f"{start}{rest}{SOFT_BREAK}" for rest in ("abc", "a-longer_one")]
        alike = pieces == [encode(piece.removesuffix(SOFT_BREAK)) for piece in pieces]
        assert fit(start, pieces) == alike == (start == "https://t.example/c/")


def test_one_click_is_one_bare_address_however_long() -> None:
    raw = build(READY, SENDER, letter({"first_name": "Bert"}))
    assert b"\r\nList-Unsubscribe: <https://t.example/u/" + b"a" * 170 + b">\r\n" in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw


def test_headers_carry_unicode_and_odd_names_and_nothing_else() -> None:
    raw = build(READY, SENDER, letter({"first_name": 'Bert "B" <x@y.example>\r\nBcc: all@y.example'}))
    message = parse(raw)
    assert message["bcc"] is None
    assert message["from"].addresses[0].display_name == "Anna Ärmel"
    assert message["from"].addresses[0].addr_spec == "news@xn--grn-ioa.example"
    assert message["to"].addresses[0].addr_spec == "bert@leads.example"
    assert len(message["to"].addresses) == 1
    assert message["message-id"] == f"<{UUID(int=7)}@xn--grn-ioa.example>"
    assert message["date"] == "Tue, 03 Mar 2026 10:00:00 +0000"
    assert [sub.get_content_type() for sub in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_long_subject_arrives_whole() -> None:
    name = "Zoë " + "und so weiter " * 12
    subject = parse(build(READY, SENDER, letter({"first_name": name})))["subject"]
    assert subject == "For " + name.strip()


def test_a_value_is_text_in_html_never_markup() -> None:
    page = part(build(READY, SENDER, letter({"first_name": "<script>"})), "html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_service_mail_has_no_list_fields() -> None:
    mail = prepare(compile_mail(MailSource("c", "Confirm", "Words", kind="service")), {})
    raw = build(mail, SENDER, letter({}, purpose="confirmation"))
    assert faults(raw, "confirmation") == []
    assert b"List-" not in raw


@pytest.mark.parametrize(
    ("raw", "ready"),
    [("a.b+c@Example.com", "a.b+c@example.com"), ("bert@münchen.example", "bert@xn--mnchen-3ya.example")],
)
def test_domains_become_what_servers_know(raw: str, ready: str) -> None:
    assert address(raw) == ready


@pytest.mark.parametrize(
    "raw",
    ["bért@a.example", "", "a b@c.example", "a@b@c.example", "x@-", "a\r\nb@c.example", "a@" + "b" * 260],
)
def test_addresses_that_no_server_takes_are_refused(raw: str) -> None:
    with pytest.raises(AddressFault):
        address(raw)


def test_a_mail_that_grows_too_large_is_refused_for_that_lead() -> None:
    mail = compile_mail(MailSource("k", "s", "{% for tag in lead.tags %}{{ lead.fields.note }}{% endfor %}"))
    ready = prepare(mail, {})
    with pytest.raises(RenderFault, match="512 kB"):
        render(ready.html, values({"tags": ["x"] * 100, "fields": {"note": "y" * 10_000}}))


def test_a_value_of_the_wrong_kind_is_refused_for_that_lead() -> None:
    ready = prepare(compile_mail(MailSource("k", "s", "{% if lead.fields.size > 50 %}big{% endif %}")), {})
    with pytest.raises(RenderFault):
        render(ready.html, values({"fields": {"size": "many"}}))


def test_there_is_no_way_from_a_value_to_a_method() -> None:
    ready = prepare(compile_mail(MailSource("k", "s", "x{{ lead.fields.items }}{{ lead.fields.keys }}y")), {})
    assert "built-in" not in render(ready.text, values({"fields": {}}))


BREACHES = [
    (b"List-Unsubscribe: <https", b"List-Unsubscribe: =?utf-8?q?<https", "List-Unsubscribe is not"),
    (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b"", "List-Unsubscribe-Post is missing"),
    (b"MIME-Version: 1.0\r\n", b"", "mime-version stands 0 times"),
    (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nDate: x\r\n", "date stands 2 times"),
    (b"Precedence: bulk\r\n", b"", "Precedence is not bulk"),
    (b"Message-ID: <", b"Message-ID: <a ", "Message-ID is malformed"),
    (b"Hello", b"He\nllo", "bare CR or LF"),
    (b"Hello", b"H\xc3\xa9llo", "above 127"),
    (b"Hello", b"H\0llo", "NUL"),
    (b"Hello", b"H" * 1200, "longer than 998"),
    (b"Hello", b"H" * 80, "longer than 76"),
    (b"Hello", b"He=ZZlo", "escape is broken"),
    (b"Hello", b"He=FFlo", "does not decode"),
    (b"\r\nHello", b"\r\n.Hello", "bare dot"),
    (b"List-Id: ", b"List-Help: ", "List-Id is missing"),
    (b"text/plain", b"text/html", "not text, then HTML"),
    (b"+0000\r\n", b"GMT\r\n", "no numeric zone"),
]


@pytest.mark.parametrize(("good", "bad", "sentence"), BREACHES)
def test_the_checker_sees_each_breach(good: bytes, bad: bytes, sentence: str) -> None:
    raw = build(READY, SENDER, letter({"first_name": "Bert"}))
    assert faults(raw, "chain") == []
    assert good in raw
    assert any(sentence in fault for fault in faults(raw.replace(good, bad, 1), "chain"))


def test_a_postal_address_of_several_lines_stands_in_one() -> None:
    sender = Sender(
        "Mira", "mira@kessler-ohm.example", "Kessler Ohm", "Speicherstraße 14\r\n\n20457 Hamburg "
    )
    assert sender.as_values()["postal_address"] == "Speicherstraße 14, 20457 Hamburg"
