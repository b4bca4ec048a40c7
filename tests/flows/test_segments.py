"""Segments: who is in them, kept as leads change, and what they are asked by."""

import pytest
from sqlalchemy import text

from nurture.errors import Conflict, Invalid
from nurture.files.models import parse_model
from nurture.files.yaml_lines import Faults
from nurture.flows import edit_newsletters, membership, segments
from nurture.flows.leads import erase_lead, save_lead
from nurture.flows.rate import rate
from nurture.flows.unsubscribe import unsubscribe
from nurture.flows.why import why
from nurture.store import leads, models, segment_sizes, signals, stages
from nurture.store import segments as stored
from nurture.store.signals import NewSignal
from nurture.store.stages import StageMove
from tests.conftest import TUESDAY
from tests.flows.garden import HEAD, MODEL, Garden

BASE = "http://localhost:8000"


@pytest.fixture
def garden(sessions, clock, tmp_path):
    return Garden(sessions, clock, tmp_path / "garden")


def make(garden, key, condition):
    with garden.sessions.begin() as session:
        segments.create(session, {"key": key, "name": key, "condition": condition}, now=garden.clock.now)
    settle(garden)


def settle(garden):
    """Until nothing is left to be looked at; how many turns it took."""
    for turn in range(50):
        if not membership.update_dirty(garden.sessions, now=garden.clock.now):
            return turn
    raise AssertionError("it never settles")


def inside(garden, key):
    with garden.sessions() as session:
        return set(stored.members(session, segments.existing(session, key).id, after=None, limit=500))


def say(garden, lead_id, **answers):
    with garden.sessions.begin() as session:
        save_lead(
            session,
            {"id": lead_id, **answers},
            now=garden.clock.now,
            by="test",
            pepper=b"pepper",
            base_url=BASE,
        )


def hear(garden, lead_id, kind):
    with garden.sessions.begin() as session:
        signals.add(session, [NewSignal(lead_id, kind, garden.clock.now, "test")], now=garden.clock.now)
    while rate(garden.sessions, now=garden.clock.now):
        pass


def test_a_new_segment_finds_who_is_there_already(garden):
    anna, _bert = garden.lead("anna"), garden.lead("bert")
    say(garden, anna, country="DE")
    make(garden, "germans", {"field": "country", "eq": "de"})
    assert inside(garden, "germans") == {anna}


def test_a_lead_comes_in_and_goes_out_in_the_transaction_that_changes_it(garden):
    anna = garden.lead("anna")
    make(garden, "germans", {"field": "country", "eq": "de"})
    say(garden, anna, country="DE")
    assert inside(garden, "germans") == {anna}
    say(garden, anna, country="FR")
    assert inside(garden, "germans") == set()


def test_a_click_brings_a_lead_in_and_time_takes_it_out(garden):
    anna = garden.lead("anna")
    make(garden, "curious", {"signal": "clicked", "within": "5d"})
    hear(garden, anna, "clicked")
    assert inside(garden, "curious") == {anna}
    garden.clock.advance(days=5)
    settle(garden)
    assert inside(garden, "curious") == set()


def test_stages_consents_and_steps_are_noticed_whoever_changes_them(garden):
    anna = garden.lead("anna")
    make(garden, "served", {"stage": "customer"})
    make(garden, "asked", {"consent": "marketing"})
    with garden.sessions.begin() as session:
        stages.move(session, [StageMove(anna, "customer", "won")], now=TUESDAY, by="test")
        unsubscribe(session, anna, "marketing", how="page", proof={}, now=TUESDAY)
    settle(garden)
    assert (inside(garden, "served"), inside(garden, "asked")) == ({anna}, set())


def test_a_company_that_grows_takes_its_people_along(garden):
    anna = garden.lead("anna")
    make(garden, "large", {"field": "company.size", "gte": 50})
    say(garden, anna, company={"name": "Muster", "size": 10})
    assert inside(garden, "large") == set()
    bert = garden.lead("bert")
    say(garden, bert, company={"name": "Muster", "size": 80})
    settle(garden)
    assert inside(garden, "large") == {anna, bert}


def test_a_segment_may_lean_on_another_and_follows_it(garden):
    anna = garden.lead("anna")
    make(garden, "germans", {"field": "country", "eq": "de"})
    make(garden, "german-buyers", {"all": [{"segment": "germans"}, {"field": "role", "contains": "buyer"}]})
    say(garden, anna, country="DE", role="Chief Buyer")
    assert inside(garden, "german-buyers") == {anna}
    with garden.sessions.begin() as session:
        segments.change(
            session, "germans", {"condition": {"field": "country", "eq": "fr"}}, now=garden.clock.now
        )
    settle(garden)
    assert inside(garden, "german-buyers") == set()


