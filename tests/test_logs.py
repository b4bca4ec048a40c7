"""What goes wrong is logged without what people typed."""

import subprocess
import sys
import textwrap

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from nurture.cli.logs import masked
from nurture.embedded.throwaway import Throwaway


def test_a_traceback_in_the_log_shows_no_local_variables() -> None:
    program = textwrap.dedent(
        """
        import structlog
        from nurture.cli.logs import configure
        configure()
        def sign_in(password, address):
            raise ValueError("no")
        try:
            sign_in("hunter2", "katrin@kessler.example")
        except ValueError as fault:
            structlog.get_logger().error("sign_in.failed", exc_info=fault)
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "sign_in.failed" in ended.stderr
    assert "ValueError" in ended.stderr
    # The source line itself may be shown; the values of its variables may not.
    assert '"locals"' not in ended.stderr
    assert "'password'" not in ended.stderr.replace('"hunter2"', "")
    assert ended.stdout == ""


def test_no_fault_names_a_person_whoever_logs_it() -> None:
    program = textwrap.dedent(
        """
        import logging
        import structlog
        from nurture.cli.logs import configure
        configure()
        said = "550 5.1.1 <katrin.vogel@kessler.example>: no such user"
        structlog.get_logger().warning("deliver.held", sentence=said)
        logging.getLogger("some.library").error("job failed: %s", said)
        try:
            raise ValueError(said)
        except ValueError as fault:
            structlog.get_logger().error("stream.failed", exc_info=fault)
            logging.getLogger("some.library").error("broken", exc_info=fault)
        """
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stderr.count("no such user") == 4
    assert "kessler" not in ended.stderr and "katrin" not in ended.stderr


def test_what_the_database_quotes_of_a_refused_row_is_left_out(engine: Engine, servers: Throwaway) -> None:
    row = (
        "INSERT INTO lead (email, email_norm, stage_since, temperature_since, created_at, updated_at)"
        " VALUES ('a', :email, now(), now(), now(), now())"
    )
    katrin = {"email": "katrin.vogel@kessler.example"}
    with engine.begin() as connection:
        connection.execute(text(row), katrin)
    with pytest.raises(IntegrityError) as refused, engine.begin() as connection:
        connection.execute(text(row), katrin)
    assert "Key (email_norm)=(...) already exists" in masked(str(refused.value))
    kept = servers.postgres.log.read_text()
    assert "duplicate key" in kept
    assert "katrin.vogel" not in kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Key (phone_norm)=(+495615550101) already exists.", "Key (phone_norm)=(...) already exists."),
        ("Failing row contains (7, Katrin, Vogel (sales)).", "Failing row contains (...)."),
        (
            "COPY staged, line 3, column phone: +49 561\\nmore",
            "COPY staged, line 3, column phone: ...\\nmore",
        ),
        ("postgresql://nurture@/nurture is away", "postgresql://nurture@/nurture is away"),
    ],
)
def test_values_go_and_places_stay(said: str, kept: str) -> None:
    assert masked(said) == kept
