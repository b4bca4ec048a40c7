"""Leases of those who died."""

from sqlalchemy import text

from tests.flows.mailroom import Mailroom


def let_leases_run_out(room: Mailroom, seconds: int = 1) -> None:
    with room.sessions.begin() as session:
        session.execute(
            text("""
                UPDATE delivery SET lease_until = clock_timestamp() - make_interval(secs => :s)
                WHERE lease_until IS NOT NULL
            """),
            {"s": seconds},
        )
