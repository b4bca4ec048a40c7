"""A condition asked of the database answers as it does in Python: for any condition and any base of leads."""

import math
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from nurture.rules.conditions import holds, parse, unparse
from nurture.store import companies, conditions, facts, leads
from nurture.store.companies import Company
from nurture.store.conditions import Measure
from nurture.store.consents import Consent, LeadConsent
from nurture.store.heat import LeadHeat
from nurture.store.lead_targets import LeadTarget
from nurture.store.leads import STAGES, Lead
from nurture.store.models import HeatModelRow, HeatModelVersion
from nurture.store.segments import Segment, SegmentMember
from nurture.store.segments_by_model import MemberByModel
from nurture.store.signals import Signal, SignalVerdict
from nurture.store.sources import Source
from nurture.store.target_scores import TargetScore
from nurture.store.users import User
from tests.store.trees import (
    ANSWERS,
    BANT,
    KINDS,
    MAILS,
    NOW,
    NUMBERS,
    PURPOSES,
    SEGMENTS,
    TAGS,
    TEXTS,
    leaves,
    trees,
)

HALF_LIFE = 21 * 86400
NAMES = ("interest", "score", "Größe", "country", "a.b", "company.size", "fields.x", "nothing")

values = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(NUMBERS),
    st.booleans(),
    st.lists(st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.booleans()), max_size=3),
    st.just({"nested": 1}),
    st.none(),
)
texts = st.one_of(st.none(), st.sampled_from(TEXTS), st.just("  "))
ago = st.one_of(
    st.sampled_from([timedelta(0), timedelta(days=5), timedelta(days=30)]),
    st.sampled_from([timedelta(seconds=1), timedelta(hours=1)]),
    st.timedeltas(timedelta(seconds=-3600), timedelta(days=40)),
)  # fmt: skip
a_company = st.fixed_dictionaries(
    {
        "size": st.one_of(st.none(), st.integers(0, 200)),
        "industry": texts,
        "country": texts,
        "fields": st.dictionaries(st.sampled_from(("erp", "size", "rank")), values, max_size=3),
        "temperature": st.sampled_from(["cold", "warm", "hot"]),
        "heat": st.sampled_from([None, 0.3, 5.0, 20.0]),
    }
)
a_lead = st.fixed_dictionaries(
    {
        "first_name": texts,
        "role": texts,
        "country": texts,
        "city": texts,
        "timezone": st.sampled_from([None, "Europe/Berlin", "UTC"]),
        "stage": st.sampled_from(STAGES),
        "temperature": st.sampled_from(["cold", "warm", "hot"]),
        "heat": st.sampled_from([None, 0.3, 4.9, 5.0, 20.0, 49.999, 50.0, 80.25]),
        "grade": st.sampled_from([None, "A", "B", "C"]),
        "grade_override": st.sampled_from([None, None, "A", "C"]),
        "readiness": st.sampled_from([0.0, 5.0, 20.5, 60.0]),
        "target": st.sampled_from([None, 0.0, 5.0, 20.5, 60.0]),
        "touches_in": st.integers(0, 3),
        "touches_out": st.integers(0, 3),
        "tags": st.lists(st.sampled_from(TAGS), unique=True, max_size=3),
        "fields": st.dictionaries(st.sampled_from(NAMES), values, max_size=4),
        "dates": st.dictionaries(
            st.sampled_from(("birthday", "contract")), st.sampled_from(("2026-03-01", "1969-07-20"))
        ),
        "bant": st.dictionaries(
            st.sampled_from(BANT),
            st.one_of(
                st.sampled_from(ANSWERS),
                st.sampled_from(ANSWERS).map(lambda one: {"answer": one, "source": "x"}),
            ),
        ),
        "company": st.one_of(st.none(), st.integers(0, 4)),
        "source": st.one_of(st.none(), st.integers(0, 2)),
        "owned": st.booleans(),
        "consents": st.dictionaries(st.sampled_from(PURPOSES), st.booleans()),
        "segments": st.sets(st.sampled_from(SEGMENTS)),
        "signals": st.lists(
            st.tuples(
                st.sampled_from(KINDS), ago, st.sampled_from([None, *MAILS]),
                st.sampled_from(["human", "human", "machine"]),
                st.sampled_from([None, None, "human", "machine"]),
            ),
            max_size=5,
        ),
        "created": ago,
    }
)  # fmt: skip
bases = st.tuples(st.lists(a_company, min_size=5, max_size=5), st.lists(a_lead, min_size=20, max_size=40))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(base=bases, asked=st.lists(st.one_of(leaves, trees), min_size=30, max_size=60))
def test_any_condition_finds_the_same_leads_in_python_and_in_the_database(sessions, base, asked):
    with sessions() as session:
        fill(session, *base)
        known = facts.load(session, list(session.scalars(select(Lead.id))), now=NOW)
        assert [raw for raw in asked if not agree(session, raw, known)] == []
        measure, known = measured_otherwise(session, list(known))
        assert [raw for raw in asked if not agree(session, raw, known, measure)] == []
        session.rollback()


