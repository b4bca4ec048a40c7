"""The bars of reading what comes back, held on every set of whole reports by itself."""

import pytest

from nurture.mail.inbound import HARD, SOFT, read_report
from tests.mail.inbound.shapes import ANN, Shape
from tests.mail.inbound.whole_reports import SINGLE, WHOLE, refusals, whole_reports

BOUNCES = (HARD, SOFT)
SETS = {name: whole_reports(name) for name in WHOLE} | {name: refusals(name) for name in SINGLE}


@pytest.mark.parametrize("name", SETS)
def test_every_set_is_read_within_the_bars(name: str) -> None:
    bounces = [(shape, read_report(shape.raw).kind) for shape in SETS[name] if shape.kind in BOUNCES]
    softs = [one for one in bounces if one[0].kind == SOFT]
    wrong = [(shape.name, shape.kind, kind) for shape, kind in bounces if kind != shape.kind]
    assert len([one for one in wrong if one[2] not in BOUNCES]) <= 0.03 * len(bounces), wrong
    assert len(wrong) <= 0.05 * len(bounces), wrong
    assert len([one for one in wrong if one[1:] == (SOFT, HARD)]) <= 0.005 * len(softs), wrong


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_no_bounce_is_read_for_what_it_is(name: str) -> None:
    others = [shape for shape in SETS[name] if shape.kind not in BOUNCES]
    assert {one.name: read_report(one.raw).kind for one in others} == {one.name: one.kind for one in others}


@pytest.mark.parametrize("name", WHOLE)
def test_the_address_that_failed_is_named(name: str) -> None:
    told = [shape for shape in SETS[name] if shape.kind in BOUNCES and f"<{ANN}>".encode() in shape.raw]
    unnamed = [shape.name for shape in told if not _names(shape)]
    assert len(unnamed) <= 0.02 * len(told), unnamed


def test_of_several_recipients_each_is_told_apart() -> None:
    several = [shape for name in WHOLE for shape in SETS[name] if shape.named]
    assert len(several) >= 3
    for shape in several:
        assert {one.address: one.kind for one in read_report(shape.raw).recipients} == shape.named, shape.name


def _names(shape: Shape) -> bool:
    return any("@" in one.address for one in read_report(shape.raw).recipients)
