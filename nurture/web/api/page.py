"""/api/docs: the description of the API as a page, served from here, without scripts."""

from typing import Any

from flask import Blueprint, current_app, render_template

part = Blueprint("api-page", __name__)
_VERBS = ("get", "post", "put", "patch", "delete")


@part.get("/api/docs")
def docs() -> str:
    """Every call with its parameters, bodies and answers."""
    spec = current_app.extensions["nurture-api"].spec.to_dict()
    return render_template("api/docs.html", info=spec["info"], groups=_groups(spec), shapes=_shapes(spec))


def _groups(spec: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in spec["paths"].items():
        for verb in _VERBS:
            if verb in item:
                call = item[verb]
                shown = {
                    "verb": verb.upper(),
                    "path": path,
                    "summary": call.get("summary", ""),
                    "description": call.get("description", ""),
                    "parameters": [*item.get("parameters", []), *call.get("parameters", [])],
                    "body": _names(call.get("requestBody", {}).get("content", {})),
                    "answers": {
                        status: _names(answer.get("content", {})) or [answer.get("description", "")]
                        for status, answer in call.get("responses", {}).items()
                        if str(status).startswith("2")
                    },
                }
                groups.setdefault(call.get("tags", ["other"])[0], []).append(shown)
    return groups


def _names(content: dict[str, Any]) -> list[str]:
    """The shapes that a body may have, by name."""
    names = []
    for kind, media in content.items():
        schema = media.get("schema", {})
        choices = schema.get("oneOf", [schema])
        found = [_name(choice) for choice in choices]
        names += [name for name in found if name] or [kind]
    return names


def _name(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"[{_name(schema.get('items', {}))}]"
    return ""


def _shapes(spec: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    shapes = {}
    for name, schema in sorted(spec.get("components", {}).get("schemas", {}).items()):
        required = schema.get("required", [])
        shapes[name] = [
            {
                "name": field,
                "type": _type(inner),
                "required": field in required,
                "text": inner.get("description", ""),
            }
            for field, inner in schema.get("properties", {}).items()
        ]
    return {name: rows for name, rows in shapes.items() if rows}


def _type(schema: dict[str, Any]) -> str:
    named = _name(schema)
    kind = named or schema.get("type", "any")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "enum" in schema:
        words += ": " + ", ".join(str(value) for value in schema["enum"])
    return words
