"""The API held to its own description by schemathesis: `python -m tests.web.contract --examples 100`.

Each operation is called with what its schema allows and with what it does not. A finding is an answer that
the description does not know: another status, another kind of body, another shape, a missing header, a fault
of ours, or wrong data that is taken. The application is called as it is, in a house thrown away afterwards.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import create_engine

from nurture.app import create_app
from nurture.config import load_settings
from nurture.embedded.addresses import Addresses
from nurture.embedded.throwaway import throwaway
from nurture.files.yaml_lines import Faults
from nurture.flows.keys import create_key
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.migrations import upgrade
from nurture.runtime import Runtime, build
from tests.web.attacks.town import FORM

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
DESCRIPTION = "/api/v1/openapi.json"
_CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Kept for the end: they take the keys, the users or everything away that the others need.
_LAST = ("/api/v1/keys", "/api/v1/users", "/api/v1/demo")
# How many things of each kind there are: numbers in addresses lead to one of them in most calls.
_THERE = 3


class Caller:
    """Somebody with a key of an administrator; a new one where the calls have revoked it."""

    def __init__(self, app: Flask, runtime: Runtime) -> None:
        self.client, self.runtime, self.key = app.test_client(), runtime, ""
        self.renew()

    def renew(self) -> None:
        with self.runtime.sessions.begin() as session:
            self.key = create_key(session, "contract", "admin", now=self.runtime.now())

    def headers(self, path: str) -> dict[str, str]:
        if path.startswith(_LAST) and self.client.get("/api/v1/tags", headers=self.mine).status_code == 401:
            self.renew()
        return self.mine

    @property
    def mine(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def make(self, path: str, body: Any) -> None:
        answer = self.client.post(f"/api/v1{path}", json=body, headers=self.mine)
        assert answer.status_code < 300, f"{path}: {answer.text}"


def furnish(app: Flask, runtime: Runtime) -> Caller:
    """Something of most kinds, so that calls find what they ask for."""
    now = runtime.now()
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=now)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=now, by="test")
    caller = Caller(app, runtime)
    for number in range(1, _THERE + 1):
        lead = {"email": f"anna{number}@weber.example", "company": "Weber Pumps", "fields": {"size": number}}
        caller.make("/leads", lead | {"consent": {"marketing": True, "proof": "at the fair"}})
        caller.make("/segments", {"name": f"Warm {number}", "condition": {"temperature": "warm"}})
        caller.make("/sources", {"name": f"Fair {number}"})
        caller.make("/newsletters", {"name": f"News {number}", "subject": "News", "body": "Hello."})
        caller.make("/events", {"name": f"Fair {number}", "starts_at": "2027-03-01T10:00:00Z"})
        caller.make("/forms", {"key": f"form-{number}", "name": f"Form {number}", **FORM})
        caller.make("/suppressions", {"email": f"out{number}@weber.example"})
        caller.make("/webhook_endpoints", {"url": f"https://crm.example.com/{number}", "types": []})
    return caller


def findings(app: Flask, caller: Caller, examples: int, only: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each operation of the description that contains `only`, with what was found at it."""
    schema = openapi.from_wsgi(DESCRIPTION, app)
    operations = [found.ok() for found in schema.get_all_operations()]
    operations.sort(key=lambda one: one.path.startswith(_LAST))
    for operation in operations:
        if only in f"{operation.method.upper()} {operation.path}":
            yield f"{operation.method.upper()} {operation.path}", _probe(operation, caller, examples)


def _probe(operation: APIOperation[Any, Any, Any, Any], caller: Caller, examples: int) -> list[str]:
    seen: dict[str, str] = {}
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        if mode == GenerationMode.NEGATIVE and not _can_be_wrong(operation):
            continue
        headers = caller.headers(operation.path)
        checks = [*_CHECKS, negative_data_rejection] if mode == GenerationMode.NEGATIVE else _CHECKS

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), number=st.integers(1, _THERE))
        def call(case: Case, number: int) -> None:
            _lead_somewhere(case, number)
            case.headers = {**dict(case.headers or {}), **headers}  # noqa: B023 - called at once
            answer = case.call()
            try:
                case.validate_response(answer, checks=checks)  # noqa: B023
            except FailureGroup as group:
                for failure in group.exceptions:
                    said = f"{type(failure).__name__}: {failure}"[:600]
                    seen.setdefault(
                        f"{type(failure).__name__} {answer.status_code}", f"{said}\n{_told(case)}"
                    )

        call()
    return list(seen.values())


def _can_be_wrong(operation: APIOperation[Any, Any, Any, Any]) -> bool:
    """Where nothing is asked for, nothing can be asked wrongly."""
    return bool(operation.body or operation.query or operation.path_parameters)


def _lead_somewhere(case: Case, number: int) -> None:
    """A number that something has, where any number would do."""
    for name, value in (case.path_parameters or {}).items():
        if isinstance(value, int) and value > _THERE:
            case.path_parameters[name] = number


def _told(case: Case) -> str:
    return f"{case.method} {case.formatted_path} {dict(case.query or {})} {case.body!r}"[:400]


@contextmanager
def house() -> Iterator[tuple[Flask, Runtime]]:
    """The application in a home of its own, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="nurture-contract-") as folder, throwaway(Path(folder)) as pair:
        engine = create_engine(pair.database_url)
        upgrade(engine)
        engine.dispose()
        home = {"NURTURE_HOME": f"{folder}/home", "NURTURE_DATABASE_URL": pair.database_url}
        # Nobody listens there: what tries a mail server out is told so.
        there = {"NURTURE_REDIS_URL": pair.redis_url, "NURTURE_SMTP_URL": "smtp://127.0.0.1:9"}
        settings_ = load_settings(home | there)
        runtime = build(settings_, Addresses(pair.database_url, pair.redis_url))
        app = create_app(runtime)
        app.config["PROPAGATE_EXCEPTIONS"] = False
        yield app, runtime
        runtime.close()


@click.command()
@click.option("--examples", default=50, show_default=True, help="Calls of each operation, right and wrong.")
@click.option("--only", default="", help="Operations that contain this, such as 'POST /api/v1/leads'.")
def main(examples: int, only: str) -> None:
    """Hold the API to its description, longer than the tests do."""
    with house() as (app, runtime):
        caller = furnish(app, runtime)
        count = 0
        for name, found in findings(app, caller, examples, only):
            for one in found:
                count += 1
                click.echo(f"{name}\n  {one}\n")
        click.echo(f"{count} findings.")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
