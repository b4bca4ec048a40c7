"""A company in which everything that a page can show exists at least once, for attacks of all sorts."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from nurture.flows.keys import create_key
from nurture.flows.setup import offer_setup
from nurture.rules.forms import trap
from nurture.rules.tokens import mint
from nurture.runtime import Runtime
from nurture.store.users import ROLES, User
from nurture.web.access_table import ACCESS, PUBLIC
from tests.applications import signed_in
from tests.stories.world import BROWSER
from tests.web.conftest import token_of

WEB = Path(__file__).parents[3] / "nurture" / "web"
TEMPLATES = Path(__file__).parents[3] / "templates"
_ASKED = re.compile(
    r"""(?:query\.\w+|request\.(?:args|values|form)\.get(?:list)?|\b(?:text|chosen|number)|args\.get)"""
    r"""\(\s*['"](\w+)['"]|(?:request\.(?:args|form)|\bform)\[['"](\w+)['"]\]"""
)
_DRAWN = re.compile(r"""\bname="(\w+)"|\b(?:field|choose|faults)\((?:errors, )?"(\w+)\"""")
# A form of the company, with a question of every kind.
FORM = {
    "title": "What does your stock cost?",
    "intro": "Three questions.",
    "fields": [
        {"field": "email", "label": "E-mail address", "required": True, "hint": "Where we write to."},
        {"field": "first_name", "label": "First name"},
        {"field": "address", "label": "Address"},
        {"field": "dates.birthday", "label": "Birthday"},
        {"field": "bant.budget", "label": "Budget"},
        {"field": "message", "label": "Message"},
    ],
    "consents": [{"purpose": "marketing", "wording": "Yes, write to me.", "required": True}],
}
# What stands in an address, unless the company has something better.
_PLACES = {
    "user_id": 1, "provider": "generic", "name": "x", "filename": "nurture.css", "secret": "no.such.secret",
    "token": "no.such.token", "form": "stock-check",
}  # fmt: skip


class Reads(FlaskClient):
    """A browser that reads every answer to its end."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **options})


@dataclass(frozen=True)
class Town:
    """The application over that company, a client and an API key for each role."""

    app: Flask
    runtime: Runtime
    keys: dict[str, str]

    def visitor(self) -> FlaskClient:
        return self.app.test_client()

    def client(self, role: str) -> FlaskClient:
        """Somebody of this role, signed in."""
        with self.runtime.sessions() as session:
            user = session.query(User).filter_by(email=f"{role}@kessler-ohm.example").one()
        client = signed_in(self.app, user)
        assert client.get("/account").status_code == 200
        return client

    def csrf(self, client: FlaskClient) -> str:
        """The token of this client's own forms."""
        signed_in = client.get("/account")
        return token_of(signed_in.text if signed_in.status_code == 200 else client.get("/sign-in").text)

    def api(self, role: str = "admin") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"}

    def pages(self, method: str = "GET") -> list[tuple[str, str]]:
        """Every address of the pages that takes this method: (endpoint, address of what exists)."""
        return [(rule.endpoint, self.address(rule)) for rule in self._rules(method) if _is_page(rule)]

    def calls(self, method: str = "GET") -> list[tuple[str, str]]:
        """Every call of the API by this method."""
        return [(rule.endpoint, self.address(rule)) for rule in self._rules(method) if not _is_page(rule)]

    def asked_of_calls(self) -> dict[str, dict[str, bool]]:
        """By endpoint of the API the names that its GET reads from the address, as its description says,
        and whether any text may stand there."""
        known: dict[str, dict[str, bool]] = {}
        paths = self.app.extensions["nurture-api"].spec.to_dict()["paths"]
        for rule in self._rules("GET"):
            said = paths.get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), {}).get("get", {})
            asked = [one for one in said.get("parameters", []) if one["in"] == "query"]
            known[rule.endpoint] = {one["name"]: _is_text(one["schema"]) for one in asked}
        return known

    def addresses(self, method: str = "GET") -> list[tuple[str, str]]:
        return [(rule.endpoint, self.address(rule)) for rule in self._rules(method)]

    def address(self, rule: Rule) -> str:
        values = {name: self._place(rule.endpoint, name) for name in rule.arguments}
        with self.app.test_request_context():
            return self.app.url_for(rule.endpoint, **values)

    def word(self) -> str:
        """The word of the form's page, shown a minute ago."""
        seconds = int(self.runtime.real_now().timestamp()) - 60
        return mint(self.runtime.ring, trap.PURPOSE, self.value("SELECT min(id) FROM form"), seconds)

    def _rules(self, method: str) -> list[Rule]:
        return [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or set())]

    def _place(self, endpoint: str, name: str) -> object:
        if name == "token":
            return self.token(endpoint)
        if name == "message_id":
            return self.value("SELECT min(id) FROM webhook_message")
        table = _TABLES.get(name)
        if table is not None:
            return self.value(f"SELECT coalesce(min(id::text), '1') FROM {table}")
        return _PLACES.get(name, 1)

    def token(self, endpoint: str) -> str:
        """A genuine link of the kind that this public page takes."""
        ring = self.runtime.ring
        lead_id, delivery_id = self.row(
            "SELECT lead_id, id FROM delivery WHERE state = 'sent' ORDER BY id LIMIT 1"
        )
        handoff = self.value("SELECT coalesce(min(id), 1) FROM handoff")
        consent = self.value("SELECT coalesce(min(id), 1) FROM consent")
        kinds = {
            "letters": mint(ring, "view", delivery_id),
            "leaving": mint(ring, "unsubscribe", lead_id, delivery_id),
            "choosing": mint(ring, "preferences", lead_id, delivery_id),
            "answers": mint(ring, "answer", handoff),
        }
        if endpoint.startswith("confirming."):
            return mint(ring, "confirm", lead_id, consent)
        return kinds.get(endpoint.partition(".")[0], "no.such.token")

    def row(self, query: str) -> tuple[Any, ...]:
        with self.runtime.sessions() as session:
            return tuple(session.execute(text(query)).one())

    def value(self, query: str) -> Any:
        return self.row(query)[0]


