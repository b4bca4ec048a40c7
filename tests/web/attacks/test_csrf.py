"""No other site can make a signed-in person change anything (CVE-2025-58430, CVE-2014-2916)."""

import pytest
from sqlalchemy import text

from tests.web.attacks.town import Town, fell, is_public

pytestmark = pytest.mark.xdist_group("attacks")
# They carry their permission in the address: a signed token or a secret, never a session.
SIGNED = frozenset(
    {"leaving.unsubscribe", "choosing.save", "confirming.confirm", "public_forms.send", "answers.answer",
     "feedback.give", "inbound.mail", "inbound.events"}
)  # fmt: skip
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
# Who looked when, and which key was used, may be noted by looking.
_NOTED = ("user_account", "api_key", "idempotency_key", "audit_entry")


def everything(town: Town) -> dict[str, object]:
    with town.runtime.sessions() as session:
        names = session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        sums = {}
        for name in names:
            if name not in _NOTED:
                rows = f"SELECT t::text AS row FROM {name} AS t"
                query = f"SELECT md5(string_agg(row, chr(10) ORDER BY row)) FROM ({rows}) AS r"
                sums[name] = session.scalar(text(query))
    return sums


@pytest.mark.parametrize("method", CHANGING)
def test_a_change_without_the_token_of_the_form_is_refused(town: Town, method: str) -> None:
    client, before = town.client("admin"), everything(town)
    for endpoint, address in town.pages(method):
        if endpoint not in SIGNED:
            for token in ({}, {"csrf_token": ""}, {"csrf_token": "IjEyMyI.aaaa.bbbb"}):
                answer = client.open(
                    address, method=method, data=token, headers={"Origin": "https://evil.example"}
                )
                assert answer.status_code == 400, f"{method} {endpoint}: {answer.status_code}"
    assert everything(town) == before


def test_the_token_of_somebody_elses_form_does_not_help(town: Town) -> None:
    client, thief = town.client("admin"), town.visitor()
    stolen = town.csrf(thief)
    for endpoint, address in town.pages("POST"):
        if not is_public(endpoint):
            answer = client.post(address, data={"csrf_token": stolen}, headers={"X-CSRFToken": stolen})
            assert answer.status_code == 400, endpoint


@pytest.mark.parametrize("method", ("GET", *CHANGING))
def test_the_api_does_not_take_the_cookie_of_a_person(town: Town, method: str) -> None:
    client = town.client("admin")
    for endpoint, address in town.calls(method):
        if endpoint not in ("api-docs.openapi_json", "api-page.docs", "api-page.old"):
            assert client.open(address, method=method).status_code == 401, f"{method} {endpoint}"


def test_looking_changes_nothing(town: Town) -> None:
    client, before = town.client("admin"), everything(town)
    for _endpoint, address in town.addresses("GET"):
        for reader, headers in ((client, {}), (town.visitor(), town.api())):
            assert not fell(reader.get(address, headers=headers)), address
            assert not fell(reader.head(address, headers=headers)), address
    after = everything(town)
    assert [name for name in before if before[name] != after[name]] == []
