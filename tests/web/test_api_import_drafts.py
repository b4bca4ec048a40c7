"""A program brings a file, looks into it, tries it and begins it, as a person does on the page."""

import io
from typing import Any

import pytest
from flask import Flask

from nurture.flows.import_leads import run_waiting
from nurture.flows.keys import create_key
from nurture.runtime import Runtime
from nurture.store.leads import Lead
from tests.conftest import TUESDAY

CSV = b"Mail;Name;Plan\nada@werk.example;Ada;gold\nben@werk.example;Ben;\nnobody;Cleo;x\n"


class Caller:
    def __init__(self, app: Flask, runtime: Runtime) -> None:
        with runtime.sessions.begin() as session:
            key = create_key(session, "test", "marketer", now=TUESDAY)
        self.client, self.headers = app.test_client(), {"Authorization": f"Bearer {key}"}
        self.runtime = runtime

    def __call__(self, verb: str, path: str, **more: Any) -> Any:
        return getattr(self.client, verb)("/api/v1" + path, headers=self.headers, **more)

    def work(self) -> None:
        """What the worker of long jobs does."""
        given = {"home": self.runtime.settings.home, "pepper": self.runtime.pepper}
        while run_waiting(self.runtime.sessions, **given, base_url="http://localhost", now=TUESDAY):
            pass


@pytest.fixture
def call(app: Flask, runtime: Runtime) -> Caller:
    (runtime.settings.home / "imports").mkdir(parents=True, exist_ok=True)
    return Caller(app, runtime)


def test_a_file_is_looked_into_tried_and_begun(call: Caller, runtime: Runtime) -> None:
    brought = call("post", "/import_drafts", data={"file": (io.BytesIO(CSV), "fair.csv")})
    assert brought.status_code == 201 and brought.json["draft"]["state"] == "draft"
    named = {one["name"]: (one["answer"], one["sample"]) for one in brought.json["columns"]}
    assert named["Mail"][0] == "email" and named["Plan"] == ("ignore", ["gold", "x"])
    choice = {"source": "Fair", "mapping": {"Plan": "fields.plan"}, "consent": "marketing", "wording": "Yes"}
    assert call("post", "/import_drafts/1", json=choice | {"do": "check"}).status_code == 202
    call.work()
    with runtime.sessions() as session:
        assert session.query(Lead).count() == 0
    assert call("get", "/import_drafts/1").json["draft"]["options"]["source"] == "Fair"
    call("post", "/import_drafts/1", json=choice | {"do": "begin"})
    assert call("get", "/import_drafts/1").status_code == 409
    call.work()
    done = call("get", "/imports/1").json
    assert (done["state"], done["new"], done["mailable"], done["bad"]) == ("done", 2, 2, {"address": 1})
    assert [one["key"] for one in call("get", "/fields").json["data"]] == ["plan"]
    assert call("delete", "/import_drafts/1").status_code == 409


def test_wrong_choices_are_refused_and_a_file_is_forgotten(call: Caller) -> None:
    assert call("post", "/import_drafts").status_code == 422
    call("post", "/import_drafts", data={"file": (io.BytesIO(CSV), "fair.csv")})
    for wrong in (
        {},
        {"source": "Fair", "mapping": {"Plan": "nonsense"}},
        {"source": "x", "start": "no/where"},
    ):
        assert call("post", "/import_drafts/1", json=wrong).status_code == 422
    assert call("delete", "/import_drafts/1").status_code == 204
    assert call("get", "/import_drafts/1").status_code == 404
