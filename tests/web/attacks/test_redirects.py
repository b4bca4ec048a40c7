"""Nobody is sent elsewhere by an address that we made (open redirect), nor is a link of ours made by the Host
header of a stranger (host poisoning)."""

from urllib.parse import quote, urlsplit

import pytest
from werkzeug.test import Client

from nurture.files.link_cache import LinkCache
from nurture.flows.links import link_source
from nurture.rules.tokens import mint
from nurture.web.places import inside
from nurture.web.tracking import TrackingDoor, nowhere
from tests.web.attacks.town import Town, asked_names, is_public

pytestmark = pytest.mark.xdist_group("attacks")
OUTSIDE = (
    "https://evil.example/", "//evil.example/", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "\t//evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)",
    "https:evil.example", "http:/evil.example", "/%0d%0aLocation: //evil.example", "/\r\nSet-Cookie: x=1",
    "//evil.example\\@localhost/", "/@evil.example/..//evil.example", "https://localhost@evil.example/",
    "//localhost.evil.example", "https://localhost:80@evil.example", "data:text/html,x", "//[evil.example",
)  # fmt: skip


def leaves(location: str) -> bool:
    """Whether a browser would leave the site; browsers drop tabs and line ends and read a backslash as a
    slash (WHATWG URL)."""
    seen = location.strip().replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/")
    parts = urlsplit(seen)
    return bool(parts.scheme and parts.hostname not in ("localhost", None)) or (
        seen.startswith("//") or (parts.scheme not in ("", "http", "https"))
    )


def test_no_page_sends_anybody_outside(town: Town) -> None:
    names = [name for name in asked_names() if name not in ("token",)]
    client, visitor = town.client("admin"), town.visitor()

    def led(endpoint: str, address: str, wanted: str) -> str:
        """Where this page leads one who asks for `wanted` by every name."""
        reader = visitor if is_public(endpoint) else client
        query = "&".join(f"{name}={quote(wanted)}" for name in names)
        answer = reader.get(f"{address}?{query}", headers={"Referer": quote(wanted, safe=":/@")})
        location = answer.headers.get("Location", "")
        assert not leaves(location), f"{endpoint} {wanted!r}: {location}"
        return location

    leading = [
        (endpoint, address)
        for endpoint, address in town.pages()
        if any(led(endpoint, address, wanted) for wanted in ("/leads", *OUTSIDE[:4]))
    ]
    assert leading, "some lead on, and are asked for every place"
    for endpoint, address in leading:
        for wanted in OUTSIDE:
            led(endpoint, address, wanted)


@pytest.mark.parametrize("wanted", OUTSIDE)
def test_signing_in_and_confirming_lead_inside(town: Town, wanted: str) -> None:
    with town.app.test_request_context():
        assert not leaves(inside(wanted)), wanted
    visitor = town.visitor()
    form = {
        "email": "viewer@kessler-ohm.example", "password": "nine months of stock",
        "csrf_token": town.csrf(visitor), "next": wanted,
    }  # fmt: skip
    answer = visitor.post("/sign-in", data=form)
    assert answer.status_code == 302 and not leaves(answer.headers["Location"])


def test_a_click_leads_where_the_stored_link_says_whatever_else_is_asked(town: Town) -> None:
    runtime = town.runtime
    links = LinkCache(runtime.settings.home / "clicks.jsonl", link_source(runtime.sessions))
    lines: list[bytes] = []

    class Kept:
        def append(self, line: bytes) -> None:
            lines.append(line)

        add = append

    door = TrackingDoor(nowhere, ring=runtime.ring, spool=Kept(), stream=Kept(), links=links, now=runtime.now)
    link_id, url = town.row("SELECT id, url FROM link ORDER BY id LIMIT 1")
    token = mint(runtime.ring, "click", town.value("SELECT min(id) FROM delivery"), link_id)
    for query in ("", *(f"?{name}={quote(one)}" for one in OUTSIDE for name in ("url", "next", "to", "u"))):
        answer = Client(door).get(f"/c/{token}{query}", headers={"Host": "evil.example"})
        assert (answer.status_code, answer.headers["Location"]) == (302, url)
    for other in (f"/c/{token}x", f"/c/{token[:-1]}", f"/c/{mint(runtime.ring, 'open', 1, link_id)}"):
        assert Client(door).get(other).status_code == 404
    links.close()
    assert len(lines) > 0


HOSTS = ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})


@pytest.mark.parametrize("headers", HOSTS, ids=["host", "forwarded"])
def test_no_link_of_ours_is_made_by_the_host_header(town: Town, headers: dict[str, str]) -> None:
    client, visitor = town.client("admin"), town.visitor()
    for endpoint, address in town.pages():
        reader = visitor if is_public(endpoint) else client
        answer = reader.get(address, headers=headers)
        assert "evil.example" not in answer.text, endpoint
        assert "evil.example" not in answer.headers.get("Location", ""), endpoint
    for endpoint, address in town.calls():
        assert "evil.example" not in visitor.get(address, headers={**headers, **town.api()}).text, endpoint
    asked = [address for endpoint, address in town.pages("POST") if endpoint == "entering.ask"]
    for address in asked:
        form = {"email": "viewer@kessler-ohm.example", "csrf_token": town.csrf(visitor)}
        visitor.post(address, data=form, headers=headers)
    assert town.value("SELECT count(*) FROM delivery WHERE params::text LIKE '%evil.example%'") == 0
