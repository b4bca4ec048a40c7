"""A house on its first day: the sample program is live, and a few leads have just come in."""

from pathlib import Path

from flask.testing import FlaskClient

from nurture.files.yaml_lines import Faults
from nurture.flows.enroll import enter_existing
from nurture.flows.keys import create_key
from nurture.flows.leads import save_lead
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder
from nurture.runtime import Runtime
from tests.conftest import TUESDAY

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
API = "/api/v1"


def open_house(runtime: Runtime, leads: int = 3) -> None:
    """The sample program, live, and leads in its cold chain."""
    with runtime.sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        load_folder(session, CAMPAIGNS / "consulting", publish=True, now=TUESDAY, by="test")
        for number in range(leads):
            answers = {
                "email": f"lead{number}@firm.example",
                "first_name": f"Lead {number}",
                "consent": {"marketing": True},
            }
            save_lead(session, answers, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://localhost")
    enter_existing(runtime.sessions, now=TUESDAY)


def api(client: FlaskClient, runtime: Runtime, role: str = "admin") -> dict[str, str]:
    """The headers of a call with a key of this role."""
    with runtime.sessions.begin() as session:
        key = create_key(session, f"test {role}", role, now=TUESDAY)
    return {"Authorization": f"Bearer {key}"}
