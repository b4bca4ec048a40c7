"""Leads whose outcomes teach."""

import random
from typing import Any

import numpy as np

from nurture.rules.target.columns import Matrix


def school(seed: int, many: int = 4_000) -> tuple[list[dict[str, Any]], Matrix]:
    """Leads of an invented school, as its website and its forms know them."""
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    won = []
    for _number in range(many):
        minutes = 0.0 if chance.random() < 0.25 else round(chance.gammavariate(0.8, 12), 1)
        row: dict[str, Any] = {
            "minutes": minutes,
            "pages": 250 if chance.random() < 0.002 else int(chance.lognormvariate(1, 0.6)) * (minutes > 0),
            "origin": chance.choices(["api", "page", "form", "import"], [39, 53, 7, 1])[0],
            "job": chance.choices(["none", "works", "studies", "Select", None], [55, 8, 3, 5, 29])[0],
            "city": f"city {min(int(chance.expovariate(0.1)), 60)}",
            "constant": "no",
            "number": len(rows),
        }
        odds = (
            -2.3 + minutes / 11 + {"form": 3.0}.get(row["origin"], 0.0) + {"works": 2.2}.get(row["job"], 0.0)
        )
        odds -= 1.2 * (row["job"] is None)
        rows.append(row)
        won.append(float(chance.random() < 1 / (1 + np.exp(-odds))))
    return rows, np.array(won)
