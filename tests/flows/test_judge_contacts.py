"""What becomes known of a company reaches the scores of its contacts, by whatever door it comes in."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from nurture.flows import companies as flow
from nurture.flows.import_leads import ImportOptions, import_leads
from nurture.flows.judge_leads import judge_noted
from nurture.flows.leads import save_lead
from nurture.store.handoffs import Handoff
from nurture.store.lead_targets import LeadTarget
from nurture.store.target_scores import TargetScore
from nurture.store.unjudged import UnjudgedLead
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, lead, publish

Sessions = sessionmaker[Session]


@pytest.fixture
def weber(sessions: Sessions) -> dict[str, int]:
    """Anna and Ben work at Weber, of which nothing is known; Carl works elsewhere."""
    publish(sessions)
    found = {}
    with sessions.begin() as session:
        for name, company in (("anna", "Weber"), ("ben", "Weber"), ("carl", "Other")):
            said = {"email": f"{name}@weber.example", "company": company}
            found[name] = save_lead(
                session, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://x.example"
            ).id
        found["weber"] = session.execute(text("SELECT id FROM company WHERE name = 'Weber'")).scalar_one()
    judge_all(sessions)
    return found


def judge_all(sessions: Sessions) -> int:
    done = 0
    while some := judge_noted(sessions, now=TUESDAY, limit=1):
        done += some
    return done


def points(sessions: Sessions, weber: dict[str, int]) -> list[float | None]:
    return [lead(sessions, weber[name]).grade_points for name in ("anna", "ben", "carl")]


def change(sessions: Sessions, weber: dict[str, int], **said: Any) -> None:
    with sessions.begin() as session:
        flow.change(session, weber["weber"], said, by="test", now=TUESDAY)


def test_a_company_that_has_grown_grades_its_contacts_anew(sessions: Sessions, weber: dict[str, int]) -> None:
    assert points(sessions, weber) == [0, 0, 0]
    change(sessions, weber, size=80)
    assert judge_all(sessions) == 2
    assert points(sessions, weber) == [30, 30, 0]
    assert judge_all(sessions) == 0


def test_what_nobody_goes_by_makes_no_work(sessions: Sessions, weber: dict[str, int]) -> None:
    change(sessions, weber, name="Weber")
    assert all_of(sessions, UnjudgedLead) == []


def test_a_lead_that_tells_of_the_company_grades_its_colleagues(
    sessions: Sessions, weber: dict[str, int]
) -> None:
    with sessions.begin() as session:
        said = {"email": "anna@weber.example", "company": {"name": "Weber", "size": 120}}
        save_lead(session, said, now=TUESDAY, by="test", pepper=b"pepper", base_url="http://x.example")
    judge_all(sessions)
    assert points(sessions, weber) == [30, 30, 0]


def test_a_file_that_tells_of_the_company_grades_its_colleagues(
    sessions: Sessions, weber: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email,company,company size\nanna@weber.example,Weber,90\n")
    import_leads(sessions, path, ImportOptions(), home=tmp_path / "home", pepper=b"p" * 32,
                 base_url="http://x.example", now=TUESDAY)  # fmt: skip
    judge_all(sessions)
    assert points(sessions, weber) == [30, 30, 0]


def test_a_change_while_a_contact_is_judged_is_not_lost(sessions: Sessions, weber: dict[str, int]) -> None:
    change(sessions, weber, size=80)
    with sessions.begin() as judging:
        held = judging.scalars(select(UnjudgedLead.lead_id)).all()
        judging.execute(text("SELECT FROM lead WHERE id = ANY(:ids) FOR NO KEY UPDATE"), {"ids": list(held)})
        assert judge_noted(sessions, now=TUESDAY) == 0, "somebody else has them"
    assert judge_all(sessions) == 2


def test_the_target_score_is_asked_about_the_contacts_again(
    sessions: Sessions, weber: dict[str, int]
) -> None:
    with sessions.begin() as session:
        score = TargetScore(spec={}, report={}, active=True, trained_at=TUESDAY)
        session.add(score)
        session.flush()
        rows = [{"lead_id": weber[name], "score_id": score.id, "percent": 5, "at": TUESDAY} for name in weber
                if name != "weber"]  # fmt: skip
        session.execute(insert(LeadTarget), rows)
    change(sessions, weber, country="DE")
    judge_all(sessions)
    stale = {row.lead_id for row in all_of(sessions, LeadTarget) if row.stale}
    assert stale == {weber["anna"], weber["ben"]}
    assert all_of(sessions, Handoff) == []