def test_segments_may_not_lean_on_each_other_in_a_circle(garden):
    make(garden, "a", {"tag": "x"})
    make(garden, "b", {"segment": "a"})
    with garden.sessions.begin() as session:
        for circular in ({"segment": "b"}, {"not": {"segment": "a"}}):
            with pytest.raises(Invalid, match="circle"):
                segments.change(session, "a", {"condition": circular}, now=TUESDAY)
        with pytest.raises(Invalid, match="no segment called c"):
            segments.preview(session, {"segment": "c"}, now=TUESDAY)


def test_what_is_asked_for_elsewhere_is_not_taken_away(garden):
    make(garden, "a", {"tag": "x"})
    make(garden, "b", {"segment": "a"})
    garden.publish("  cold:\n    enter: {when: {segment: b}}\n    steps:\n      - send: hello\n")
    with garden.sessions.begin() as session:
        with pytest.raises(Conflict, match="b"):
            segments.remove(session, "a", now=garden.clock.now)
        newsletter = edit_newsletters.create(
            session, {"name": "March", "audience": {"segment": "b"}}, by="mia", now=garden.clock.now
        )
        asking = [(use.kind, use.key) for use in segments.used_by(session, "b")]
        assert asking == [("program", "garden"), ("newsletter", str(newsletter.id))]


def test_coming_into_a_segment_lets_a_lead_into_the_chain_that_asks_for_it(garden):
    make(garden, "vips", {"tag": "vip"})
    garden.publish("  cold:\n    enter: {when: {segment: vips}}\n    steps:\n      - send: hello\n")
    anna, bert = garden.lead("anna"), garden.lead("bert")
    say(garden, anna, tags=["VIP"])
    with garden.sessions.begin() as session:
        session.execute(text("UPDATE lead SET tags = '{vip}' WHERE id = :id"), {"id": bert})
        leads.refold(session, [bert])
        stored.mark_dirty(session, [bert])
    settle(garden)
    with garden.sessions() as session:
        runs = set(session.scalars(text("SELECT lead_id FROM enrollment WHERE ended_at IS NULL")))
    assert runs == {anna, bert}


def test_an_erased_lead_is_in_no_segment(garden, tmp_path):
    anna = garden.lead("anna")
    make(garden, "all", {"not": {"tag": "nobody has this"}})
    assert inside(garden, "all") == {anna}
    with garden.sessions.begin() as session:
        erase_lead(session, anna, pepper=b"pepper", home=tmp_path, now=TUESDAY, by="test")
    settle(garden)
    assert inside(garden, "all") == set()


def test_the_size_is_told_before_anything_is_kept(garden):
    anna = garden.lead("anna")
    garden.lead("bert")
    say(garden, anna, country="DE")
    with garden.sessions() as session:
        found = segments.preview(session, {"field": "country", "eq": "DE"}, now=TUESDAY)
    assert (found.size, found.some, found.sentence) == (1, [anna], "country is Germany")


def test_sizes_are_kept_however_leads_come_and_go(garden):
    make(garden, "fair", {"tag": "fair"})
    make(garden, "everybody", {"touches": {"gte": 0}})
    leads_ = [garden.lead(f"lead{n}") for n in range(8)]
    for lead in leads_:
        say(garden, lead, tags=["fair"])
    assert sizes(garden) == recounted(garden) == {"fair": 8, "everybody": 8}
    say(garden, leads_[0], tags=["other"])
    with garden.sessions.begin() as session:
        leads.forget(session, leads_[1], now=garden.clock.now)
    assert sizes(garden) == recounted(garden) == {"fair": 6, "everybody": 7}
    settle(garden)
    assert garden.value("SELECT count(*) FROM segment_change") == 0
    assert sizes(garden) == {"fair": 6, "everybody": 7}
    with garden.sessions.begin() as session:
        segments.remove(session, "fair", now=garden.clock.now)
    assert sizes(garden) == {"everybody": 7}


def sizes(garden):
    with garden.sessions() as session:
        found = segment_sizes.sizes(session)
        return {one.key: found[one.id] for one in stored.every(session)}


def recounted(garden):
    with garden.sessions() as session:
        rows = session.execute(
            text("SELECT s.key, count(*) FROM segment s JOIN segment_member ON segment_id = s.id GROUP BY 1")
        )
        return {row.key: row.count for row in rows}


