from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from nurture.rules.messages import body
from nurture.webhooks.payload import Contact, LeadCard, RecentSignal, Ripeness, hot

AT = datetime(2026, 3, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize("letter", ["x", "ü", "😀", '"', "\\", "\x01", "\n"])
def test_a_body_stays_below_20_kilobytes_whatever_people_write(letter: str) -> None:
    long = letter * 5000
    names = {
        "name": long,
        "first_name": long,
        "last_name": long,
        "phone": long,
        "company": long,
        "role": long,
    }
    card = LeadCard(
        1, "https://nurture.example/leads/1", "a@x.example", timezone="UTC", language="de", **names
    )
    reasons = [{"text": long, "points": 1.0}] * 100
    ripeness = Ripeness("hot", 61.5, "A", 72, 60, reasons, {"budget": {"answer": "yes", "source": long}})
    signals = [RecentSignal("clicked", AT, "welcome", {f"{n}{long}": long for n in range(50)})] * 100
    centre = [
        Contact(
            n,
            "https://nurture.example/leads/1",
            long,
            "a@x.example",
            long,
            long,
            "user",
            "hot",
            "A",
            "lead",
            AT,
        )
        for n in range(99)
    ]
    owner = {"id": 1, "name": "Mia", "email": "mia@sales.example"}
    url = "https://nurture.example/answer/x"
    data = hot(1, card, ripeness, source=long, owner=owner, signals=signals, centre=centre, answer_url=url)
    assert len(data["recent_signals"]) == 10
    assert [one["id"] for one in data["buying_centre"]] == list(range(len(data["buying_centre"])))
    assert data["bant"]["budget"] == "yes"
    assert len(body("lead.hot", AT, data)) < 20_000


def test_the_frame_is_type_timestamp_and_data() -> None:
    at = datetime(2026, 3, 3, 11, tzinfo=timezone(timedelta(hours=1)))
    written = body("lead.hot", at, {"name": "Zoë", "amount": Decimal("10.50"), "at": AT})
    assert written.decode() == (
        '{"type":"lead.hot","timestamp":"2026-03-03T10:00:00Z",'
        '"data":{"name":"Zoë","amount":"10.50","at":"2026-03-03T10:00:00Z"}}'
    )


def test_a_value_that_has_no_form_in_json_is_an_error() -> None:
    with pytest.raises(TypeError):
        body("lead.hot", AT, {"what": object()})
