"""Two who make the same at the same moment: the later one is told so, and nothing falls."""

import threading
import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from tests.web.api_caller import Caller, api, app, caller, problem

__all__ = ["api", "app", "caller"]

_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO %'"


def while_somebody_makes_it(
    sessions: sessionmaker[Session], statement: str, call: Callable[[], TestResponse]
) -> TestResponse:
    """What is answered to a call that begins before what the statement makes is kept, and ends after it."""
    answers: list[TestResponse] = []
    with sessions() as first, sessions() as watch:
        first.execute(text(statement))
        thread = threading.Thread(target=lambda: answers.append(call()))
        thread.start()
        while not watch.scalar(text(_WAITS)) and thread.is_alive():
            watch.rollback()
            time.sleep(0.01)
        first.commit()
        thread.join()
    return answers[0]


def test_the_later_of_two_who_make_the_same_source_is_told_so(
    api: Caller, sessions: sessionmaker[Session]
) -> None:
    made = api.post("/sources", json={"name": "Partners"})
    assert made.status_code == 201
    same = (
        "INSERT INTO source (name, kind, targeted, created_at) SELECT 'Fair', kind, targeted, created_at"
        " FROM source WHERE name = 'Partners'"
    )
    answer = while_somebody_makes_it(sessions, same, lambda: api.post("/sources", json={"name": "Fair"}))
    assert "at this very moment" in problem(answer, 409)["detail"]
    assert api.get("/sources").status_code == 200
