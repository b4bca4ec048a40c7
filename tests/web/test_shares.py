"""Shares as they are shown: a few of very many are not none, and nearly all are not all."""

import pytest
from flask import Flask

from nurture.web.admin.statistics_words import rate
from nurture.web.rendering import share


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 9, "0%"), (1, 1000, "< 1%"), (5, 1000, "< 1%"), (6, 1000, "1%"), (994, 1000, "99%"),
     (995, 1000, "> 99%"), (1000, 1000, "100%"), (3, 2, "150%"), (0, 0, "–")],
)  # fmt: skip
def test_a_share_never_rounds_to_none_or_all(app: Flask, part: int, whole: int, shown: str) -> None:
    with app.test_request_context():
        assert share(part, whole) == shown.replace(" ", "\u00a0")


def test_a_rate_never_rounds_to_none(app: Flask) -> None:
    with app.test_request_context():
        assert [rate(one) for one in (0, 0.0004, 0.0006)] == ["0.0%", "<\u00a00.1%", "0.1%"]
