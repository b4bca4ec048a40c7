"""A walk through changing addresses, each of which has to leave its line in the audit log."""

import re
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from nurture.runtime import Runtime
from nurture.store import audit
from nurture.store.audit import AuditEntry, Wanted
from nurture.web.audit_details import FIELDS
from nurture.web.audit_words import SUBJECTS
from tests.web.conftest import token_of


@dataclass
class Walk:
    """Requests one after the other, each with the line it has to leave."""

    app: Flask
    runtime: Runtime
    admin: FlaskClient
    key: str
    seen: set[str] = field(default_factory=set)

    def page(self, action: str, address: str, client: FlaskClient | None = None, **form: Any) -> Any:
        """A page's POST."""
        client = client or self.admin
        token = token_of(client.get("/sign-in").text)
        return self._did(action, client, "POST", address, data={"csrf_token": token, **form})

    def call(self, action: str, method: str, address: str, **more: Any) -> Any:
        """A call of the API."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self._did(action, self.app.test_client(), method, f"/api/v1{address}", headers=headers, **more)

    def _did(self, action: str, client: FlaskClient, method: str, address: str, **more: Any) -> Any:
        before = self._lines()
        answer = client.open(address, method=method, **more)
        assert answer.status_code < 400, f"{method} {address}: {answer.status_code} {_said(answer.text)}"
        lines = self._lines()[len(before) :]
        new = [line.action for line in lines]
        assert action in new, f"{method} {address} wrote {new}"
        bare = {name for line in lines for name in line.detail or {}} - set(FIELDS)
        assert not bare, f"{action} keeps what no page has words for: {bare}"
        bare = {line.subject.partition(":")[0] for line in lines if ":" in line.subject} - set(SUBJECTS)
        assert not bare, f"{action} is done to what no page has words for: {bare}"
        adapter = self.app.url_map.bind("localhost")
        self.seen.add(adapter.match(address.partition("?")[0], method=method)[0])
        return answer

    def _lines(self) -> list[AuditEntry]:
        with self.runtime.sessions() as session:
            return list(reversed(list(audit.all_of(session, Wanted()))))

    def sql(self, statement: str) -> Any:
        with self.runtime.sessions.begin() as session:
            done = session.execute(text(statement))
            return done.scalar() if done.returns_rows else None


def _said(page: str) -> str:
    """What a page refuses with, or the beginning of any other answer."""
    return " ".join(re.findall(r"</svg> ([^<]+)</p>", page)) or page[:400]
