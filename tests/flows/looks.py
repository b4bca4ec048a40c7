"""Looks at pages, as the script of a website tells them."""

import json
import os
from datetime import datetime
from typing import Any

from nurture.rules.ids import millis_of, uuid7
from nurture.rules.tokens import KeyRing
from nurture.rules.visits import Visit, told
from tests.conftest import TUESDAY

RING = KeyRing((b"a signing key of thirty-two bytes.",))

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

LAPTOP, PHONE = "1" * 32, "2" * 32


def look(path: str = "/pumps", *, at: datetime = TUESDAY, ua: str = FIREFOX, **more: Any) -> Visit:
    """What the script of a page sends, read at the door."""
    body = {"u": f"https://shop.example{path}", "t": "Pumps", "i": os.urandom(16).hex(), **more}
    number = uuid7(millis_of(at), os.urandom(10))
    return told(json.dumps(body).encode(), number=number, ua=ua, ring=RING, now=at)
