"""People of a house as tests know them: invited, let in, and what was written down of them."""

import re

from flask.testing import FlaskClient

from nurture.runtime import Runtime
from nurture.store import audit
from nurture.store.audit import Wanted
from nurture.store.users import User
from tests.web.conftest import PASSWORD, token_of

NINA = "nina@kessler-ohm.example"


def post(client: FlaskClient, address: str, **form: str):
    page = client.get("/account" if client.get("/account").status_code == 200 else "/sign-in")
    return client.post(address, data={**form, "csrf_token": token_of(page.text)})


def path_of(page: str, where: str) -> str:
    found = re.search(rf"http://localhost:8000(/{where}/[^\s<\")]+)", page)
    assert found, page
    return found[1]


def invited(admin: FlaskClient, email: str = NINA, role: str = "marketer") -> str:
    answer = post(admin, "/settings/users", email=email, name="Nina Berg", role=role)
    assert answer.status_code == 201
    return path_of(answer.text, "invitation")


def accepted(visitor: FlaskClient, path: str, password: str = PASSWORD):
    form = {"name": "Nina Berg", "password": password, "csrf_token": token_of(visitor.get("/sign-in").text)}
    return visitor.post(path, data=form)


def done(runtime: Runtime, kind: str) -> list[tuple[str, str, str]]:
    with runtime.sessions() as session:
        rows = audit.page(session, Wanted(kind=kind), before=None, limit=50)
    return [(row.actor, row.action, row.subject) for row in reversed(rows)]


def user_id(runtime: Runtime, role: str) -> int:
    with runtime.sessions() as session:
        found = session.query(User.id).filter_by(role=role).scalar()
    assert isinstance(found, int)
    return found
