"""Facts of leads, read from the tables."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import event, insert

from nurture.rules.conditions import Look, looked_at, parse, signals_asked
from nurture.store import facts
from nurture.store.companies import Company
from nurture.store.consents import Consent, LeadConsent
from nurture.store.heat import LeadHeat
from nurture.store.leads import Lead
from nurture.store.models import HeatModelRow, HeatModelVersion
from nurture.store.signals import Signal, SignalVerdict
from tests.conftest import TUESDAY

HALF_LIFE = 21 * 86400


def make_lead(db, **values):
    row = {"stage_since": TUESDAY, "temperature_since": TUESDAY, "created_at": TUESDAY, "updated_at": TUESDAY}
    return db.execute(insert(Lead).values(**(row | values)).returning(Lead.id)).scalar_one()


def make_model(db, key="default", half_life="21d"):
    model = HeatModelRow(key=key, created_at=TUESDAY)
    db.add(model)
    db.flush()
    version = HeatModelVersion(
        model_id=model.id, no=1, source="", spec={"half_life": half_life}, created_at=TUESDAY
    )
    db.add(version)
    db.flush()
    model.live_version_id = version.id
    db.flush()
    return model.id, version.id


def make_signal(db, lead_id, kind, days_ago, verdict="human", **values):
    signal_id = uuid.uuid4()
    moment = TUESDAY - timedelta(days=days_ago)
    row = {"id": signal_id, "received_at": TUESDAY, "lead_id": lead_id, "kind": kind, "occurred_at": moment}
    db.execute(insert(Signal).values(**row, source="test", verdict=verdict, **values))
    return signal_id


def test_a_lead_is_known_by_its_own_fields_its_company_and_its_custom_ones(db):
    company = Company(name="Muster", folded="muster", size=80, created_at=TUESDAY, updated_at=TUESDAY)
    company.fields = {"erp": "SAP"}
    db.add(company)
    db.flush()
    anna = make_lead(
        db, email="anna@muster.example", country="DE", company_id=company.id, tags=["fair"], grade="B",
        fields={"interest": "pricing", "country": "a custom one that hides"}, touches_in=2, touches_out=3,
        bant={"need": {"answer": "yes", "source": "form"}, "budget": "no"}, timezone="Europe/Vienna",
    )  # fmt: skip
    known = facts.load(db, [anna], now=TUESDAY)[anna]
    assert known.fields["country"] == "DE"
    assert known.fields["fields.country"] == "a custom one that hides"
    assert known.fields["interest"] == "pricing"
    assert (known.fields["company.name"], known.fields["company.size"]) == ("Muster", 80)
    assert known.fields["company.erp"] == "SAP"
    assert known.bant == {"need": "yes", "budget": "no"}
    assert (known.grade, known.touches, known.timezone, known.tags) == ("B", 5, "Europe/Vienna", {"fair"})


def test_only_consents_that_hold_now_count(db):
    anna = make_lead(db, email="anna@muster.example")
    for purpose, granted in (("marketing", True), ("newsletter", False)):
        entry = Consent(lead_id=anna, purpose=purpose, state="granted", at=TUESDAY, channel="form")
        db.add(entry)
        db.flush()
        db.add(LeadConsent(lead_id=anna, purpose=purpose, granted=granted, consent_id=entry.id, at=TUESDAY))
    db.flush()
    assert facts.load(db, [anna], now=TUESDAY)[anna].consents == {"marketing"}


def test_machines_do_not_signal_and_a_later_verdict_wins(db):
    anna = make_lead(db, email="anna@muster.example")
    make_signal(db, anna, "clicked", 1, mail_key="welcome")
    make_signal(db, anna, "opened", 2, verdict="machine")
    overruled = make_signal(db, anna, "downloaded", 3)
    db.add(SignalVerdict(signal_id=overruled, at=TUESDAY, verdict="machine", reason="sweep", by="rule"))
    cleared = make_signal(db, anna, "visited", 4, verdict="machine")
    db.add(SignalVerdict(signal_id=cleared, at=TUESDAY, verdict="human", reason="seen", by="marketer"))
    db.flush()
    signals = facts.load(db, [anna], now=TUESDAY)[anna].signals
    assert [(signal.kind, signal.mail) for signal in signals] == [("visited", None), ("clicked", "welcome")]


def test_of_ten_thousand_clicks_only_as_many_are_read_as_a_condition_asks_for(db):
    anna = make_lead(db, email="anna@muster.example")
    for days in range(9):
        make_signal(db, anna, "clicked", days)
    make_signal(db, anna, "clicked", -1)  # told ahead of its time: it takes nobody's place
    at_the_hand = make_signal(db, anna, "clicked", 0.5)
    db.add(SignalVerdict(signal_id=at_the_hand, at=TUESDAY, verdict="machine", reason="sweep", by="rule"))
    make_signal(db, anna, "visited", 40)
    db.flush()
    asked = signals_asked([parse({"signal": "clicked", "at_least": 3, "within": "60d"})], TUESDAY)
    asked = looked_at((asked, {"visited": Look(TUESDAY - timedelta(days=30))}))
    signals = facts.load(db, [anna], now=TUESDAY, asked=asked)[anna].signals
    assert [(one.kind, (TUESDAY - one.occurred_at).days) for one in signals] == [
        ("clicked", 2),
        ("clicked", 1),
        ("clicked", 0),
    ]


def test_heat_decays_by_half_in_a_half_life(db):
    make_model(db)
    log2 = TUESDAY.timestamp() / HALF_LIFE + 5  # 2 ** 5 now
    anna = make_lead(db, email="anna@muster.example", heat_log2=log2, temperature="warm")
    assert facts.load(db, [anna], now=TUESDAY)[anna].heat == pytest.approx(32)
    assert facts.load(db, [anna], now=TUESDAY + timedelta(days=21))[anna].heat == pytest.approx(16)


def test_another_model_has_its_own_heat_and_temperature(db):
    make_model(db)
    slow, version = make_model(db, "slow", "42d")
    anna = make_lead(db, email="anna@muster.example", temperature="hot")
    ben = make_lead(db, email="ben@muster.example", temperature="hot")
    log2 = TUESDAY.timestamp() / (2 * HALF_LIFE) + 3
    db.add(
        LeadHeat(lead_id=anna, model_id=slow, model_version_id=version, net_log2=log2, temperature="warm",
                 since=TUESDAY, updated_at=TUESDAY)
    )  # fmt: skip
    db.flush()
    known = facts.load(db, [anna, ben], now=TUESDAY, model_id=slow)
    assert known[anna].temperature == "warm"
    assert known[anna].heat == pytest.approx(8)
    assert (known[ben].temperature, known[ben].heat) == ("cold", 0)


def test_a_hundred_leads_cost_as_many_statements_as_one(db, engine):
    ids = [make_lead(db, email=f"lead{n}@muster.example") for n in range(100)]
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    facts.load(db, ids[:1], now=TUESDAY)
    one = len(statements)
    assert len(facts.load(db, ids, now=TUESDAY)) == 100
    assert len(statements) == 2 * one == 10