def measured_otherwise(session, lead_ids):
    """A model of shorter memory under which everybody is warmer, the third of them never rated; and what is
    known of them by it. Every other one is in the big segment by this measure."""
    model = HeatModelRow(key="eager", created_at=NOW)
    session.add(model)
    session.flush()
    version = HeatModelVersion(model_id=model.id, no=1, source="", spec={"half_life": "7d"}, created_at=NOW)
    session.add(version)
    session.flush()
    model.live_version_id = version.id
    big = session.scalars(select(Segment.id).where(Segment.key == "big")).one()
    for n, lead_id in enumerate(lead_ids):
        if n % 3:
            log = math.log2(5 * (n % 4 + 1)) + NOW.timestamp() / (7 * 86400)
            place = {"lead_id": lead_id, "model_id": model.id, "model_version_id": version.id}
            found = {"net_log2": log, "temperature": ["warm", "hot"][n % 2], "since": NOW, "updated_at": NOW}
            session.add(LeadHeat(**place, **found))
        if n % 2:
            session.add(MemberByModel(segment_id=big, model_id=model.id, lead_id=lead_id))
    session.flush()
    known = facts.load(session, lead_ids, now=NOW, model_id=model.id)
    for n, lead_id in enumerate(lead_ids):
        others = known[lead_id].segments - {"big"}
        known[lead_id] = replace(known[lead_id], segments=others | {"big"} if n % 2 else others)
    return Measure(model.id, frozenset({"big"})), known


@pytest.mark.parametrize(
    "raw",
    [
        {"field": "country", "eq": "KÖLN"},
        {"not": {"field": "country", "eq": "KÖLN"}},
        {"not": {"not": {"signal": "clicked", "within": "5d"}}},
        {"field": "country", "contains": "%"},
        {"field": "company.size", "not_in": [5, "x"]},
        {"field": "company.heat", "gte": 5},
        {"field": "company.heat", "exists": False},
        {"field": "company.temperature", "eq": "Warm"},
        {"field": "company.temperature", "exists": False},
        {"field": "heat", "eq": 5},
        {"field": "target_score", "gte": 20.5},
        {"field": "target_score", "not_in": [5, "x"]},
        {"field": "target_score", "exists": False},
        {"field": "owner", "eq": "no number"},
        {"field": "owner", "ne": "no number"},
        {"field": "score", "gt": 10**200},
        {"all": [{"field": "dates.birthday", "lte": "2026-03-01"}, {"consent": "MARKETING"}]},
    ],
)
def test_what_is_easily_got_wrong_is_the_same_too(db, raw):
    fill(
        db,
        [{"size": n, "industry": None, "country": "de", "fields": {}} for n in (None, 5, 6, 7, 8)],
        [lead_like(n) for n in range(40)],
    )
    known = facts.load(db, list(db.scalars(select(Lead.id))), now=NOW)
    assert agree(db, raw, known)


def agree(session, raw, known, measure=None):
    condition = parse(raw)
    assert parse(unparse(condition)) == condition
    in_python = {lead_id for lead_id, lead in known.items() if holds(condition, lead, NOW)}
    query = conditions.population(session, condition, now=NOW, measure=measure)
    return set(session.scalars(query)) == in_python


def lead_like(n):
    return {
        "country": TEXTS[n % len(TEXTS)], "heat": [None, 5.0, 20.0][n % 3], "company": [None, 0, 1, 2][n % 4],
        "dates": {"birthday": ["2026-03-01", "1969-07-20"][n % 2]}, "owned": n % 5 == 0, "tags": [],
        "fields": {"score": NUMBERS[n % len(NUMBERS)]}, "source": None, "bant": {}, "segments": set(),
        "target": [None, 5.0, 20.5, 60.0][n % 4],
        "consents": {PURPOSES[n % 3]: True}, "created": timedelta(days=n), "temperature": "cold",
        "stage": "lead",
        "signals": [("clicked", timedelta(days=5 - n % 2, seconds=n % 3), None, "human", None)],
    }  # fmt: skip


