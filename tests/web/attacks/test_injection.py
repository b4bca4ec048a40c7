"""What is asked for in addresses, bodies and conditions is a value and never SQL (CVE-2022-25775)."""

from urllib.parse import quote

import pytest

from tests.web.attacks.asked import Asked
from tests.web.attacks.town import Town, asked_names, fell, is_public

pytestmark = pytest.mark.xdist_group("attacks")
SQL = (
    "' OR 1=1 --", "1; DROP TABLE lead; --", "1) UNION SELECT secret_hash FROM api_key --", "%' AND 1=0 --",
    "\\'; SELECT pg_sleep(9); --", "$$ OR TRUE $$", "id DESC; DELETE FROM lead", "(SELECT 1)", "%s%(x)s",
    "\x00", "\ud800", "９", "１' OR '1'='1", "0x7f", "{{1}}", "a" * 9000,
)  # fmt: skip

# What stands for a number, a moment or one of a few words is read in one place for all calls.
NO_NUMBERS = ("' OR 1=1 --", "1; DROP TABLE lead; --", "９", "0x7f")


def safe(value: str) -> str:
    return quote(value.encode("utf-8", "surrogatepass"))


def counts(town: Town) -> tuple[object, ...]:
    return town.row("SELECT (SELECT count(*) FROM lead), (SELECT count(*) FROM user_account)")


def test_no_page_asks_the_database_what_an_address_says(town: Town) -> None:
    names, before = asked_names(), counts(town)
    client, visitor = town.client("admin"), town.visitor()
    hashes = town.row("SELECT secret_hash FROM api_key ORDER BY id LIMIT 1")
    asking = 0
    for endpoint, address in town.pages():
        reader = visitor if is_public(endpoint) else client
        Asked.names.clear()
        for value in SQL:
            query = "&".join(f"{name}={safe(value)}" for name in names)
            answer = reader.get(f"{address}?{query}")
            assert not fell(answer), f"{address} {value[:40]!r}: {answer.text[-300:]}"
            assert "$argon2" not in answer.text and hashes[0] not in answer.text
            if not Asked.names:
                break  # nothing that stands behind the question mark is looked at
        else:
            asking += 1
    assert asking > 20, "pages that ask were given every value"
    assert counts(town) == before


def test_no_call_does_either(town: Town) -> None:
    visitor, before = town.visitor(), counts(town)
    known = town.asked_of_calls()
    for endpoint, address in town.calls():
        for name, is_text in known[endpoint].items():
            for value in SQL if is_text else NO_NUMBERS:
                answer = visitor.get(f"{address}?{name}={safe(value)}", headers=town.api())
                assert not fell(answer), f"{address}?{name}={value[:40]!r}: {answer.text[-300:]}"
    assert sum(map(len, known.values())) > 100, "names that are read were tried"
    assert counts(town) == before


CONDITIONS = (
    lambda bad: {"field": bad, "eq": "x"},
    lambda bad: {"field": "first_name", "eq": bad},
    lambda bad: {"field": "first_name", "contains": bad},
    lambda bad: {"field": f"fields.{bad}", "starts": bad},
    lambda bad: {"field": "company.size", "gte": bad},
    lambda bad: {"tag": bad},
    lambda bad: {"segment": bad},
    lambda bad: {"source": bad},
    lambda bad: {"signal": bad, "within": bad},
    lambda bad: {"consent": bad},
    lambda bad: {"bant": bad},
    lambda bad: {"stage": bad},
    lambda bad: {"temperature": bad},
    lambda bad: {bad: bad},
    lambda bad: {"all": [{"any": [{"not": {"field": "city", "in": [bad, bad]}}]}]},
)


@pytest.mark.parametrize("bad", [one for one in SQL if one not in ("\x00", "\ud800")])
def test_a_condition_compares_and_never_speaks_sql(town: Town, bad: str) -> None:
    visitor = town.visitor()
    living = town.value("SELECT count(*) FROM lead WHERE erased_at IS NULL")
    for make in CONDITIONS:
        answer = visitor.post("/api/v1/segments/preview", json={"condition": make(bad)}, headers=town.api())
        assert answer.status_code in (200, 422), answer.text
        if answer.status_code == 200:
            assert answer.json["size"] in (0, living), f"{make(bad)} held for {answer.json['size']}"
