"""What becomes of the leads of a file is asked when it is brought, on the page and through the API."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from nurture.files.yaml_lines import Faults
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.runtime import Runtime
from nurture.store.enrollments import Enrollment
from nurture.store.imports import Import
from tests.clock import StandingClock
from tests.conftest import TUESDAY
from tests.web.conftest import SignIn, token_of

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
FORM = {"column": "email", "answer-0": "email", "source": "Fair", "consent": "no", "do": "begin"}


@pytest.fixture
def client(sign_in: SignIn, runtime: Runtime) -> FlaskClient:
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
    (runtime.settings.home / "imports").mkdir(parents=True, exist_ok=True)
    client = sign_in("marketer")
    file = (io.BytesIO(b"email\nada@werk.example\nben@werk.example"), "fair.csv")
    csrf = token_of(client.get("/imports").text)
    assert client.post("/imports", data={"csrf_token": csrf, "file": file}).status_code == 302
    return client


def _begin(client: FlaskClient, **more: str) -> tuple[int, str]:
    form = FORM | more | {"csrf_token": token_of(client.get("/imports").text)}
    answer = client.post("/imports/1", data=form)
    return answer.status_code, answer.text


def test_leads_of_a_file_start_a_chain_at_a_step_over_days(client: FlaskClient, runtime: Runtime) -> None:
    page = client.get("/imports/1").text
    assert "They start a chain" in page and 'value="consulting/cold/reorder-points"' in page
    status, page = _begin(client, enter="chain", start="", spread_days="x")
    assert status == 422 and "Say where they start." in page
    status, page = _begin(client, enter="chain", start="consulting/cold/reorder-points", spread_days="4000")
    assert status == 422 and "at most 365 days" in page and "selected" in page
    status, _page = _begin(client, enter="chain", start="consulting/cold/reorder-points", spread_days="4")
    assert status == 302
    with runtime.sessions() as session:
        runs = [(run.step_key, run.due_at) for run in session.query(Enrollment).order_by(Enrollment.lead_id)]
    assert runs == [("reorder-points", TUESDAY), ("reorder-points", TUESDAY + timedelta(days=2))]


def test_the_bar_tells_how_fast_and_how_long_from_the_second_look_on(
    client: FlaskClient, runtime: Runtime, clock: StandingClock
) -> None:
    with runtime.sessions.begin() as session:
        noted = session.get_one(Import, 1)
        noted.state, noted.rows_read, noted.rows_total = "staged", 10_000, 100_000
    first = client.get("/imports/1/progress").text
    assert "a second" not in first
    later = first.partition('hx-get="')[2].partition('"')[0].replace("&amp;", "&")
    clock.set(TUESDAY + timedelta(seconds=10))
    with runtime.sessions.begin() as session:
        session.get_one(Import, 1).rows_read = 30_000
    assert "2,000 a second, about 35 seconds to go." in client.get(later).text
