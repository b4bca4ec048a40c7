"""The model that tests of rules stand on: the figures of the contract, nothing else."""

from typing import Any

from nurture.rules.model import HeatModel, read

RAW: dict[str, Any] = {
    "model": "default",
    "half_life": "21d",
    "signals": {
        "opened": {"weight": 1, "cap": 2},
        "clicked": {"weight": 10, "cap": 3},
        "replied": {"weight": 25, "floor": "warm"},
        "event_attended": {"weight": 25, "floor": "warm", "floor_for": "30d"},
        "feedback": [
            {"when": {"field": "data.rating", "gte": 5}, "weight": 30, "floor": "hot"},
            {"when": {"field": "data.rating", "lte": 2}, "weight": -10},
        ],
        "event_no_show": {"weight": -5},
        "unsubscribed": {"weight": -100},
        "meeting_requested": {"weight": 50, "floor": "hot"},
    },
    "temperature": {"warm": {"rise": 20, "fall": 12}, "hot": {"rise": 50, "fall": 35}},
    "scorecard": {
        "grades": {"A": 60, "B": 30},
        "rules": [
            {"when": {"field": "company.size", "gte": 50}, "points": 30, "text": "company of 50 or more"},
            {"when": {"field": "role", "contains": "head"}, "points": 30, "text": "head of something"},
            {"when": {"field": "country", "ne": "DE"}, "points": -10, "text": "abroad"},
        ],
    },
    "readiness": {
        "rise": 60,
        "fall": 45,
        "parts": {"need": 25, "activity": 35, "data": 20, "bant": 20},
        "require": {"temperature": "hot", "grade": "B"},
        "always": [{"bant": "all"}, {"signal": "meeting_requested", "within": "7d"}],
    },
}


def contract_model() -> HeatModel:
    return read(RAW)
