"""Nothing can be learnt by trying: neither who is known, nor which number exists."""

import re

import pytest
from werkzeug.test import TestResponse

from nurture.rules.tokens import mint
from tests.web.attacks.town import Town, is_public

pytestmark = pytest.mark.xdist_group("attacks")


def shape(answer: TestResponse) -> tuple[int, str, str]:
    """An answer without what differs in every answer: nonce, token, address of the page itself."""
    text = re.sub(r'nonce="[^"]+"|value="[^"]*"|action="[^"]*"|href="[^"]*"', "", answer.text)
    return answer.status_code, answer.headers.get("Location", ""), text


def tried(town: Town, path: str, **form: str) -> tuple[int, str, str]:
    client = town.visitor()
    return shape(client.post(path, data={**form, "csrf_token": town.csrf(client)}))


def test_signing_in_says_the_same_about_everybody(town: Town) -> None:
    known = tried(town, "/sign-in", email="viewer@kessler-ohm.example", password="not this one")
    nobody = tried(town, "/sign-in", email="nobody@kessler-ohm.example", password="not this one")
    strange = tried(town, "/sign-in", email="' OR 1=1 --", password="x" * 100_000)
    assert known == nobody == strange


def test_forgetting_a_password_says_the_same_about_everybody(town: Town) -> None:
    paths = [address for endpoint, address in town.pages("POST") if endpoint == "entering.ask"]
    assert paths, "there is a page for those who forgot their password"
    known = tried(town, paths[0], email="viewer@kessler-ohm.example")
    nobody = tried(town, paths[0], email="nobody@kessler-ohm.example")
    assert known == nobody


def test_sending_a_form_says_the_same_about_everybody(town: Town) -> None:
    known, left = town.row("SELECT min(email_norm), max(email_norm) FROM lead WHERE email_norm IS NOT NULL")
    client, seen = town.visitor(), set()
    for email in (known, left, "nobody@kessler-ohm.example", "nobody@blocked.example"):
        said = {"email": email, "consent.marketing": "yes", "shown": town.word()}
        answer = client.post("/f/stock-check", data=said)
        told = client.post("/f/stock-check", data=said, headers={"Accept": "application/json"}).json
        assert answer.status_code == 303 and told["sent"]
        seen.add((*shape(answer), str(told | {"known": len(told["known"].split("."))})))
    assert len(seen) == 1


def test_a_link_with_a_wrong_signature_looks_like_one_of_nobody(town: Town) -> None:
    ring = town.runtime.ring
    for endpoint, address in town.pages():
        if is_public(endpoint) and endpoint.startswith(("leaving", "letters", "answers", "choosing")):
            start = address.rpartition("/")[0]
            purpose = {"le": "unsubscribe", "ch": "preferences", "an": "answer"}.get(endpoint[:2], "view")
            missing = mint(ring, purpose, 987_654_321, 987_654_321)
            forged = "0000.1.1.AAAAAAAAAAAAAAAAAAAAAA"
            visitor = town.visitor()
            assert shape(visitor.get(f"{start}/{missing}")) == shape(visitor.get(f"{start}/{forged}")), (
                endpoint
            )


def test_the_api_tells_a_stranger_nothing_about_numbers(town: Town) -> None:
    for path in ("/api/v1/leads/1", "/api/v1/leads/999999", "/api/v1/nowhere/1", "/api/v1/users/1"):
        answer = town.visitor().get(path)
        assert answer.status_code in (401, 404) and "lead" not in answer.json["detail"]


def test_a_person_who_may_not_see_a_page_does_not_learn_whether_the_thing_exists(town: Town) -> None:
    client = town.client("viewer")
    for there, missing in (
        ("/settings/users/1", "/settings/users/999999"),
        ("/imports/1", "/imports/999999"),
    ):
        assert shape(client.get(there)) == shape(client.get(missing))
        assert client.get(there).status_code == 403
