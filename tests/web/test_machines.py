"""A marketer knows better who was behind a hit, or behind all hits of a kind, and says so on the pages."""

import os

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool
from nurture.flows.record import record
from nurture.rules import hits
from nurture.rules.hits import OPEN, Hit
from nurture.rules.ids import millis_of, uuid7
from nurture.runtime import Runtime
from tests.conftest import TUESDAY
from tests.mailed import a_delivery, a_lead, a_mailing
from tests.web.conftest import SignIn, token_of

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def opened(db: Session, runtime: Runtime) -> int:
    """A delivery that a person and a machine have opened."""
    delivery = a_delivery(db, a_mailing(db), a_lead(db))
    spool = Spool(runtime.settings.home / "spool")
    for n, ua in enumerate((FIREFOX, "python-requests/2.32")):
        number = uuid7(millis_of(TUESDAY), os.urandom(10))
        spool.append(hits.write(Hit(number, OPEN, delivery, None, "GET", ua, f"198.51.100.{n + 1}", {})))
    spool.close()
    record(runtime.sessions, HitStream(runtime.redis), [runtime.settings.home / "spool"], now=TUESDAY)
    return delivery


def verdicts(runtime: Runtime) -> list[str]:
    with runtime.sessions() as session:
        rows = session.execute(
            text("""
                SELECT coalesce((SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id
                                 ORDER BY v.at DESC LIMIT 1), h.verdict) AS verdict FROM hit h
            """)
        )
        return sorted(rows.scalars())


def test_the_page_of_a_mail_tells_people_from_machines_and_lets_one_be_overruled(
    opened: int, sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("marketer")
    here = f"/deliveries/{opened}"
    page = client.get(here).text
    assert "1 by people, 1 by machines" in page
    with runtime.sessions() as session:
        machine = session.scalar(text("SELECT id FROM hit WHERE verdict = 'machine'"))
    form = {"csrf_token": token_of(page), "verdict": "human"}
    assert (
        "2 by people, 0 by machines"
        in client.post(f"{here}/hits/{machine}", data=form, follow_redirects=True).text
    )
    assert verdicts(runtime) == ["human", "human"]
    assert client.post(f"{here}/hits/{machine}", data=form | {"verdict": "alien"}).status_code == 404


def test_a_network_is_overruled_and_left_to_the_rules_again(
    sign_in: SignIn, opened: int, runtime: Runtime
) -> None:
    client = sign_in("marketer")
    page = client.get("/settings/machines").text
    assert "Nothing is overruled." in page
    form = {"csrf_token": token_of(page), "field": "ip", "pattern": "everything", "verdict": "machine"}
    refused = client.post("/settings/machines", data=form)
    assert refused.status_code == 422
    assert 'value="everything"' in refused.text
    good = form | {"pattern": "198.51.100.0/24", "reason": "our own gateway"}
    assert "our own gateway" in client.post("/settings/machines", data=good, follow_redirects=True).text
    ended = client.post("/settings/machines/1/end", data=form, follow_redirects=True).text
    assert "Ended" in ended
    assert "Nothing is overruled." in ended
