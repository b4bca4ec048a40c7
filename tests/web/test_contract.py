"""What the API says of itself holds: schemathesis calls every operation, rightly and wrongly.

Longer, on a house of its own: `python -m tests.web.contract --examples 100`."""

from flask import Flask

from nurture.runtime import Runtime
from tests.web.contract import findings, furnish


def test_every_answer_of_the_api_is_one_that_its_description_knows(app: Flask, runtime: Runtime) -> None:
    caller = furnish(app, runtime)
    found = {name: what for name, what in findings(app, caller, examples=2) if what}
    assert found == {}, "\n\n".join(f"{name}: {what}" for name, many in found.items() for what in many)
