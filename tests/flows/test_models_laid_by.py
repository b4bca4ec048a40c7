"""A model that no live program goes by rates nobody; it begins when the first such program goes live."""

from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.yaml_lines import Faults
from nurture.flows.models import lay_by, read_models
from nurture.flows.programs import load_folder, publish
from nurture.flows.rate import rate
from nurture.store import models
from tests.conftest import TUESDAY
from tests.flows.rated_leads import make_lead, send

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
Sessions = sessionmaker[Session]


def rated_under(sessions: Sessions) -> dict[str, str]:
    """The temperature of each lead under each model that rates."""
    query = text("SELECT m.key, h.temperature FROM lead_heat h JOIN heat_model m ON m.id = h.model_id")
    with sessions() as session:
        return {row.key: row.temperature for row in session.execute(query)}


def test_a_model_begins_to_rate_when_the_first_program_that_names_it_goes_live(sessions: Sessions) -> None:
    with sessions.begin() as session:
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
        assert [one.model.key for one in models.live(session)] == ["default"]
        assert {one.model.key for one in models.known(session)} == {"consumer", "default", "trial"}
        kept = load_folder(session, CAMPAIGNS / "kitchens", publish=False, now=TUESDAY, by="test")
    anna = make_lead(sessions)
    send(sessions, anna, "replied", TUESDAY)
    rate(sessions, now=TUESDAY)
    assert rated_under(sessions) == {"default": "warm"}

    with sessions.begin() as session:
        publish(session, kept.program_id, now=TUESDAY)
        assert {one.model.key for one in models.live(session)} == {"consumer", "default"}
    assert rated_under(sessions) == {"default": "warm", "consumer": "warm"}
