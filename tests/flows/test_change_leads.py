"""Many leads are changed at once, and exactly those are changed back."""

import pytest
from sqlalchemy import update

from nurture.errors import Conflict, Invalid
from nurture.flows.change_leads import change_leads, undo
from nurture.flows.rate import rate
from nurture.store import signals
from nurture.store.leads import Lead
from nurture.store.signals import NewSignal
from nurture.store.users import User
from tests.flows.garden import Garden
from tests.flows.two_chains import CHAINS, MAILS


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def _change(garden, what, value, *leads):
    with garden.sessions.begin() as session:
        return change_leads(session, leads, what, value, by="mia", now=garden.clock.now).id


def _undo(garden, change_id):
    with garden.sessions.begin() as session:
        return undo(session, change_id, by="mia", now=garden.clock.now)


def _lead(garden, lead_id):
    with garden.sessions() as session:
        return session.get_one(Lead, lead_id)


def test_only_those_who_got_the_tag_lose_it_again(garden):
    anna, ben = garden.lead("anna"), garden.lead("ben")
    _change(garden, "tag", "fair", anna)
    change = _change(garden, "tag", "fair", anna, ben)
    assert _lead(garden, ben).tags == ["fair"] and _lead(garden, ben).folded_tags == ["fair"]
    assert _undo(garden, change) == 1
    assert (_lead(garden, anna).tags, _lead(garden, ben).tags) == (["fair"], [])
    with pytest.raises(Conflict):
        _undo(garden, change)


def test_each_gets_back_the_owner_it_had(garden):
    anna, ben = garden.lead("anna"), garden.lead("ben")
    with garden.sessions.begin() as session:
        people = [
            User(email=f"{n}@x.example", role="sales", password_hash="", created_at=garden.clock.now)
            for n in "ab"
        ]
        session.add_all(people)
        session.flush()
        first, second = (person.id for person in people)
        session.execute(update(Lead).where(Lead.id == anna).values(owner_id=first))
    change = _change(garden, "owner", str(second), anna, ben)
    assert _lead(garden, anna).owner_id == _lead(garden, ben).owner_id == second
    _undo(garden, change)
    assert (_lead(garden, anna).owner_id, _lead(garden, ben).owner_id) == (first, None)


def test_who_is_held_leaves_and_enters_nothing_until_let_in(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    _change(garden, "hold", "", anna)
    assert garden.enter(anna) == 0
    garden.pass_time(5)
    assert garden.steps_sent(anna) == []


def test_an_undone_stop_goes_on_where_it_stood(garden):
    garden.publish(CHAINS, mails=MAILS)
    anna = garden.lead("anna")
    garden.enter(anna)
    garden.pass_time(0)
    garden.pass_time(3)
    sent = garden.steps_sent(anna)
    assert "c1" in sent and "c3" not in sent
    change = _change(garden, "hold", "", anna)
    _undo(garden, change)
    assert _lead(garden, anna).held_at is None
    garden.pass_time(9)
    assert garden.steps_sent(anna) == ["c1", "c2", "c3"]


def test_wishes_that_make_no_sense_are_refused(garden):
    anna = garden.lead("anna")
    wrong = {"tag": (" ", "x" * 101), "owner": ("77", "-1", "\u00b2"), "consent": ("?",)}
    for what, value in [(what, value) for what, values in wrong.items() for value in values]:
        with pytest.raises(Invalid) as refusal:
            _change(garden, what, value, anna)
        assert list(refusal.value.errors) == ["value"]
    with pytest.raises(Invalid):
        _change(garden, "burn", "", anna)
    with pytest.raises(Invalid, match="10,000"):
        _change(garden, "tag", "x", *range(1, 10_002))


def test_who_warmed_while_stopped_goes_on_in_the_chain_of_its_temperature(garden):
    garden.publish(
        "  cold:\n    enter: {when: {temperature: cold}}\n    steps: [{send: c1}, {wait: 1d}, {send: c2}]\n"
        "  warm:\n    steps: [{send: w1}]\n"
    )
    anna = garden.lead("anna")
    garden.enter(anna)
    change = _change(garden, "hold", "", anna)
    with garden.sessions.begin() as session:
        rows = [NewSignal(anna, "clicked", garden.clock.now, "api") for _number in range(3)]
        signals.add(session, rows, now=garden.clock.now)
    rate(garden.sessions, now=garden.clock.now)
    _undo(garden, change)
    standing = garden.value(
        "SELECT c.temperature FROM enrollment e JOIN chain c ON c.id = e.chain_id WHERE e.state = 'active'"
    )
    assert standing == "warm"
