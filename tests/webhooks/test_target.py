import pytest

from nurture.errors import Invalid
from nurture.net.target import Target, parse


def test_a_public_address_is_taken_apart() -> None:
    assert parse("https://crm.example/hooks/in?team=a", private=False) == Target(
        True, "crm.example", 443, "/hooks/in?team=a"
    )


def test_a_name_in_another_script_becomes_its_a_label() -> None:
    assert parse("https://BÜCHER.example", private=False) == Target(True, "xn--bcher-kva.example", 443, "/")


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example/",
        "ftp://crm.example/",
        "//crm.example/",
        "crm.example",
        "",
        "https://",
        "https://user@crm.example/",
        "https://user:secret@crm.example/",
        "https://@crm.example/",
        "https://crm.example/#part",
        "https://crm.example:22/",
        "https://crm.example:25/",
        "https://crm.example:80/",
        "https://crm.example:5432/",
        "https://crm.example:99999/",
        "https://crm.example:abc/",
        "https://crm.example\\@127.0.0.1/",
        "https://crm.example/a b",
        "https://crm.example/\r\nX-Injected: 1",
        "https://crm.example/\x00",
        "https://crm..example/",
        "https://-crm.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://db.internal/",
        "https://printer.local/",
        "https://crm.example/ü",
        "https://crm.example/" + "x" * 2000,
    ],
)
def test_what_must_not_be_posted_to_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(url, private=False)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/", "http://intranet/", "http://localhost:3000/in", "https://10.0.0.8/"]
)
def test_where_private_receivers_are_allowed_http_and_inner_names_are_too(url: str) -> None:
    parse(url, private=True)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:22/", "http://127.0.0.1:25/", "http://169.254.169.254/", "http://u:p@10.0.0.1/"],
)
def test_even_then_low_ports_metadata_and_passwords_are_refused(url: str) -> None:
    with pytest.raises(Invalid):
        parse(url, private=True)


def test_the_host_field_names_the_port_only_where_it_is_unusual() -> None:
    assert parse("https://crm.example", private=False).host_header == "crm.example"
    assert parse("https://crm.example:8443", private=False).host_header == "crm.example:8443"
    assert parse("http://[::1]:8080", private=True).host_header == "[::1]:8080"
