"""Every page opens on an empty installation."""

import pytest

from tests.web.conftest import SignIn

PAGES = (
    "/",
    "/leads",
    "/imports",
    "/programs",
    "/handoffs",
    "/handoffs?show=closed",
    "/deliveries",
    "/deliveries?state=sent&program=1&mail=1&since=2026-03-01&until=2026-03-03",
    "/calendar",
    "/models",
    "/settings/demo",
    "/sending/now",
    "/webhooks",
    "/webhooks/messages",
    "/settings",
    "/settings/users",
    "/settings/keys",
    "/settings/users/1",
    "/settings/audit",
    "/settings/jobs",
    "/settings/mail",
    "/mails/test",
    "/account/second-factor",
    "/account/confirm",
    "/account",
)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_opens_before_anything_has_happened(sign_in: SignIn, address: str) -> None:
    answer = sign_in("admin").get(address)
    assert answer.status_code == 200, answer.text[:500]
    assert "Kessler" not in answer.headers.get("Location", "")