def test_without_segments_nothing_is_noted(garden):
    anna = garden.lead("anna")
    with garden.sessions.begin() as session:
        stages.move(session, [StageMove(anna, "customer", "won")], now=TUESDAY, by="test")
    with garden.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM dirty_lead")) == 0


def publish_model(garden, written):
    """Another model goes live; its number."""
    with garden.sessions.begin() as session:
        model = parse_model(written, Faults("model.yaml"))
        number, version_id, _no = models.add_version(session, model, written, now=garden.clock.now, by="test")
        models.set_live(session, version_id, now=garden.clock.now)
        return number


@pytest.fixture
def eager(garden):
    """A model under which one click is enough for hot, beside the default one, which asks for five."""
    return publish_model(
        garden,
        MODEL.replace("model: default", "model: eager").replace(
            "{warm: {rise: 20, fall: 12}, hot: {rise: 50, fall: 35}}",
            "{warm: {rise: 4, fall: 2}, hot: {rise: 8, fall: 5}}",
        ),
    )


HOT_ONES = """
  cold:
    enter: {when: {segment: keen}}
    steps:
      - send: early
  hot:
    enter: {when: {segment: keen}}
    steps:
      - branch:
          - when: {segment: tepid}
            steps: [{send: tepid-mail}]
          - else: true
            steps: [{send: keen-mail}]
"""


@pytest.mark.parametrize("condition", [{"temperature": "hot"}, {"field": "heat", "gte": 8}])
def test_a_segment_that_asks_for_heat_is_told_by_the_model_of_the_program(garden, eager, condition):
    """By way of another segment, too. Everybody else goes on seeing it by the default model."""
    make(garden, "hot-ones", condition)
    make(garden, "keen", {"all": [{"segment": "hot-ones"}, {"consent": "marketing"}]})
    make(garden, "tepid", {"not": {"segment": "hot-ones"}})
    garden.publish(HOT_ONES, HEAD.replace("program: garden", "program: garden\nmodel: eager"))
    anna, bert = garden.lead("anna"), garden.lead("bert")

    hear(garden, anna, "clicked")
    garden.enter(anna, bert)
    garden.pass_time(1)

    assert garden.steps_sent(anna) == ["keen-mail"]
    assert garden.runs(bert) == []
    by_default = condition == {"field": "heat", "gte": 8}
    assert inside(garden, "keen") == ({anna} if by_default else set())


def test_why_a_lead_did_not_enter_is_told_by_the_model_of_the_program(garden, eager):
    make(garden, "keen", {"temperature": "warm"})
    garden.publish(
        "  hot:\n    enter: {when: {segment: keen}}\n    steps:\n      - send: early\n",
        HEAD.replace("program: garden", "program: garden\nmodel: eager"),
    )
    anna = garden.lead("anna")
    for _click in range(2):
        hear(garden, anna, "clicked")
    settle(garden)

    assert inside(garden, "keen") == {anna}
    assert garden.runs(anna) == []
    with garden.sessions() as session:
        answer = why(session, anna, "garden/hot", now=garden.clock.now, live=True).steps["early"]
    assert (answer.state, answer.reason) == ("no", "condition")
    assert "keen" in str(answer.detail)


GONE_QUIET = {"all": [{"segment": "hot-ones"}, {"not": {"signal": "visited", "within": "7d"}}]}
COOLING = {"all": [{"field": "heat", "gte": 5}, {"field": "heat", "lt": 8.763}]}


@pytest.mark.parametrize(("condition", "days"), [(GONE_QUIET, 7), (COOLING, 4)])
def test_time_alone_lets_a_lead_in_by_the_model_of_the_program(garden, eager, condition, days):
    """No signal comes and no threshold of the model is crossed: the moment itself is enough."""
    make(garden, "hot-ones", {"temperature": "hot"})
    make(garden, "quiet", condition)
    garden.publish(
        "  hot:\n    enter: {when: {segment: quiet}}\n    steps:\n      - send: early\n",
        HEAD.replace("program: garden", "program: garden\nmodel: eager"),
    )
    anna, bert = garden.lead("anna"), garden.lead("bert")
    for kind in ("visited", "clicked"):
        hear(garden, anna, kind)
    settle(garden)

    garden.clock.advance(days=days, minutes=-10)
    settle(garden)
    assert garden.runs(anna) == []
    garden.clock.advance(minutes=20)
    settle(garden)

    assert [run.state for run in garden.runs(anna)] == ["active"]
    assert garden.runs(bert) == []
