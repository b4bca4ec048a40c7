"""Every call of the API, by its description."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

VERBS = ("get", "post", "put", "patch", "delete")


def operations(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    spec = app.extensions["nurture-api"].spec.to_dict()
    for path, item in spec["paths"].items():
        for verb in VERBS:
            if verb in item:
                yield verb, path, item[verb]
