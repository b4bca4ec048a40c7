"""Publishing a heat model: every lead under the new rules, nobody handed over by the switch."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.files.models import write_model
from nurture.files.yaml_lines import Faults
from nurture.flows.models import ModelFile, load_model, publish_model, read_models
from nurture.flows.rate import rate
from nurture.rules.model import Band, HeatModel, Readiness, Requirements, Thresholds
from nurture.store.approvals import ModelApproval
from nurture.store.handoffs import Handoff
from nurture.store.models import HeatModelRow, HeatModelVersion
from nurture.store.temperature_changes import TemperatureChange
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, heat_row, lead, make_lead, publish, send, strong_lead
from tests.rules.models import contract_model

Sessions = sessionmaker[Session]
CAMPAIGNS = Path(__file__).parents[2] / "campaigns"


def heavier(kind: str, weight: float) -> HeatModel:
    model = contract_model()
    rules = tuple(replace(rule, weight=weight) if rule.kind == kind else rule for rule in model.rules)
    return replace(model, rules=rules)


def test_the_sample_model_is_read_and_live_at_its_first_load(sessions: Sessions) -> None:
    faults = Faults("campaigns")
    found = read_models(CAMPAIGNS, faults)
    assert faults.lines() == []
    with sessions.begin() as session:
        model_id, version_id = load_model(session, found["default"], now=TUESDAY)
        assert load_model(session, found["default"], now=TUESDAY) == (model_id, version_id)
    [row] = all_of(sessions, HeatModelRow)
    assert row.live_version_id == version_id
    [version] = all_of(sessions, HeatModelVersion)
    assert version.source == found["default"].source


def test_a_loaded_version_rates_only_when_it_is_published(sessions: Sessions) -> None:
    first = publish(sessions)
    changed = heavier("clicked", 40)
    with sessions.begin() as session:
        load_model(session, ModelFile(changed, write_model(changed)), now=TUESDAY)
    [row] = all_of(sessions, HeatModelRow)
    assert row.live_version_id == first.version_id
    assert publish(sessions, changed).no == 2


def test_publishing_rates_every_lead_anew(sessions: Sessions) -> None:
    publish(sessions)
    anna, boris = make_lead(sessions), make_lead(sessions)
    for minute in range(2):
        send(sessions, anna, "clicked", TUESDAY + timedelta(minutes=minute))
    send(sessions, boris, "replied", TUESDAY)
    now = TUESDAY + timedelta(minutes=2)
    rate(sessions, now=now)
    switch = publish(sessions, heavier("clicked", 40), now)
    assert (switch.changed, switch.hot) == (1, (anna,))
    assert lead(sessions, anna).temperature == "hot"
    assert lead(sessions, boris).temperature == "warm"
    assert heat_row(sessions, anna).model_version_id == switch.version_id
    newest = max(all_of(sessions, TemperatureChange), key=lambda change: change.id)
    assert (newest.new, newest.reason) == ("hot", "model default, version 2")


def test_rated_anew_is_rated_as_if_the_model_had_always_been_so(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    for number, kind in enumerate(["clicked", "replied", "event_no_show", "opened"]):
        send(sessions, anna, kind, TUESDAY + timedelta(hours=number))
    now = TUESDAY + timedelta(hours=4)
    rate(sessions, now=now)
    before = heat_row(sessions, anna)
    publish(sessions, heavier("clicked", 40), now)
    publish(sessions, contract_model(), now)
    after = heat_row(sessions, anna)
    assert after.pos_log2 == pytest.approx(before.pos_log2, rel=1e-12)
    assert after.neg_log2 == pytest.approx(before.neg_log2, rel=1e-12)
    assert after.warm_floor_until == before.warm_floor_until


def test_leads_ready_by_the_switch_are_listed_and_not_handed_over(sessions: Sessions) -> None:
    publish(sessions)
    anna = strong_lead(sessions)
    send(sessions, anna, "replied", TUESDAY)
    rate(sessions, now=TUESDAY)
    easy = Readiness(rise=20, fall=10, require=Requirements("warm", "B"))
    switch = publish(sessions, replace(contract_model(), readiness=easy))
    assert switch.ready == (anna,)
    assert all_of(sessions, Handoff) == []
    [listed] = all_of(sessions, ModelApproval)
    assert (listed.lead_id, listed.state) == (anna, "waiting")
    send(sessions, anna, "opened", TUESDAY)
    rate(sessions, now=TUESDAY)
    assert all_of(sessions, Handoff) == []


def test_a_switch_rolled_back_only_tells(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    send(sessions, anna, "clicked", TUESDAY)
    rate(sessions, now=TUESDAY)
    changed = heavier("clicked", 60)
    with sessions() as session:
        switch = publish_model(session, ModelFile(changed, write_model(changed)), now=TUESDAY)
        session.rollback()
    assert switch.hot == (anna,)
    assert lead(sessions, anna).temperature == "cold"


def test_signals_still_waiting_are_counted_once_after_a_switch(sessions: Sessions) -> None:
    publish(sessions)
    anna = make_lead(sessions)
    send(sessions, anna, "replied", TUESDAY)
    rate(sessions, now=TUESDAY)
    send(sessions, anna, "replied", TUESDAY)
    publish(sessions, heavier("clicked", 40))
    rate(sessions, now=TUESDAY)
    with sessions() as session:
        assert session.scalar(text("SELECT sum(count) FROM heat_bucket")) == 2


def test_new_thresholds_alone_are_held_against_the_way_there_too(sessions: Sessions) -> None:
    publish(sessions)
    anna, boris = make_lead(sessions), make_lead(sessions)
    send(sessions, anna, "clicked", TUESDAY)
    later = TUESDAY + timedelta(days=14)
    for _number in range(2):
        send(sessions, boris, "event_attended", TUESDAY)
    rate(sessions, now=TUESDAY)
    model = contract_model()
    lower = replace(model, thresholds=Thresholds(Band(10, 5), Band(60, 28)))
    publish(sessions, lower, later)
    assert heat_row(sessions, anna).level == "warm", (
        "was once as warm as is asked for, and has not cooled since"
    )
    assert heat_row(sessions, boris).level == "warm", "was never hot by these"
