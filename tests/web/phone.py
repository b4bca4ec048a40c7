"""The phone that shows the codes of the second factor."""

import re
from datetime import timedelta

from flask.testing import FlaskClient
from pyotp import TOTP

from tests.clock import StandingClock
from tests.web.people import post


class Phone:
    """What shows the codes."""

    def __init__(self, secret: str, watch: StandingClock) -> None:
        self._totp = TOTP(secret)
        self._watch = watch

    def code(self, later: int = 0) -> str:
        return self._totp.at(self._watch.moment + timedelta(seconds=later))


def set_up(client: FlaskClient, watch: StandingClock) -> tuple[Phone, list[str]]:
    """The phone and the recovery codes of who is signed in, set up through the pages."""
    post(client, "/account/second-factor/begin")
    page = client.get("/account/second-factor").text
    found = re.search(r'<code class="key">([A-Z2-7]{32})</code>', page)
    assert found and re.search(r'<svg viewBox="0 0 \d+ \d+" class="segno">', page), "drawn whole at any size"
    phone = Phone(found[1], watch)
    answer = post(client, "/account/second-factor/confirm", code=phone.code())
    assert answer.status_code == 200
    return phone, re.findall(r"(?:[a-z2-7]{4}-){3}[a-z2-7]{4}", answer.text)
