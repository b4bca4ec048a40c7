"""What opens a door can neither be guessed nor read anywhere (CVE-2021-27913, CVE-2024-47056,
CVE-2021-27908)."""

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from nurture.files.uploads import receive
from nurture.flows import second_factor
from nurture.flows.endpoints import Receiver, create_endpoint
from nurture.flows.keys import create_key
from nurture.flows.setup import offer_setup
from nurture.flows.users import create_user
from nurture.runtime import Runtime
from nurture.store.users import User
from tests.conftest import TUESDAY
from tests.web.attacks.town import Town

pytestmark = pytest.mark.xdist_group("attacks")
_LEAST = 24  # characters of at least five bits each: more than 2^112 ways
Make = Callable[[Session, Runtime], str]


def setup_link(session: Session, runtime: Runtime) -> str:
    return offer_setup(session) or ""


def api_key(session: Session, runtime: Runtime) -> str:
    return create_key(session, "CRM", "viewer", now=TUESDAY).partition(".")[2]


def webhook_secret(session: Session, runtime: Runtime) -> str:
    receiver = Receiver("https://crm.example.com/hook", ["lead.hot"])
    made = create_endpoint(session, runtime.vault, receiver, private=True, by="test", now=TUESDAY)
    return made.secret.removeprefix("whsec_")


def second_factors_secret(session: Session, runtime: Runtime) -> str:
    user_id = session.query(User.id).filter_by(email="mira@kessler-ohm.example").scalar()
    if user_id is None:
        given = ("mira@kessler-ohm.example", "viewer", "nine months of stock")
        user_id = create_user(session, *given, now=TUESDAY)
    second_factor.begin(session, runtime.vault, user_id)
    begun = second_factor.beginning(session, runtime.vault, user_id, "Kessler Ohm")
    return begun.secret if begun else ""


def name_of_an_upload(session: Session, runtime: Runtime) -> str:
    return receive(io.BytesIO(b"email\n"), runtime.settings.home).name


@pytest.mark.parametrize(
    "make", [setup_link, api_key, webhook_secret, second_factors_secret, name_of_an_upload]
)
def test_no_secret_follows_from_another(runtime: Runtime, make: Make) -> None:
    """Whoever knows the state of the ordinary generator, from anything it gave away, knows none of them."""
    made = []
    for _again in range(2):
        random.seed(7)
        with runtime.sessions.begin() as session:
            made.append(make(session, runtime))
    assert made[0] != made[1]
    assert min(map(len, made)) >= _LEAST


def test_no_page_and_no_call_shows_what_the_house_keeps_to_itself(town: Town) -> None:
    """Keys, pepper, hashes of passwords, the addresses of the servers: to an administrator neither."""
    runtime = town.runtime
    kept = (runtime.settings.home / "secrets" / "keys").read_text().split()
    private = [*kept, runtime.pepper.hex(), "$argon2", str(runtime.engine.url.query.get("host", "nowhere"))]
    sealed = [one for (several,) in rows(town, "SELECT secrets FROM webhook_endpoint") for one in several]
    private += [digest for (digest,) in rows(town, "SELECT secret_hash FROM api_key")]
    private += sealed + [runtime.vault.open(one) for one in sealed]
    assert len(private) >= 8
    client, seen = town.client("admin"), 0
    for endpoint, address in town.addresses("GET"):
        headers = town.api() if endpoint.startswith("api") else {}
        answer = client.get(address, headers=headers)
        seen += answer.status_code == 200
        shown = [one for one in private if one in answer.text]
        assert not shown, f"{endpoint} {address}: {shown}"
    assert seen > 150


def rows(town: Town, query: str) -> list[tuple[Any, ...]]:
    with town.runtime.sessions() as session:
        return [tuple(row) for row in session.connection().exec_driver_sql(query)]
