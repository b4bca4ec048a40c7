"""Recorders that die in the middle: a child kills itself at any line of a file."""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from redis import Redis
from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker

from nurture.buffers.stream import HitStream
from nurture.flows import record as story
from nurture.flows.record import record
from tests.conftest import TUESDAY


def dies_at_line(
    number: int, database_url: str, redis_url: str, folder: Path, *, of: ModuleType = story
) -> bool:
    """Record in a child that kills itself at the given line of a file; whether it lived to the end."""
    child = os.fork()
    if child == 0:
        passed = 0

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal passed
            if frame.f_code.co_filename != of.__file__:
                return None
            passed += event == "line"
            if passed > number:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        try:
            own = sessionmaker(create_engine(database_url, connect_args={"application_name": "doomed"}))
            own_stream = HitStream(Redis.from_url(redis_url))
            sys.settrace(trace)
            record(own, own_stream, [folder], now=TUESDAY)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    wait_until_gone(database_url)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFEXITED(status)


def wait_until_gone(database_url: str) -> None:
    """Until the server has seen that its client is dead and has let go of what it held."""
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    there = text("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'doomed')")
    with engine.connect() as connection:
        while connection.scalar(there):
            time.sleep(0.01)
    engine.dispose()
