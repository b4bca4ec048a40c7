"""The readable description of the API: whole, by resource, with examples that fit."""

import json
import re

from flask import Flask
from jsonschema import Draft202012Validator
from lxml import html as markup

from nurture.web.api.examples import example, of_body
from tests.web.operations import operations


def test_every_call_stands_on_the_page_with_a_line_for_the_terminal(app: Flask) -> None:
    page = markup.fromstring(app.test_client().get("/api/docs").text)
    shown = {
        (call.find_class("verb")[0].text, call.xpath(".//h3//code/text()")[0])
        for call in page.find_class("call")
        if call.find_class("verb")
    }
    assert shown == {(verb.upper(), path) for verb, path, _spec in operations(app)}
    for line in page.find_class("curl"):
        assert line.text_content().startswith("curl "), line.text_content()
        assert "{" not in line.text_content().split("-d '")[0], line.text_content()


def test_every_jump_leads_somewhere_and_no_name_stands_twice(app: Flask) -> None:
    page = markup.fromstring(app.test_client().get("/api/docs").text)
    names = page.xpath("//@id")
    assert len(names) == len(set(names))
    assert {href[1:] for href in page.xpath("//a/@href") if href.startswith("#")} <= set(names)


def test_the_page_asks_nobody_else_for_anything(app: Flask) -> None:
    text = app.test_client().get("/api/docs").text
    for address in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert address.startswith(("/", "#", "data:")), address


def test_examples_of_requests_fit_the_shapes_that_they_show(app: Flask) -> None:
    spec = app.extensions["nurture-api"].spec.to_dict()
    shapes = spec["components"]["schemas"]
    for verb, path, call in operations(app):
        content = call.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        schema, shown = content["application/json"]["schema"], of_body(content, shapes)
        assert json.loads(json.dumps(shown)) == shown
        whole = {**schema, "components": spec["components"]}
        faults = [fault.message for fault in Draft202012Validator(whole).iter_errors(shown)]
        assert faults == [], f"{verb} {path}: {faults}"


def test_an_example_takes_what_the_description_says_first() -> None:
    shapes = {
        "Team": {"type": "object", "properties": {"name": {"type": "string"}, "boss": {"$ref": "#/x/Team"}}}
    }
    assert example({"type": "string", "example": "de"}, {}) == "de"
    assert example({"enum": [None, "A", "B"]}, {}) == "A"
    assert example({"type": ["integer", "null"], "minimum": 5}, {}) == 5
    assert example({"type": "array", "items": {"type": "boolean"}}, {}) == [True]
    assert example({"type": "string", "format": "date-time"}, {}) == "2026-03-03T10:00:00Z"
    round_and_round = example({"$ref": "#/x/Team"}, shapes)
    assert round_and_round["boss"]["name"] == "Weber Pumps"