def fill(session, firms, people):
    """These companies and people in an otherwise empty base, written as the flows write them."""
    stamps = {"created_at": NOW, "updated_at": NOW}
    session.add(Source(name="Fair", created_at=NOW))
    session.add(Source(name="Web", created_at=NOW))
    session.add(Source(name="web", created_at=NOW))
    session.add(TargetScore(trained_at=NOW, active=True, spec={}, report={}))
    user = User(email="mia@muster.example", name="Mia", role="marketer", password_hash="", created_at=NOW)
    session.add(user)
    big, loyal = (Segment(key=key, name=key, condition={}, **stamps) for key in SEGMENTS)
    session.add_all([big, loyal])
    model = HeatModelRow(key="default", created_at=NOW)
    session.add(model)
    session.flush()
    version = HeatModelVersion(model_id=model.id, no=1, source="", spec={"half_life": "21d"}, created_at=NOW)
    session.add(version)
    session.flush()
    model.live_version_id = version.id
    session.flush()
    firm_ids = [
        session.execute(
            insert(Company)
            .values(name=f"Firm {n}", folded=f"firm {n}", **warm(firm), **stamps)
            .returning(Company.id)
        ).scalar_one()
        for n, firm in enumerate(firms)
    ]
    companies.refold(session, firm_ids)
    source_ids = list(session.scalars(select(Source.id).order_by(Source.id)))
    lead_ids = []
    for n, person in enumerate(people):
        lead_ids.append(add_lead(session, n, dict(person), firm_ids, source_ids, user.id, (big.id, loyal.id)))
    leads.refold(session, lead_ids)


def warm(firm):
    given = dict(firm)
    heat = given.pop("heat", None)
    return given | {"heat_log2": None if heat is None else log2_of(heat)}


def add_lead(session, n, person, firm_ids, source_ids, user_id, segment_ids):
    company, source, heat = person.pop("company"), person.pop("source"), person.pop("heat")
    signals, consents, segments = person.pop("signals"), person.pop("consents"), person.pop("segments")
    before, owned, target = person.pop("created"), person.pop("owned"), person.pop("target", None)
    row = person | {
        "created_at": NOW - before,
        "updated_at": NOW,
        "stage_since": NOW,
        "temperature_since": NOW,
        "email": f"Lead{n}@Muster.example",
        "company_id": None if company is None else firm_ids[company],
        "source_id": None if source is None else source_ids[source],
        "owner_id": user_id if owned else None,
        "heat_log2": None if heat is None else log2_of(heat),
    }
    lead_id = session.execute(insert(Lead).values(**row).returning(Lead.id)).scalar_one()
    if target is not None:
        score = session.scalars(select(TargetScore.id)).one()
        session.add(LeadTarget(lead_id=lead_id, score_id=score, percent=target, at=NOW))
    for purpose, granted in consents.items():
        entry = Consent(lead_id=lead_id, purpose=purpose, state="granted", at=NOW, channel="form")
        session.add(entry)
        session.flush()
        session.add(
            LeadConsent(lead_id=lead_id, purpose=purpose, granted=granted, consent_id=entry.id, at=NOW)
        )
    for key in segments:
        found = segment_ids[SEGMENTS.index(key)]
        session.add(SegmentMember(segment_id=found, lead_id=lead_id, since=NOW))
    for kind, since, mail, verdict, later in signals:
        number = uuid.uuid4()
        session.execute(
            insert(Signal).values(
                id=number, received_at=NOW, lead_id=lead_id, kind=kind, occurred_at=NOW - since,
                source="test", mail_key=mail, verdict=verdict,
            )
        )  # fmt: skip
        if later is not None:
            other = "machine" if later == "human" else "human"
            for at, judged in ((NOW - timedelta(1), other), (NOW, later)):
                session.add(SignalVerdict(signal_id=number, at=at, verdict=judged, reason="", by="test"))
    session.flush()
    return lead_id


def log2_of(heat):
    """As heat of this much at NOW is kept."""
    return math.log2(heat) + NOW.timestamp() / HALF_LIFE
