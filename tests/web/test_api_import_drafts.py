"""A program brings a file, looks into it, tries it and begins it, as a person does on the page."""

import io
from collections.abc import Callable

from nurture.flows.import_leads import run_waiting
from nurture.runtime import Runtime
from nurture.store.leads import Lead
from tests.conftest import TUESDAY
from tests.web.api_caller import Caller, app, caller

__all__ = ["app", "caller"]
Callers = Callable[[str], Caller]

CSV = b"Mail;Name;Plan\nada@werk.example;Ada;gold\nben@werk.example;Ben;\nnobody;Cleo;x\n"


def work(runtime: Runtime) -> None:
    """What the worker of long jobs does."""
    given = {"home": runtime.settings.home, "pepper": runtime.pepper}
    while run_waiting(runtime.sessions, **given, base_url="http://localhost", now=TUESDAY):
        pass


def test_a_file_is_looked_into_tried_and_begun(caller: Callers, runtime: Runtime) -> None:
    api = caller("marketer")
    brought = api.post("/import_drafts", data={"file": (io.BytesIO(CSV), "fair.csv")})
    assert brought.status_code == 201 and brought.json["draft"]["state"] == "draft"
    named = {one["name"]: (one["answer"], one["sample"]) for one in brought.json["columns"]}
    assert named["Mail"][0] == "email" and named["Plan"] == ("ignore", ["gold", "x"])
    choice = {"source": "Fair", "mapping": {"Plan": "fields.plan"}, "consent": "marketing", "wording": "Yes"}
    assert api.post("/import_drafts/1", json=choice | {"do": "check"}).status_code == 202
    work(runtime)
    with runtime.sessions() as session:
        assert session.query(Lead).count() == 0
    assert api.get("/import_drafts/1").json["draft"]["options"]["source"] == "Fair"
    api.post("/import_drafts/1", json=choice | {"do": "begin"})
    assert api.get("/import_drafts/1").status_code == 409
    work(runtime)
    done = api.get("/imports/1").json
    assert (done["state"], done["new"], done["mailable"], done["bad"]) == ("done", 2, 2, {"address": 1})
    assert [one["key"] for one in api.get("/fields").json["data"]] == ["plan"]
    assert api.delete("/import_drafts/1").status_code == 409


def test_a_file_whose_first_rows_cannot_be_read_is_looked_into(caller: Callers) -> None:
    api = caller("marketer")
    torn = b'email,name,plan\n"ada@werk.example\nben@werk.example,Ben,gold\n' + b'"' + b"x" * 140_000
    brought = api.post("/import_drafts", data={"file": (io.BytesIO(torn), "fair.csv")})
    assert brought.status_code == 201, brought.text
    assert [one["sample"] for one in brought.json["columns"]] == [
        ["ada@werk.example", "ben@werk.example"],
        ["Ben"],
        ["gold"],
    ]


def test_wrong_choices_are_refused_and_a_file_is_forgotten(caller: Callers) -> None:
    api = caller("marketer")
    assert api.post("/import_drafts").status_code == 422
    api.post("/import_drafts", data={"file": (io.BytesIO(CSV), "fair.csv")})
    for wrong in (
        {},
        {"source": "Fair", "mapping": {"Plan": "nonsense"}},
        {"source": "x", "start": "no/where"},
    ):
        assert api.post("/import_drafts/1", json=wrong).status_code == 422
    assert api.delete("/import_drafts/1").status_code == 204
    assert api.get("/import_drafts/1").status_code == 404
