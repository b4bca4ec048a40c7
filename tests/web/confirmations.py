"""Whoever says anew who they are."""

import re
from html import unescape

from flask.testing import FlaskClient

from tests.web.conftest import PASSWORD


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def confirmed(client: FlaskClient, page: str, password: str = PASSWORD, **more: str):
    return client.post("/account/confirm", data={**hidden(page), "fresh_password": password, **more})
