"""Signatures, judged by dkimpy, which shares no line with ours, and by the example of RFC 8463."""

import base64
import hashlib
import re

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from nurture.mail.dkim import (
    ED25519,
    RSA,
    KeyFault,
    SigningKey,
    generate,
    import_key,
    load,
    public_value,
    selector_of,
    signed,
)
from nurture.mail.dkim.canonical import relaxed_body, relaxed_fields

PEMS = {RSA: generate(RSA), ED25519: generate(ED25519)}
KEYS = {kind: load("news.example", f"{kind}-1", pem) for kind, pem in PEMS.items()}
DNS = {
    f"{kind}-1._domainkey.news.example.".encode(): public_value(pem).encode() for kind, pem in PEMS.items()
}
HEAD = (
    b"Date: Tue, 03 Mar 2026 10:00:00 +0000\r\n"
    b"From: =?utf-8?b?QW5uYSDDhHJtZWw=?= <anna@news.example>\r\n"
    b"To: Bert <bert@leads.example>\r\n"
    b"Subject: Three numbers\r\n that fold\r\n"
    b"Message-ID: <9f6@news.example>\r\n"
    b"List-Unsubscribe: <https://nurture.example/u/abc>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"List-Id: Example <letter.news.example>\r\n"
    b"Feedback-ID: m-a:s-b:p-c:n123456789\r\n"
    b"MIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative;\r\n boundary="x"\r\n'
)
MESSAGE = HEAD + b"\r\nHello,  two spaces \r\nand\ta tab\r\n\r\n\r\n"

# RFC 8463, appendix A.
FOOTBALL = (
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
)
FOOTBALL_BODY = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
FOOTBALL_SECRET = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
FOOTBALL_PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
FOOTBALL_HASH = "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
FOOTBALL_SIGNED = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b="
)
FOOTBALL_SIGNATURE = (
    "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
)


def pieces(*choices: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(choices), max_size=40).map("".join)


def verified(message: bytes, at: int = 0) -> bool:
    def ask(name: bytes, timeout: int = 5) -> bytes | None:
        return DNS.get(name)

    try:
        return bool(dkim.DKIM(message).verify(idx=at, dnsfunc=ask))
    except dkim.ValidationError:
        return False


@pytest.mark.parametrize("kinds", [(RSA,), (ED25519,), (RSA, ED25519)])
def test_another_implementation_takes_every_signature(kinds: tuple[str, ...]) -> None:
    message = signed(MESSAGE, [KEYS[kind] for kind in kinds], 1_772_532_000)
    assert message.endswith(MESSAGE)
    assert all(verified(message, at) for at in range(len(kinds)))


def test_the_example_of_rfc_8463_comes_out_to_the_letter() -> None:
    algorithm, pem = import_key(FOOTBALL_SECRET)
    key = load("football.example.com", "brisbane", pem)
    assert algorithm == ED25519
    assert public_value(pem) == f"v=DKIM1; k=ed25519; p={FOOTBALL_PUBLIC}"
    body = hashlib.sha256(relaxed_body(FOOTBALL_BODY)).digest()
    assert base64.b64encode(body).decode() == FOOTBALL_HASH
    _names, lines = relaxed_fields(FOOTBALL + FOOTBALL_SIGNED)
    data = b"\r\n".join(lines)
    signature = key.sign(data)
    assert base64.b64encode(signature).decode() == FOOTBALL_SIGNATURE


@pytest.mark.parametrize(
    "added",
    [
        b"From: Eve <eve@evil.example>\r\n",
        b"Reply-To: eve@evil.example\r\n",
        b"Subject: Another\r\n",
        b"List-Unsubscribe: <https://evil.example/>\r\n",
        b"Content-Type: text/html\r\n",
    ],
)
def test_a_field_added_on_the_way_breaks_the_signature(added: bytes) -> None:
    message = signed(MESSAGE, [KEYS[RSA]], 1_772_532_000)
    assert verified(message)
    head, _, rest = message.partition(b"Date:")
    assert not verified(head + added + b"Date:" + rest)


def test_the_fields_of_one_click_are_signed_as_rfc_8058_demands() -> None:
    message = signed(MESSAGE, [KEYS[ED25519]], 1_772_532_000)
    names = re.sub(rb"\s", b"", message.partition(b"h=")[2].partition(b";")[0]).split(b":")
    assert names.count(b"list-unsubscribe") == 2
    assert names.count(b"list-unsubscribe-post") == 2
    assert names.count(b"from") == 2
    assert b"feedback-id" in names
    assert b"l=" not in message.partition(b"Date:")[0].replace(b"relaxed/relaxed", b"")


def test_no_line_of_a_signature_is_long_or_begins_with_a_dot() -> None:
    message = signed(MESSAGE, list(KEYS.values()), 1_772_532_000)
    lines = message.removesuffix(MESSAGE).split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(line.startswith(b".") for line in lines)


def test_a_changed_body_does_not_verify() -> None:
    message = signed(MESSAGE, [KEYS[RSA]], 1_772_532_000)
    assert not verified(message.replace(b"two spaces", b"two spices"))


@given(pieces("a", "b", " ", "\t", "\r\n", ".", "=", "é"))
def test_any_body_comes_out_as_the_other_implementation_has_it(body: str) -> None:
    message = HEAD + b"\r\n" + body.encode() + b"\r\n"
    assert verified(signed(message, [KEYS[ED25519]], 1_772_532_000))


@given(pieces("a", "B", " ", "\t", "\r\n ", "=", ":", ";"))
def test_any_subject_comes_out_as_the_other_implementation_has_it(words: str) -> None:
    message = HEAD.replace(b"Three numbers\r\n that fold", b"x" + words.encode()) + b"\r\nHello\r\n"
    assert verified(signed(message, [KEYS[ED25519]], 1_772_532_000))


def test_keys_of_every_usual_wrapping_are_taken() -> None:
    key = rsa.generate_private_key(65537, 2048)
    for wrapping in (PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8):
        pem = key.private_bytes(Encoding.PEM, wrapping, NoEncryption()).decode()
        assert import_key(f"\n{pem}\n")[0] == RSA
    assert import_key(PEMS[ED25519]) == (ED25519, PEMS[ED25519])


def test_what_is_no_key_is_refused_in_a_sentence() -> None:
    great = rsa.generate_private_key(65537, 4608).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    locked = rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")
    )
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    faults = {
        great.decode(): "4608 bits",
        locked.decode(): "password",
        curve.decode(): "another kind",
        "hello": "PEM",
        "schlüssel": "PEM",
    }
    for text, words in faults.items():
        with pytest.raises(KeyFault, match=words):
            import_key(text)


@pytest.mark.parametrize("text", ["", "-a", "a b", "a_b", "x" * 101, "ä"])
def test_a_selector_that_no_name_could_hold_is_refused(text: str) -> None:
    with pytest.raises(KeyFault):
        selector_of(text)
    assert selector_of(" S1.Mail ") == "s1.mail"


def test_a_key_does_not_show_itself() -> None:
    assert "PRIVATE" not in repr(SigningKey("news.example", "s1", RSA, KEYS[RSA].private))