_TABLES = {
    "lead_id": "lead", "program_id": "program", "chain_id": "chain", "handoff_id": "handoff",
    "delivery_id": "delivery", "endpoint_id": "webhook_endpoint", "key_id": "api_key",
    "import_id": "lead_import",
    "change_id": "bulk_change", "newsletter_id": "newsletter", "segment_id": "segment",
    "pattern_id": "verdict_pattern", "hit_id": "hit", "signal_id": "signal",
    "company_id": "company", "mail_id": "mail",
    "model_id": "heat_model", "source_id": "source", "event_id": "event", "site_id": "site",
    "form_id": "form",
}  # fmt: skip


def _is_text(schema: dict[str, Any]) -> bool:
    return "string" in schema.get("type", "string") and not {"enum", "format"} & set(schema)


def _is_page(rule: Rule) -> bool:
    return not rule.endpoint.startswith("api")


def fell(answer: TestResponse) -> bool:
    """A fault of ours. That old work is overdue in this company is none."""
    return answer.status_code >= 500 and answer.request.path != "/readyz"


def is_public(endpoint: str) -> bool:
    return ACCESS.get(endpoint) is PUBLIC


def asked_names() -> list[str]:
    """Every name that any page asks its address or form for, read from the code and the templates."""
    found = [_ASKED.findall(file.read_text()) for file in sorted(WEB.rglob("*.py"))]
    found += [_DRAWN.findall(file.read_text()) for file in sorted(TEMPLATES.rglob("*.html"))]
    return sorted({name for names in found for pair in names for name in pair if name})


def settle_in(app: Flask, runtime: Runtime) -> Town:
    """Make what six weeks of nurturing have not made by themselves."""
    with runtime.sessions.begin() as session:
        keys = {role: create_key(session, role, role, now=runtime.now()) for role in ROLES}
        offer_setup(session)
    town = Town(app, runtime, keys)
    visitor, admin = town.visitor(), town.api()

    def made(path: str, **body: object) -> dict[str, object]:
        answer = visitor.post(f"/api/v1{path}", json=body, headers=admin)
        assert answer.status_code in (200, 201, 202), f"{path}: {answer.text}"
        return dict(answer.json or {})

    made("/segments", name="Warm", condition={"any": [{"temperature": "warm"}, {"tag": "machinery"}]})
    made("/newsletters", name="March", subject="News", body="Hello {{ lead.first_name }}")
    made("/forms", key="stock-check", name="Stock check", **FORM)
    sent = {"email": "anna@weber.example", "first_name": "Anna", "message": "By May", "shown": town.word()}
    assert visitor.post("/f/stock-check", data=sent | {"consent.marketing": "yes"}).status_code == 303
    made("/leads/1/touches", kind="call", direction="in", note="Wants a date in May.")
    made("/verdict_patterns", field="ip", pattern="198.51.100.0/24", verdict="machine", reason="a gateway")
    data = {"label": "Safety stock", "url": "https://kessler-ohm.example/a"}
    made("/signals", lead_id=1, kind="downloaded", data=data)
    client = town.client("marketer")
    csrf = token_of(client.get("/leads").text)
    form = {"csrf_token": csrf, "what": "tag", "value": "walked", "lead": ["1", "2"]}
    client.post("/leads/change", data=form)
    visitor.get("/", headers={"User-Agent": BROWSER})
    return town
