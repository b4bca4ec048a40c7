"""The bar for reading what comes back, measured on a set of our own writing."""

from nurture.mail.inbound import HARD, SOFT, read_report
from tests.mail.inbound.gate import gate

BOUNCES = (HARD, SOFT)


LEAST = {"hard": 200, "soft": 250, "autoreply": 20, "reply": 8, "ignore": 3, "unknown": 2}


def test_the_set_holds_every_class_in_number() -> None:
    kinds = [shape.kind for shape in gate()]
    assert [kind for kind, least in LEAST.items() if kinds.count(kind) < least] == []


def test_what_comes_back_is_found_and_rightly_called_hard_or_soft() -> None:
    read = [(shape, read_report(shape.raw)) for shape in gate()]
    bounces = [(shape, report) for shape, report in read if shape.kind in BOUNCES]
    softs = [(shape, report) for shape, report in bounces if shape.kind == SOFT]
    found = sum(report.kind in BOUNCES for _shape, report in bounces) / len(bounces)
    right = sum(report.kind == shape.kind for shape, report in bounces) / len(bounces)
    too_hard = [shape.name for shape, report in softs if report.kind == HARD]
    wrong = [(shape.name, shape.kind, report.kind) for shape, report in bounces if report.kind != shape.kind]
    assert found >= 0.97, wrong
    assert right >= 0.95, wrong
    assert len(too_hard) / len(softs) <= 0.005, too_hard


def test_people_are_never_taken_for_machines_nor_machines_for_people() -> None:
    others = [shape for shape in gate() if shape.kind not in BOUNCES]
    wrong = {shape.name: read_report(shape.raw).kind for shape in others}
    assert wrong == {shape.name: shape.kind for shape in others}
