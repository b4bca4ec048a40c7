"""The simulator and the engine, given the same program, leads and deeds, agree mail for mail.

The engine runs on its tables: rating, hand-over, chains, delivery over SMTP, at every instant at which
something is due. The simulator runs in memory. Programs, capacities and what people do are generated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import sessionmaker

from nurture.embedded.throwaway import Throwaway
from nurture.flows.simulate.people import people_of
from nurture.flows.simulate.world import capacity_of, world_of
from nurture.mail.smtp import Mailer
from nurture.rules.program import ProgramFault, read
from nurture.rules.simulation.course import Course
from nurture.rules.simulation.habits import Habits, Rates, SalesHabits
from nurture.runtime import make_engine
from tests.conftest import TUESDAY
from tests.flows.mailroom import PEPPER, Mailroom, mailer
from tests.flows.stage import Stage
from tests.mail.scripted_smtp import ScriptedSmtp

MODEL = """
model: default
half_life: 14d
signals:
  opened: {weight: 2, cap: 2}
  clicked: {weight: 12, cap: 3}
  replied: {weight: 20, floor: warm, floor_for: 5d}
  finished: {weight: 9}
  meeting_requested: {weight: 40, floor: hot}
  meeting_booked: {weight: 40, floor: hot}
  unsubscribed: {weight: -100}
temperature: {warm: {rise: 12, fall: 8}, hot: {rise: 30, fall: 20}}
scorecard:
  grades: {A: 60, B: 30}
  rules: [{when: {field: role, contains: head}, points: 40, text: "a say"}]
readiness:
  rise: 45
  fall: 30
  parts: {need: 25, activity: 35, data: 20, bant: 20}
  require: {temperature: hot}
  always: [{signal: meeting_requested, within: 7d}]
