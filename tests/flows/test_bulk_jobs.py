"""Everybody who matches is changed, portion by portion, and exactly those are changed back."""

import pytest

from nurture.errors import Conflict, Invalid
from nurture.flows import bulk_jobs
from nurture.flows.unsubscribe import unsubscribe
from nurture.store import consents
from nurture.store.bulk_jobs import BulkJob
from nurture.store.lead_list import LeadQuery
from nurture.store.leads import Lead
from tests.flows.garden import Garden


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


@pytest.fixture
def people(garden):
    return [garden.lead(f"p{n}", consent=False, tags=["fair"] if n == 2 else []) for n in range(5)]


def _ask(garden, what, value, words="", query=LeadQuery()):
    with garden.sessions.begin() as session:
        return bulk_jobs.ask(session, query, what, value, words, by="mia", now=garden.clock.now).id


def _act(garden, act, job_id):
    with garden.sessions.begin() as session:
        act(session, job_id, by="mia", now=garden.clock.now)


def _agreed(session, people):
    return {one for one in people if consents.standing(session, one).get("marketing") == "granted"}


def _work(garden):
    return bulk_jobs.carry_out(garden.sessions, lambda: garden.clock.now, size=2)


def _job(garden, job_id):
    with garden.sessions() as session:
        return session.get_one(BulkJob, job_id)


def _tagged(garden):
    with garden.sessions() as session:
        return sorted(one.id for one in session.query(Lead) if "fair" in one.tags)


def test_all_are_changed_and_exactly_those_are_changed_back(garden, people):
    job_id = _ask(garden, "tag", "fair")
    newcomer = garden.lead("newcomer", consent=False)
    _work(garden)
    job = _job(garden, job_id)
    assert (job.state, job.total, job.looked, job.changed) == ("done", 5, 5, 4)
    assert _tagged(garden) == people and newcomer not in _tagged(garden)
    _act(garden, bulk_jobs.undo, job_id)
    _work(garden)
    assert _job(garden, job_id).state == "undone" and _tagged(garden) == [people[2]]
    with pytest.raises(Conflict, match="already"):
        _act(garden, bulk_jobs.undo, job_id)
    assert garden.value("SELECT count(*) FROM audit_entry WHERE action LIKE 'leads.tag%'") == 2


def test_one_that_is_stopped_leaves_the_others_as_they_are_and_is_taken_back_so_far(garden, people):
    job_id = _ask(garden, "untag", "fair", query=LeadQuery(tag="fair"))
    _work(garden)
    assert _tagged(garden) == []
    _act(garden, bulk_jobs.undo, job_id)
    _work(garden)
    job_id = _ask(garden, "tag", "fair")
    bulk_jobs.work(garden.sessions, now=garden.clock.now, size=2)
    with pytest.raises(Conflict, match="Stop it first"):
        _act(garden, bulk_jobs.undo, job_id)
    _act(garden, bulk_jobs.cancel, job_id)
    assert _work(garden) == 0 and _tagged(garden) == people[:3]
    _act(garden, bulk_jobs.undo, job_id)
    _work(garden)
    assert _tagged(garden) == [people[2]]


def test_a_consent_is_noted_with_its_proof_but_never_for_who_took_a_yes_back(garden, people):
    with garden.sessions.begin() as session:
        unsubscribe(session, people[0], "marketing", how="page", proof={}, now=garden.clock.now)
    with pytest.raises(Invalid, match="how you know"):
        _ask(garden, "consent", "marketing")
    job_id = _ask(garden, "consent", "marketing", "Signed list of the fair, 3 March")
    _work(garden)
    with garden.sessions() as session:
        assert _agreed(session, people) == set(people[1:])
        entry = consents.ledger(session, people[1])[-1]
        assert entry.proof == {"by": "mia", "proof": "Signed list of the fair, 3 March"}
    _act(garden, bulk_jobs.undo, job_id)
    _work(garden)
    with garden.sessions() as session:
        assert _agreed(session, people) == set()
        assert consents.standing(session, people[0]) == {"marketing": "withdrawn"}
