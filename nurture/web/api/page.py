"""/api/docs: the description of the API as a page, served from here; it reads without scripts too."""

import json
import re
from typing import Any
from urllib.parse import quote

from flask import Blueprint, current_app, render_template

from nurture.web.api.examples import example, of_body
from nurture.web.request import runtime

part = Blueprint("api-page", __name__)
_VERBS = ("get", "post", "put", "patch", "delete")
_JSON = "application/json"
_PATH_VALUE = re.compile(r"\{[^}]+\}")
Spec = dict[str, Any]


@part.get("/api/docs")
def docs() -> str:
    """Every call by resource: what it takes and answers, each with an example and a line for the terminal."""
    spec = current_app.extensions["nurture-api"].spec.to_dict()
    shapes = spec.get("components", {}).get("schemas", {})
    return render_template(
        "api/docs.html",
        info=spec["info"],
        groups=_groups(spec, shapes),
        shapes=_shapes(shapes),
        base=runtime().settings.base_url,
    )


def _groups(spec: Spec, shapes: Spec) -> list[Spec]:
    """The parts of the API in their order, each with its calls."""
    texts = {tag["name"]: tag.get("description", "") for tag in spec.get("tags", [])}
    groups: dict[str, Spec] = {}
    for path, item in spec["paths"].items():
        for verb in _VERBS:
            if verb in item:
                name = item[verb].get("tags", ["other"])[0]
                group = groups.setdefault(
                    name, {"name": name.removeprefix("api-"), "text": texts.get(name, "")}
                )
                group.setdefault("calls", [])
                group["calls"].append(_call(verb, path, item, shapes))
    return list(groups.values())


def _call(verb: str, path: str, item: Spec, shapes: Spec) -> Spec:
    call = item[verb]
    content = call.get("requestBody", {}).get("content", {})
    parameters = [*item.get("parameters", []), *call.get("parameters", [])]
    sent = of_body(content, shapes)
    return {
        "id": f"{verb}-{re.sub(r'[^a-z0-9]+', '-', path.removeprefix('/api/v1')).strip('-')}",
        "verb": verb.upper(),
        "path": path,
        "summary": call.get("summary", ""),
        "description": call.get("description", ""),
        "parameters": [{**one, "type": _type(one.get("schema", {}))} for one in parameters if "name" in one],
        "body": _names(content),
        "fields": _fields(content, shapes),
        "sent": _pretty(sent),
        "curl": _curl(verb, path, parameters, sent, content),
        "answers": [
            _answer(str(status), answer, shapes)
            for status, answer in call.get("responses", {}).items()
            if str(status).startswith("2")
        ],
    }


def _answer(status: str, answer: Spec, shapes: Spec) -> Spec:
    content = answer.get("content", {})
    return {
        "status": status,
        "text": answer.get("description", ""),
        "shapes": _names(content),
        "example": _pretty(of_body(content, shapes)),
    }


def _curl(verb: str, path: str, parameters: list[Spec], sent: Any, content: Spec) -> str:
    """The call as one types it: required parameters filled in, the body as one line."""
    asked = [
        f"{one['name']}={quote(str(example(one.get('schema', {}), {}, one['name'])))}"
        for one in parameters
        if one.get("in") == "query" and one.get("required")
    ]
    address = _PATH_VALUE.sub("1", path) + (f"?{'&'.join(asked)}" if asked else "")
    parts = ["curl", *([] if verb == "get" else [f"-X {verb.upper()}"]), '-H "Authorization: Bearer $KEY"']
    if sent is not None:
        body = json.dumps(sent, ensure_ascii=False).replace("'", "'\\''")
        parts += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    elif "multipart/form-data" in content:
        parts.append("-F file=@leads.csv")
    return " ".join([*parts, f"'{{base}}{address}'"])


def _pretty(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)


def _fields(content: Spec, shapes: Spec) -> list[Spec]:
    """The names that a body takes."""
    schema = content.get(_JSON, {}).get("schema", {})
    schema = schema.get("oneOf", [schema])[0]
    return _rows(shapes.get(_name(schema), schema))


def _names(content: Spec) -> list[str]:
    """The shapes that a body may have, by name."""
    names = []
    for kind, media in content.items():
        schema = media.get("schema", {})
        found = [_name(choice) for choice in schema.get("oneOf", [schema])]
        names += [name for name in found if name] or [kind]
    return names


def _name(schema: Spec) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return _name(schema.get("items", {}))
    return ""


def _shapes(shapes: Spec) -> dict[str, list[Spec]]:
    found = {name: _rows(schema) for name, schema in sorted(shapes.items())}
    return {name: rows for name, rows in found.items() if rows}


def _rows(schema: Spec) -> list[Spec]:
    required = schema.get("required", [])
    return [
        {
            "name": field,
            "type": _type(inner),
            "shape": _name(inner),
            "required": field in required,
            "text": inner.get("description", ""),
        }
        for field, inner in schema.get("properties", {}).items()
    ]


def _type(schema: Spec) -> str:
    kind = _name(schema) or schema.get("type", "any")
    kinds = [str(one) for one in kind if one != "null"] if isinstance(kind, list) else [str(kind)]
    if schema.get("type") == "array":
        kinds = ["list of " + (_name(schema.get("items", {})) or schema.get("items", {}).get("type", "any"))]
    words = " or ".join(kinds)
    choices = [str(value) for value in schema.get("enum", ()) if value is not None]
    return words + (": " + ", ".join(choices) if choices else "")
