"""Houses with and without demo data, and what is asked of them."""

from datetime import timedelta

from sqlalchemy import Engine, text

from nurture.demo.house import CAMPAIGNS
from nurture.demo.make import carry_out
from nurture.files.yaml_lines import Faults
from nurture.flows import demo as flow
from nurture.flows.models import lay_by, read_models
from nurture.runtime import Runtime
from nurture.store import partitions
from tests.conftest import TUESDAY

# Written about making and removing, and how the ways of sending stand.
_TOLD = (
    "audit_entry",
    "transport_state",
    "transport_health",
    "transport_minute",
    "alembic_version",
    "kept_page",  # what recorders tell each other: the last pages, whoever they were of
)


def furnish(runtime: Runtime) -> Runtime:
    """A house as `up` leaves it: the heat model is there, the months have their partitions."""
    with runtime.sessions.begin() as session:
        partitions.ensure(session, now=TUESDAY - timedelta(days=40))
        for file in read_models(CAMPAIGNS, Faults("campaigns")).values():
            lay_by(session, file, now=TUESDAY)
    return runtime


def made(runtime: Runtime, *, days: int = 24, leads: int = 48) -> Runtime:
    """A small house: 48 leads and two weeks and a half, if nothing else is said."""
    with runtime.sessions.begin() as session:
        flow.ask(session, by="test", now=TUESDAY)
    assert carry_out(runtime, days=days, leads=leads) == "there"
    return runtime


def removed(runtime: Runtime) -> None:
    with runtime.sessions.begin() as session:
        flow.ask_removal(session, by="test", now=TUESDAY)
    assert carry_out(runtime) == "none"


def number(runtime: Runtime, query: str) -> int:
    with runtime.sessions() as session:
        return int(session.execute(text(query)).scalar_one())


def rows_of_every_table(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        tables = connection.execute(
            text(
                "SELECT relname FROM pg_class"
                " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> ALL(:told)"
            ),
            {"told": list(_TOLD)},
        ).scalars()
        counted = {
            name: int(connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one())
            for name in tables
        }
    return {name: n for name, n in counted.items() if n}


def who_they_are(runtime: Runtime) -> list[tuple[object, ...]]:
    with runtime.sessions() as session:
        rows = session.execute(
            text(
                "SELECT l.email, l.temperature, l.stage, l.grade, round(l.readiness::numeric, 3),"
                " round(l.heat_log2::numeric, 3), l.touches_in, l.touches_out, l.created_at,"
                " (SELECT count(*) FROM delivery d WHERE d.lead_id = l.id AND d.opened_at IS NOT NULL)"
                " FROM lead l ORDER BY l.email"
            )
        )
        return [tuple(row) for row in rows]
