"""A marketer knows better who was behind a hit, or behind all hits of a kind, and says so on the pages."""

import os
from importlib import import_module

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from nurture.buffers.stream import HitStream
from nurture.files.spool import Spool
from nurture.flows.keys import create_key
from nurture.flows.record import record
from nurture.rules import hits
from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.ids import millis_of, uuid7
from nurture.runtime import Runtime
from nurture.store.newsletters import Newsletter
from nurture.store.views import recounts
from tests.conftest import TUESDAY
from tests.mailed import a_delivery, a_lead, a_mailing
from tests.web.conftest import SignIn, token_of

# What the migration has done with the newsletters of before.
_COUNT_NEWSLETTERS = import_module("nurture.migrations.versions.0039_target_of_leads")._COUNT_NEWSLETTERS
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def opened(db: Session, runtime: Runtime) -> int:
    """A delivery that a person and a machine have opened."""
    delivery = a_delivery(db, a_mailing(db), a_lead(db))
    see(runtime, delivery, FIREFOX, "python-requests/2.32")
    return delivery


def see(runtime: Runtime, delivery: int, *programs: str) -> None:
    """These open the mail, by the tracking door's own spool."""
    spool = Spool(runtime.settings.home / "spool")
    for n, ua in enumerate(programs):
        number = uuid7(millis_of(TUESDAY), os.urandom(10))
        spool.append(hits.write(Hit(number, OPEN, delivery, None, "GET", ua, f"198.51.100.{n + 1}", {})))
    spool.close()
    record(runtime.sessions, HitStream(runtime.redis), [runtime.settings.home / "spool"], now=TUESDAY)


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


def test_a_newsletter_shows_people_and_machines_apart_on_page_list_api_and_file(
    db: Session, opened: int, sign_in: SignIn, runtime: Runtime
) -> None:
    row = Newsletter(name="March", subject="News", state="sent", audience={}, hours={}, size=1)
    row.created_at = row.updated_at = row.starts_at = row.finished_at = row.looked_at = TUESDAY
    db.add(row)
    db.flush()
    given = {"letter": row.id, "delivery": opened}
    db.execute(text("UPDATE delivery SET newsletter_id = :letter WHERE id = :delivery"), given)
    db.execute(text("INSERT INTO newsletter_count VALUES (:letter, 'sent', 1)"), given)
    db.commit()
    assert wrong(db) == ["newsletters", "newsletters"]
    db.execute(text(_COUNT_NEWSLETTERS))
    db.commit()
    assert wrong(db) == []
    see(runtime, opened, "curl/8.9.1", FIREFOX)
    client, where = sign_in("marketer"), f"/newsletters/{row.id}"
    assert figures(client, runtime, row.id) == (1, 1)
    listed = client.get("/newsletters").text
    assert "By machines: 1 mail" in listed and "100" in listed
    assert "Opened and clicked" in client.get(where).text
    line = client.get("/newsletters/stats.csv").text.splitlines()[1]
    assert line.startswith(f"{row.id},March,News,sent,") and line.endswith(",1,1,0,1,0,0,0,0")
    form = {"csrf_token": token_of(listed), "verdict": "machine"}
    for hit in db.scalars(text("SELECT id FROM hit WHERE verdict = 'human'")).all():
        client.post(f"/deliveries/{opened}/hits/{hit}", data=form)
    assert figures(client, runtime, row.id) == (0, 1)
    db.rollback()
    assert wrong(db) == []


def test_the_link_that_only_machines_follow_is_named_and_turned_off_by_page_and_api(
    db: Session, sign_in: SignIn, runtime: Runtime
) -> None:
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    db.execute(text("UPDATE link SET label = '#trap' WHERE id = :id"), {"id": mailing.link_ids[0]})
    db.commit()
    number = uuid7(millis_of(TUESDAY), os.urandom(10))
    seen = Hit(number, CLICK, delivery, mailing.link_ids[0], "GET", FIREFOX, "198.51.100.1", {})
    HitStream(runtime.redis).add([hits.write(seen)])
    record(runtime.sessions, HitStream(runtime.redis), [runtime.settings.home / "spool"], now=TUESDAY)
    client = sign_in("marketer")
    page = client.get(f"/deliveries/{delivery}").text
    assert "Clicked: the link that nobody sees" in page and "#trap" not in page
    assert f"/hits/{number}" not in page, "nobody can be behind it"
    form = {"csrf_token": token_of(page), "verdict": "human"}
    assert client.post(f"/deliveries/{delivery}/hits/{number}", data=form).status_code == 409

    settings = client.get("/settings/machines").text
    assert 'name="on" value="1" checked' in settings
    off = client.post("/settings/machines/trap", data=form, follow_redirects=True).text
    assert "no mail carries it" in off and 'name="on" value="1" checked' not in off
    with runtime.sessions.begin() as session:
        key = create_key(session, "CRM", "marketer", now=TUESDAY)
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/trap_link", headers=headers).json == {"on": False}
    assert client.put("/api/v1/trap_link", json={"on": True}, headers=headers).json == {"on": True}
    assert 'name="on" value="1" checked' in client.get("/settings/machines").text


def wrong(db: Session) -> list[str]:
    """The counters of newsletters that are not what counting the hits says."""
    checks = ("newsletters", "mails opened and clicked")
    return [one.check for one in recounts.differences(db) if one.check in checks]


def figures(client: FlaskClient, runtime: Runtime, newsletter_id: int) -> tuple[int, int]:
    """How many mails of the newsletter people and machines have opened, as the API tells it twice."""
    with runtime.sessions.begin() as session:
        key = create_key(session, "Report", "viewer", now=TUESDAY)
    headers = {"Authorization": f"Bearer {key}"}
    told = client.get(f"/api/v1/newsletters/{newsletter_id}/stats", headers=headers).json["figures"]
    assert told == client.get("/api/v1/newsletters", headers=headers).json["data"][0]["figures"]
    return told["opened"], told["machine_opened"]