"""
MAILS = ["one", "two", "three", "four"]
DAYS = 30
OFFICE = {"days": "mon-fri", "from": "09:00", "to": "18:00", "holidays": "DE"}


class Notes:
    """What a simulation told."""

    def __init__(self) -> None:
        self.mails: list[tuple[int, datetime, str]] = []
        self.temperatures: list[tuple[int, datetime, str]] = []
        self.lines: list[str] = []

    def note(self, lead: Any, at: datetime, what: str, **detail: Any) -> None:
        self.lines.append(f"{lead.no} {at:%m-%d %H:%M:%S} {what} {detail}")
        if what == "sent":
            self.mails.append((lead.no, at, detail["step"]))
        if what == "temperature":
            self.temperatures.append((lead.no, at, detail["new"]))

    def steps(self, *_arguments: object) -> None:
        pass


durations = st.sampled_from(["30m", "2h", "1d", "3d", "5d"])
conditions = st.sampled_from(
    [
        {"signal": "clicked", "within": "5d"},
        {"signal": "opened", "at_least": 2},
        {"field": "role", "contains": "head"},
        {"tag": "keen"},
        {"temperature": ["warm", "hot"]},
        {"field": "interest", "exists": True},
        {"touches": True, "gte": 3},
        {"not": {"signal": "opened"}},
    ]
)
sends = st.builds(lambda mail, now: {"send": mail, "immediate": now}, st.sampled_from(MAILS), st.booleans())
waits = st.one_of(
    st.builds(lambda span: {"wait": span}, durations),
    st.just({"wait_until": {"weekday": ["tue", "thu"], "at": "10:00"}}),
)
acts = st.sampled_from(
    [
        {"tag": ["keen"]},
        {"set": {"field": "interest", "to": "pricing"}},
        {"signal": {"kind": "finished"}},
        {"hand_over": {}},
        {"goto": {"chain": "warm"}},
        {"exit": "done"},
        {"holdout": 20},
    ]
)


def inside(steps: Any) -> Any:
    block = st.lists(steps, max_size=2)
    return st.one_of(
        st.builds(
            lambda kind, mail, span, then, other: {
                "wait_for": {"signal": kind, "within": span} | ({"mail": mail} if mail else {}),
                "then": then,
                "else": other,
            },
            st.sampled_from(["opened", "clicked"]),
            st.sampled_from([None, *MAILS]),
            durations,
            block,
            block,
        ),
        st.builds(
            lambda when, one, other: {
                "branch": [{"when": when, "steps": one}, {"else": True, "steps": other}]
            },
            conditions,
            block,
            block,
        ),
        st.builds(
            lambda one, other: {
                "split": {"name": "test", "weights": {"a": 60, "b": 40}},
                "a": one,
                "b": other,
            },
            block,
            block,
        ),
    )


steps = st.lists(
    st.one_of(sends, sends, waits, waits, acts, inside(st.one_of(sends, waits, acts))), max_size=7
)


@st.composite
def programs(draw: Any) -> dict[str, Any]:
    head: dict[str, Any] = {
        "program": "stage",
        "name": "On the stage",
        "timezone": "Europe/Berlin",
        "on_warm": draw(st.sampled_from(["resume", "restart", "rest"])),
        "on_cool": draw(st.sampled_from(["resume", "restart", "rest"])),
        "after_end": draw(st.sampled_from(["repeat", "newsletter_only", "exit"])),
        "while_with_sales": draw(st.sampled_from(["pause", "go_on"])),
        "goal": {"when": {"stage": "opportunity"}},
        "exit_on": draw(st.sampled_from([["reply"], ["reply", "hand_over"]])),
    }
    if draw(st.booleans()):
        head["window"] = OFFICE
    if draw(st.booleans()):
        head["frequency"] = {
            "max": draw(st.integers(1, 3)),
            "per": "5d",
            "over": draw(st.sampled_from(["defer", "skip"])),
        }
    head["chains"] = {
        name: {
            "enter": {"when": {"all": [{"temperature": name}, {"consent": "marketing"}]}},
            "steps": _keyed(draw(steps), name),
        }
        | ({"reentry": {"after": "6d"}} if draw(st.booleans()) else {})
        for name in ("cold", "warm", "hot")
    }
    return head


def _keyed(found: list[dict[str, Any]], chain: str, at: str = "") -> list[dict[str, Any]]:
    """The steps with a key each; a chain does not go to itself."""
    kept = []
    for no, step in enumerate(found):
        if step.get("goto", {}) == {"chain": chain}:
            continue
        new = dict(step) | {"key": f"{chain}{at}-{no}"}
        for name in ("then", "else", "a", "b"):
            if isinstance(new.get(name), list):
                new[name] = _keyed(new[name], chain, f"{at}-{no}{name[0]}")
        if "branch" in new:
            new["branch"] = [
                arm | {"steps": _keyed(arm["steps"], chain, f"{at}-{no}{place}")}
                for place, arm in enumerate(new["branch"])
            ]
        kept.append(new)
    return kept


class Theatre:
    """A new house for each play: the ledger of consent cannot be emptied."""

    def __init__(self, servers: Throwaway, template: str, folder: Path, mail: Mailer) -> None:
        self.servers, self.template, self.folder, self.mail = servers, template, folder, mail
        self.played = 0

    @contextmanager
    def stage(self) -> Iterator[Stage]:
        self.played += 1
        name = f"stage_{self.played}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        engine = make_engine(str(self._url(name)), pool=4)
        room = Mailroom(sessionmaker(engine, expire_on_commit=False), self.folder / name, self.mail, TUESDAY)
        try:
            stage = Stage(room.sessions, room, TUESDAY)
            stage.model(MODEL)
            yield stage
        finally:
            room.outbox.close()
            engine.dispose()
            self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _url(self, name: str) -> str:
        url = make_url(self.servers.database_url).set(database=name)
        return url.render_as_string(hide_password=False)

    def _do(self, statement: str) -> None:
        engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@pytest.fixture
def theatre(servers: Throwaway, template: str, tmp_path: Path) -> Iterator[Theatre]:
    with ScriptedSmtp() as server:
        mail = mailer(server.url)
        yield Theatre(servers, template, tmp_path, mail)
        mail.close()


habits = st.builds(
    lambda seed, click, accepts: Habits(
        seed,
        Rates(opened=0.6, clicked=click, replied=0.05, asked=0.03, unsubscribed=0.03),
        sales=SalesHabits(
            accepts=accepts, after=timedelta(hours=5), meets=0.5, meets_after=timedelta(days=3)
        ),
        uneven=0.5,
    ),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.3, 0.7]),
    st.sampled_from([0.0, 0.6]),
)


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
)
@given(spec=programs(), behaviour=habits, per_day=st.sampled_from([None, 1]))
def test_the_simulator_and_the_engine_agree_mail_for_mail(
    theatre: Theatre, spec: dict[str, Any], behaviour: Habits, per_day: int | None
) -> None:
    try:
        read(spec)
    except ProgramFault:
        assume(False)
    with theatre.stage() as stage:
        _compare(stage, theatre.folder, spec, behaviour, per_day)


def _compare(
    stage: Stage, folder: Any, spec: dict[str, Any], behaviour: Habits, per_day: int | None
) -> Notes:
    stage.capacity(per_day)
    program_id = stage.publish(folder / "campaign", spec, MAILS)
    zones = ["Europe/Berlin", "America/New_York", None]
    lead_ids = [
        stage.room.lead(f"Lead{no}", role="Head of buying" if no % 2 else "Clerk", timezone=zones[no % 3])
        for no in range(6)
    ]
    stage.come(lead_ids)
    end = TUESDAY + timedelta(days=DAYS)
    notes = Notes()
    with stage.sessions() as session:
        world = world_of(session, read(spec))
        people = people_of(session, program_id, world, lead_ids, PEPPER, now=TUESDAY)
        course = Course(world, people, behaviour, capacity_of(session), notes, start=TUESDAY, end=end)
    course.run()
    stage.play(behaviour, end)
    assert sorted(notes.mails) == stage.mails()
    assert sorted(notes.temperatures) == stage.temperatures()
    handed = [*course.desk.all]
    assert (
        sorted((one.lead.no, one.ready_at, one.cause, one.released_at) for one in handed) == stage.handoffs()
    )
    stands = [
        (lead.no, run.temperature, run.standing.resting or run.state, run.step or "")
        for lead in course.leads
        for run in lead.runs
    ]
    assert sorted(stands) == stage.stands()
    return notes
