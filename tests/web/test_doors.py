"""What every answer carries, how faults look, and what machines ask."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from nurture.app import create_app
from nurture.files.spool import folder_of
from nurture.runtime import Runtime
from nurture.web import parts
from nurture.web.parts import Vendor, load_vendor
from tests.clock import StandingClock
from tests.statements import watched
from tests.web.conftest import SignIn, token_of
from tests.web.pages import PAGES


def test_no_page_lets_a_strange_script_or_frame_in(sign_in: SignIn) -> None:
    client = sign_in("admin")
    for address in PAGES:
        answer = client.get(address)
        policy = answer.headers["Content-Security-Policy"]
        nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
        assert nonce and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        for tag in re.findall(r"<script(?![^>]*application/json)[^>]*>", answer.text):
            assert f'nonce="{nonce[1]}"' in tag, f"{address}: {tag}"
        assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", answer.text), (
            f"{address} has an inline style or handler"
        )
    first, second = (client.get("/").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second


def test_what_a_stranger_writes_into_a_lead_stays_text(sign_in: SignIn, runtime: Runtime) -> None:
    bad = "<script>alert(1)</script>"
    with runtime.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO lead (first_name, role, search, tags, fields, stage_since, temperature_since,"
                " created_at, updated_at) VALUES (:bad, :bad, 'alert', ARRAY[:bad],"
                " jsonb_build_object('note', CAST(:bad AS text)), now(), now(), now(), now())"
            ),
            {"bad": bad},
        )
    client = sign_in("admin")
    for address in ("/leads", "/leads/1", f"/leads?q={bad}&tag={bad}&source={bad}"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert bad not in answer.text and "&lt;script&gt;" in answer.text


def test_a_page_costs_the_same_number_of_statements_however_many_leads(
    sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("admin")

    def cost(address: str) -> int:
        seen = watched(runtime.engine)
        assert client.get(address).status_code == 200
        return len(list(seen))

    before = {address: cost(address) for address in ("/", "/leads", "/handoffs", "/deliveries", "/programs")}
    with runtime.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO lead (first_name, stage_since, temperature_since, created_at, updated_at)"
                " SELECT 'Lead ' || n, now(), now(), now(), now() FROM generate_series(1, 300) AS n"
            )
        )
    assert {address: cost(address) for address in before} == before
    assert max(before.values()) <= 13


def test_the_list_of_leads_goes_on_where_the_page_ended(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO lead"
                " (first_name, temperature, stage_since, temperature_since, created_at, updated_at)"
                " SELECT 'Lead' || n, CASE WHEN n % 2 = 0 THEN 'hot' ELSE 'cold' END,"
                " now(), now(), now(), now() FROM generate_series(1, 130) AS n"
            )
        )
    client, seen, address = sign_in("viewer"), [], "/leads?temperature=hot"
    while address:
        page = client.get(address).text
        assert "65 match" in page
        seen += re.findall(r">(Lead\d+)<", page)
        found = re.search(r'rel="next"|href="([^"]+)" rel="next"', page)
        address = found[1].replace("&amp;", "&") if found and found[1] else ""
    assert len(seen) == len(set(seen)) == 65


def test_a_page_without_a_rule_opens_for_nobody(runtime: Runtime, sign_in: SignIn) -> None:
    app, admin = create_app(runtime), sign_in("admin")

    @app.get("/writes")
    def writes() -> str:
        raise AssertionError("never reached: the address has no rule of access")

    client = app.test_client()
    client.set_cookie("nurture", admin.get_cookie("nurture").value)
    assert client.get("/writes").status_code == 403


def test_stop_all_sending_stands_on_every_page_until_somebody_resumes(sign_in: SignIn) -> None:
    client = sign_in("marketer")
    form = {"csrf_token": token_of(client.get("/").text)}
    assert client.post("/sending/stop", data=form).status_code == 302
    assert "All sending is stopped" in client.get("/leads").text
    assert client.post("/sending/resume", data=form).status_code == 302
    assert "All sending is stopped" not in client.get("/leads").text


def test_a_key_is_shown_once_and_never_again(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("admin")
    form = {"name": "CRM", "role": "sales", "csrf_token": token_of(client.get("/settings/keys").text)}
    shown = re.search(r"nk_[0-9a-f]{8}\.[\w-]{43}", client.post("/settings/keys", data=form).text)
    assert shown
    secret = shown[0].partition(".")[2]
    assert secret not in client.get("/settings/keys").text
    with runtime.sessions() as session:
        assert secret not in str(session.execute(text("SELECT * FROM api_key")).all())


def test_faults_are_one_sentence_in_the_look(visitor: FlaskClient, sign_in: SignIn) -> None:
    assert "There is nothing at this address." in visitor.get("/nowhere").text
    client = sign_in("viewer")
    assert client.get("/leads/999999").status_code == 404
    assert "There is no such lead." in client.get("/leads/999999").text
    assert "Your role does not include this." in client.get("/settings").text
    problem = client.get("/leads/999999", headers={"Accept": "application/json"})
    assert problem.content_type == "application/problem+json"
    assert problem.get_json()["detail"] == "There is no such lead."


def test_an_absent_database_is_said_in_one_sentence(
    app: Flask, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.engine.dispose()
    monkeypatch.setattr(runtime.engine.pool, "_creator", lambda *_: _refuse())
    client = app.test_client()
    answer = client.get("/sign-in")
    assert answer.status_code == 503
    assert "The database does not answer." in answer.text
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert ready.get_json()["parts"]["database"] == "does not answer"
    assert client.get("/healthz").status_code == 200


def _refuse() -> None:
    raise OperationalError("connect", {}, Exception("refused"))


def test_ready_names_the_part_that_is_missing(app: Flask, runtime: Runtime, clock: StandingClock) -> None:
    client = app.test_client()
    assert client.get("/readyz").get_json() == {
        "status": "ok",
        "parts": {"database": "ok", "redis": "ok", "migrations": "ok", "queue_lag": "ok", "spool": "ok"},
    }
    with runtime.sessions.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "nurture migrate" in answer.get_json()["parts"]["migrations"]


def test_a_disk_that_takes_no_hits_is_named_until_it_does(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    spool = folder_of(runtime.settings.home)
    spool.parent.mkdir(parents=True, exist_ok=True)
    spool.write_text("a file where the folder should be")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "cannot be written down here" in answer.get_json()["parts"]["spool"]
    assert "nurture_spool_takes_hits 0.0" in client.get("/metrics").text
    spool.unlink()
    assert client.get("/readyz").status_code == 200


def test_a_database_without_tables_is_not_ready_and_says_so(app: Flask, runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        session.execute(text("DROP SCHEMA public CASCADE"))
        session.execute(text("CREATE SCHEMA public"))
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert "nurture migrate" in answer.get_json()["parts"]["migrations"]


def test_metrics_are_prometheus_text_read_at_the_scrape(visitor: FlaskClient) -> None:
    answer = visitor.get("/metrics")
    assert answer.status_code == 200
    assert "nurture_sending_stopped 0.0" in answer.text
    assert 'nurture_lag_seconds{queue="deliveries"} 0.0' in answer.text


def test_a_vendor_file_comes_by_its_exact_address_only(visitor: FlaskClient) -> None:
    vendor = load_vendor()
    if not vendor.complete:
        pytest.skip("The front-end parts are missing: run python -m nurture.web.assets once.")
    answer = visitor.get(vendor.urls["tabler"], headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200 and answer.headers["Content-Encoding"] == "gzip"
    assert (
        "max-age=31536000" in answer.headers["Cache-Control"]
        and "immutable" in answer.headers["Cache-Control"]
    )
    for wrong in ("manifest.json", "../../pyproject.toml", "%2e%2e/manifest.json", "axe/4.14.1/axe.min.js"):
        assert visitor.get(f"/vendor/{wrong}").status_code == 404


def test_without_the_front_end_parts_a_page_says_what_to_run(
    runtime: Runtime, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("admin")
    monkeypatch.setattr("nurture.app.load_vendor", lambda: Vendor({}, {}))
    bare = create_app(runtime).test_client()
    bare.set_cookie("nurture", client.get_cookie("nurture").value)
    page = bare.get("/leads")
    assert page.status_code == 200
    assert parts.HOW_TO_FETCH in page.text
    assert "/vendor/" not in page.text
