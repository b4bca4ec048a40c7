"""What strangers and colleagues write is text on every page, wherever it is shown (OWASP A03; the classes of
CVE-2020-35124, CVE-2021-27911, CVE-2026-21483 and CVE-2021-27909)."""

import json
from html import unescape
from urllib.parse import quote

import pytest
from lxml import html as markup
from lxml.html import HtmlElement
from werkzeug.test import TestResponse

from tests.web.attacks.haunting import BAD, GHOST, LINK
from tests.web.attacks.town import Town, asked_names, fell, is_public

pytestmark = pytest.mark.xdist_group("attacks")
_LEADS = ("href", "src", "action", "formaction", "data", "poster", "xlink:href", "hx-get", "hx-post")


def holes(answer: TestResponse) -> list[str]:
    """Where the attack got out of its text."""
    if answer.mimetype != "text/html" or not answer.data.strip():
        return []
    return _holes_of(markup.fromstring(answer.data))


def _holes_of(tree: HtmlElement) -> list[str]:
    found = [f"<{one.tag}>" for one in tree.iter() if one.tag in (GHOST,)]
    for one in tree.iter(markup.etree.Element):
        for name, value in one.attrib.items():
            bare = value.strip().lower().replace("\t", "").replace("\n", "")
            if "ghost7" in name or name.startswith("on"):
                found.append(f"{one.tag} has {name}")
            if name in _LEADS and bare.startswith(("javascript:", "data:text", "vbscript:")):
                found.append(f"{one.tag} leads to {value[:40]}")
            if name == "srcdoc":
                found += [f"srcdoc: {hole}" for hole in _holes_of(markup.fromstring(value or "<p></p>"))]
        if one.tag == "script" and "ghost7" in (one.text or "") and "json" not in one.get("type", ""):
            found.append("inside a script")
    return found


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_nothing_that_was_ever_written_gets_out_of_its_text(town: Town, role: str) -> None:
    client, faults, seen = town.client(role), [], 0
    for endpoint, address in town.pages():
        answer = client.get(address)
        assert not fell(answer), f"{address}: {answer.text[-400:]}"
        faults += [f"{endpoint} {address}: {hole}" for hole in holes(answer)]
        seen += GHOST in unescape(answer.text)
        # The template code inside it stands as it was written (7 * 7 is nobody's 49).
        assert f"{GHOST}>49" not in unescape(answer.text), f"{endpoint} {address}"
        # A mail shows what its writer wrote, but can neither run nor lead anywhere: its policy says so.
        if "unsafe-inline" in answer.headers.get("Content-Security-Policy", ""):
            assert answer.headers["Content-Security-Policy"].startswith("sandbox"), endpoint
    assert faults == []
    assert seen >= 8, "the attack was shown, as text"


def test_the_public_pages_show_it_as_text_too(town: Town) -> None:
    visitor = town.visitor()
    shown = {endpoint: visitor.get(address) for endpoint, address in town.pages() if is_public(endpoint)}
    for endpoint, answer in shown.items():
        assert not fell(answer), endpoint
        if endpoint != "letters.view":
            assert holes(answer) == [], endpoint
    for endpoint in ("leaving.page", "choosing.page", "answers.form", "public_forms.page"):
        assert shown[endpoint].status_code == 200, endpoint


def test_nothing_asked_for_in_an_address_gets_out_of_its_text(town: Town) -> None:
    names = asked_names()
    assert {"q", "tag", "next", "show"} <= set(names)
    client, visitor = town.client("admin"), town.visitor()
    for endpoint, address in town.pages():
        for value in (BAD, LINK):
            query = "&".join(f"{name}={quote(value)}" for name in names)
            for reader in (visitor,) if is_public(endpoint) else (client,):
                answer = reader.get(f"{address}?{query}", headers={"Referer": BAD, "Accept-Language": BAD})
                assert not fell(answer), f"{address}: {answer.text[-400:]}"
                if endpoint != "letters.view":
                    assert holes(answer) == [], f"{endpoint} {address}"


def test_nothing_typed_into_a_form_gets_out_of_its_text_when_it_comes_back(town: Town) -> None:
    names = asked_names()
    for endpoint, address in town.pages("POST"):
        reader = town.visitor() if is_public(endpoint) else town.client("admin")
        csrf = town.csrf(reader)
        for value in (BAD, "", "\0", LINK):
            form = dict.fromkeys(names, value) if value else {}
            answer = reader.post(address, data=form | {"csrf_token": csrf})
            assert not fell(answer), f"{address} {value[:5]!r}: {answer.text[-400:]}"
            assert holes(answer) == [], f"{endpoint} {address}"


def test_a_fault_page_repeats_nothing_as_markup(town: Town) -> None:
    client = town.client("viewer")
    for address in (f"/{quote(BAD)}", f"/leads/{quote(BAD)}", f"/static/{quote(BAD)}", f"/u/{quote(BAD)}"):
        answer = client.get(address)
        assert answer.status_code in (200, 404)
        assert holes(answer) == [], address


def test_the_api_speaks_json_and_nothing_that_a_browser_would_render(town: Town) -> None:
    visitor = town.visitor()
    for endpoint, address in town.calls():
        if endpoint == "api-page.docs":
            continue
        answer = visitor.get(address, headers=town.api())
        assert not fell(answer), f"{address}: {answer.text[:400]}"
        assert answer.mimetype in ("application/json", "application/problem+json", "text/csv"), address
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if answer.mimetype != "text/csv" and answer.data:
            json.loads(answer.data)
