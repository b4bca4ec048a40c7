"""A scanner's first clicks do not count, and what had counted is taken back when the picture changes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from nurture.buffers.stream import HitStream
from nurture.errors import Invalid
from nurture.flows.count_clicks import count_clicks
from nurture.flows.overrule import add_pattern, apply_patterns, end_pattern, overrule_hit
from nurture.flows.rate import rate
from nurture.flows.record import record
from nurture.flows.rejudge import rejudge
from nurture.rules import hits
from nurture.rules.hits import OPEN, Hit
from nurture.store.handoffs import Handoff
from nurture.store.heat_buckets import HeatBucket
from nurture.store.leads import Lead
from tests.conftest import TUESDAY
from tests.flows.rated_leads import all_of, publish, strong_lead
from tests.flows.recording import clicked, counts, hit, number_of
from tests.mailed import SENT, Mailing, a_delivery, a_lead, a_mailing

Sessions = sessionmaker[Session]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MINUTE = timedelta(minutes=1)
Serve = Callable[..., None]


@pytest.fixture
def serve(sessions: Sessions, redis_client: Redis, tmp_path: Path) -> Serve:
    """Hits arrive at the moment of the last of them; then every stream is served once."""
    stream = HitStream(redis_client)

    def go(*seen: Hit, stall: timedelta = MINUTE, now: datetime | None = None) -> None:
        at = now or max(one.at for one in seen)
        stream.add([hits.write(one) for one in seen])
        record(sessions, stream, [tmp_path / "spool"], now=at, stall=stall)
        while count_clicks(sessions, now=at) + rejudge(sessions, now=at) + rate(sessions, now=at):
            pass

    return go


def sweep(delivery: int, mailing: Mailing, at: datetime = SENT + timedelta(seconds=43)) -> list[Hit]:
    return [clicked(delivery, mailing, n, at=at + timedelta(milliseconds=300 * n)) for n in range(3)]


def held(db: Session) -> list[str]:
    db.rollback()
    query = """
        SELECT coalesce((SELECT v.verdict FROM signal_verdict v WHERE v.signal_id = h.id
                         ORDER BY v.at DESC LIMIT 1), h.verdict)
        FROM hit h ORDER BY h.id
    """
    return list(db.scalars(text(query)))


def touches(db: Session) -> int:
    db.rollback()
    return int(db.scalar(text("SELECT sum(touches_in) FROM lead")) or 0)


def test_a_persons_click_counts_when_its_minute_is_over(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing, anna = a_mailing(db), a_lead(db)
    delivery = a_delivery(db, mailing, anna)
    serve(hit(delivery, OPEN), clicked(delivery, mailing))
    assert (number_of(db, "signal"), counts(db)) == (1, {"opened": 1})
    serve(now=TUESDAY + MINUTE)
    assert (number_of(db, "signal"), counts(db)) == (2, {"opened": 1, "clicked": 1})
    assert (number_of(db, "stalled_hit"), touches(db)) == (0, 1)


def test_the_first_clicks_of_a_sweep_do_not_count_though_they_came_alone(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    for one in sweep(a_delivery(db, mailing, a_lead(db)), mailing):
        serve(one)
    serve(now=TUESDAY + 2 * MINUTE)
    assert held(db) == ["machine"] * 3
    assert number_of(db, "signal") == number_of(db, "stalled_hit") == 0
    assert counts(db) == {}


def test_without_a_stall_the_first_clicks_of_a_sweep_are_taken_back(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    for one in sweep(a_delivery(db, mailing, a_lead(db)), mailing):
        serve(one, stall=timedelta(0))
    assert held(db) == ["machine"] * 3
    assert number_of(db, "signal") == 1, "nothing is thrown away"
    assert all_of(sessions, HeatBucket) == []
    assert counts(db) == {"clicked": 0}
    assert db.execute(text("SELECT clicked_at FROM delivery")).scalar() is None
    assert touches(db) == 0


def test_a_persons_click_beside_a_sweep_long_before_stays_and_dates_the_first_click(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    for one in sweep(delivery, mailing):
        serve(one, stall=timedelta(0))
    serve(clicked(delivery, mailing, ip="203.0.113.9"), stall=timedelta(0))
    assert held(db) == ["machine"] * 3 + ["human"]
    assert counts(db) == {"clicked": 1}
    assert db.execute(text("SELECT clicked_at FROM delivery")).scalar() == TUESDAY
    assert touches(db) == 1


def test_when_the_twentieth_recipient_is_hit_the_first_nineteen_turn_too(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    deliveries = [a_delivery(db, mailing, a_lead(db, f"lead{n}")) for n in range(20)]
    for n, delivery in enumerate(deliveries):
        serve(clicked(delivery, mailing, at=TUESDAY + timedelta(seconds=2 * n)), stall=timedelta(0))
    assert held(db) == ["machine"] * 20
    assert (counts(db), touches(db)) == ({"clicked": 0}, 0)


def test_a_waiting_hand_off_is_withdrawn_and_a_released_one_revised(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    waiting, released = (strong_lead(sessions, email=f"{name}@example.com") for name in ("ada", "bo"))
    mine = {number: [a_delivery(db, mailing, db.get_one(Lead, number), key=str(n)) for n in range(6)]
            for number in (waiting, released)}  # fmt: skip
    days = [TUESDAY - timedelta(days=n) for n in range(6)]
    db.execute(text("UPDATE delivery SET sent_at = :sent"), {"sent": TUESDAY - timedelta(days=9)})
    db.commit()
    for number, address in ((waiting, "198.51.100.7"), (released, "203.0.113.7")):
        for delivery, day in zip(mine[number], days, strict=True):
            for link in (0, 1):
                at = day + timedelta(seconds=link)
                serve(clicked(delivery, mailing, link, at=at, ip=address), stall=timedelta(0), now=TUESDAY)
    assert [one.state for one in all_of(sessions, Handoff)] == ["waiting", "waiting"]
    db.execute(text("UPDATE handoff SET state = 'released' WHERE lead_id = :id"), {"id": released})
    db.commit()
    for number, address in ((waiting, "198.51.100.7"), (released, "203.0.113.7")):
        for delivery, day in zip(mine[number], days, strict=True):
            last = clicked(delivery, mailing, 2, at=day + timedelta(seconds=1.5), ip=address)
            serve(last, stall=timedelta(0), now=TUESDAY + MINUTE)
    found = {one.lead_id: one for one in all_of(sessions, Handoff)}
    assert found[waiting].state == "withdrawn"
    assert (found[released].state, found[released].revised_at) == ("released", TUESDAY + MINUTE)
    assert all_of(sessions, HeatBucket) == []


def test_a_marketer_overrules_a_machine_and_takes_it_back(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    seen = clicked(delivery, mailing, ua="curl/8.5.0")
    serve(seen)
    assert (held(db), number_of(db, "signal")) == (["machine"], 0)
    for number, (verdict, counted) in enumerate((("human", 1), ("machine", 0), ("human", 1))):
        now = TUESDAY + (number + 1) * MINUTE
        for _twice in range(2):
            with sessions.begin() as session:
                overrule_hit(session, seen.id, verdict, "asked her", by="user:1", now=now)
            serve(now=now)
        assert held(db) == [verdict]
        assert (touches(db), counts(db)["clicked"]) == (counted, counted)
        assert sum(bucket.count for bucket in all_of(sessions, HeatBucket)) == counted
    assert number_of(db, "signal") == 1


def test_what_a_marketer_said_of_a_waiting_click_stands_against_the_rules(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    first, *rest = sweep(a_delivery(db, mailing, a_lead(db)), mailing)
    serve(first)
    with sessions.begin() as session:
        overrule_hit(session, first.id, "human", "her own browser", by="user:1", now=first.at)
    serve(*rest)
    serve(now=TUESDAY)
    assert held(db) == ["human", "machine", "machine"]
    assert (touches(db), counts(db)) == (1, {"clicked": 1})


def test_a_click_before_the_moment_of_acceptance_was_written_down_is_judged_again(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db), state="sending")
    serve(clicked(delivery, mailing))
    assert held(db) == ["machine"]
    db.execute(text("UPDATE delivery SET state = 'sent', sent_at = :at"), {"at": TUESDAY - MINUTE})
    db.commit()
    serve(now=TUESDAY + MINUTE)
    assert (held(db), number_of(db, "signal"), touches(db)) == (["human"], 1, 1)


def test_a_pattern_judges_the_past_and_the_future_until_it_is_ended(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    delivery = a_delivery(db, mailing, a_lead(db))
    stranger = clicked(delivery, mailing, ip="203.0.113.50", at=TUESDAY + MINUTE)
    serve(clicked(delivery, mailing), stranger, stall=timedelta(0))
    with sessions.begin() as session:
        made = add_pattern(session, "ip", "198.51.100.9/24", "machine", "our agency", by="u", now=stranger.at)
    assert apply_patterns(sessions, now=stranger.at, limit=1) + apply_patterns(sessions, now=stranger.at) > 1
    while apply_patterns(sessions, now=stranger.at):
        pass
    serve(clicked(delivery, mailing, at=TUESDAY + 2 * MINUTE), stall=timedelta(0))
    assert (held(db), touches(db)) == (["machine", "human", "machine"], 1)
    with sessions.begin() as session:
        end_pattern(session, made.id, now=TUESDAY + 3 * MINUTE)
    while apply_patterns(sessions, now=TUESDAY + 3 * MINUTE):
        pass
    serve(now=TUESDAY + 4 * MINUTE)
    assert (held(db), touches(db)) == (["human"] * 3, 3)


def test_a_pattern_gives_way_to_what_was_said_of_one_hit(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    seen = clicked(a_delivery(db, mailing, a_lead(db)), mailing)
    serve(seen, stall=timedelta(0))
    with sessions.begin() as session:
        overrule_hit(session, seen.id, "human", "it was me", by="user:1", now=TUESDAY)
        add_pattern(session, "user_agent", "chrome/", "machine", "a robot here", by="user:1", now=TUESDAY)
    while apply_patterns(sessions, now=TUESDAY):
        pass
    assert held(db) == ["human"]


@pytest.mark.parametrize(("field", "pattern"), [("ip", "0.0.0.0/0"), ("ip", "here"), ("user_agent", " a ")])
def test_a_pattern_that_would_meet_everybody_is_refused(db: Session, field: str, pattern: str) -> None:
    with pytest.raises(Invalid):
        add_pattern(db, field, pattern, "machine", "oops", by="user:1", now=TUESDAY)


def test_whoever_follows_a_trap_takes_his_other_clicks_with_him_but_not_the_readers(
    db: Session, sessions: Sessions, serve: Serve
) -> None:
    publish(sessions)
    mailing = a_mailing(db)
    db.execute(text("UPDATE link SET label = '#trap' WHERE id = :id"), {"id": mailing.link_ids[2]})
    db.commit()
    delivery = a_delivery(db, mailing, a_lead(db))
    serve(clicked(delivery, mailing, 0), stall=timedelta(0))
    reader = {"ip": "203.0.113.4", "ua": FIREFOX}
    serve(clicked(delivery, mailing, 1, at=TUESDAY + 2 * MINUTE, **reader), stall=timedelta(0))
    serve(clicked(delivery, mailing, 2, at=TUESDAY + 3 * MINUTE), stall=timedelta(0))
    assert held(db) == ["machine", "human", "machine"]
    assert touches(db) == 1
