"""Every page opens on an empty installation."""

import pytest

from tests.web.conftest import SignIn
from tests.web.pages import PAGES


@pytest.mark.parametrize("address", PAGES)
def test_a_page_opens_before_anything_has_happened(sign_in: SignIn, address: str) -> None:
    answer = sign_in("admin").get(address)
    assert answer.status_code == 200, answer.text[:500]
    assert "Kessler" not in answer.headers.get("Location", "")
