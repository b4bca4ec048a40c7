"""Milliseconds until a page of a list is there, with 200,000 leads and 2,000,000 signals.

Every filter of the list of leads with every order, alone and together, the search by fragments of names,
companies and addresses, second pages; then every other list. Each page is asked of the whole application
(session, access, statements, rendering), as a person who is signed in. The figure is the 95th percentile
over all pages of the list of leads, with the slowest beside it; the bound is the same for a page that reads
one row.
"""

import math
import tempfile
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from sqlalchemy.orm import sessionmaker

from bench import _base, _rooms
from nurture.app import create_app
from nurture.config import Settings, load_settings
from nurture.embedded.servers import servers
from nurture.flows.keep_forecast import keep_forecast
from nurture.flows.lead_figures import keep_lead_figures
from nurture.flows.users import create_user
from nurture.migrations import upgrade
from nurture.runtime import Runtime, build, make_engine
from nurture.store.lead_list import SORTS

FIGURE = ("page_leads_ms", "page_lists_ms")
SIZES = {"small": (200_000, 2_000_000), "full": (1_000_000, 10_000_000)}
EMAIL, PASSWORD = "mira@kessler-ohm.example", "nine months of stock"
FILTERS: tuple[dict[str, str], ...] = (
    {},
    *({"temperature": name} for name in ("cold", "warm", "hot")),
    *({"grade": name} for name in ("A", "C")),
    *({"stage": name} for name in ("lead", "lost")),
    *({"source": name} for name in ("Source 1", "Source 39", "Nowhere")),
    *({"tag": name} for name in ("machinery", "fair", "board", "none")),
    *({"segment": name} for name in ("segment-1", "segment-7", "segment-10")),
    *({"owner": name} for name in ("nobody", "3", "99")),
    {"held": "1"},
    *(
        {"q": word}
        for word in ("katrin", "vogel1", "gmbh", "nix da", "ka", "k", "qx", "firm77.example", "+4930100")
    ),
    {"temperature": "cold", "stage": "customer", "grade": "A"},
    {"tag": "machinery", "temperature": "hot", "stage": "inquiry"},
    {"segment": "segment-7", "tag": "fair", "q": "weber"},
    {"q": "katrin", "temperature": "hot", "grade": "A", "source": "Source 2"},
)
LISTS = (
    "/sources", "/tags", "/fields", "/segments", "/deliveries", "/deliveries?state=failed",
    "/deliveries?state=uncertain", "/deliveries?state=deferred", "/deliveries?state=sending",
    "/deliveries?purpose=chain",
    "/handoffs", "/handoffs?state=won", "/newsletters", "/imports", "/webhooks", "/webhooks/messages",
    "/programs", "/programs/1", "/programs/1/plan", "/programs/1/edit", "/programs/1/edit/canvas",
    "/programs/1/versions", "/programs/1/simulations", "/programs/1/statistics",
    "/programs/1/statistics?days=all", "/chains/1", "/chains/1/statistics", "/chains/1/statistics?days=all",
    "/calendar", "/models", "/models/potential", "/models/readiness",
    "/models/approvals", "/models/target", "/leads/200", "/leads/200/why", "/duplicates",
    "/leads/200/merge?other=201", "/companies", "/companies?q=pumpen", "/companies?temperature=cold",
    "/companies/200", "/events", "/events/5", "/events/5/check-in", "/forms", "/forms/1", "/webhooks/1",
    "/settings/audit", "/settings/users", "/settings/jobs", "/settings/sales", "/settings/senders",
    "/settings/transports",
    "/settings/domains", "/settings/inbound", "/settings/machines", "/settings/restraint",
    "/settings/website", "/settings/keys", "/imports/activities", "/mails/test", "/",
)  # fmt: skip
_ROUNDS = 3


def run(scale: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    leads, signals = SIZES[scale]
    with (
        tempfile.TemporaryDirectory(prefix="nurture-bench-") as folder,
        servers(settings := _settings(folder)) as addresses,
    ):
        engine = make_engine(addresses.database_url, pool=2)
        upgrade(engine)
        began = time.monotonic()
        steps = _base.make(engine, leads=leads, signals=signals)
        _rooms.furnish(engine, leads=leads, steps=steps)
        say(f"  {leads:,} leads and {signals:,} signals made in {time.monotonic() - began:.0f} s")
        with sessionmaker(engine).begin() as session:
            create_user(session, EMAIL, "admin", PASSWORD, name="Mira", now=_base.NOW)
        # What the long jobs of a running house keep every minute.
        keep_lead_figures(sessionmaker(engine), now=_base.NOW)
        keep_forecast(sessionmaker(engine), now=_base.NOW)
        engine.dispose()
        runtime = build(settings, addresses)
        try:
            return list(_measure(runtime, say))
        finally:
            runtime.close()


def _settings(folder: str) -> Settings:
    """The clock stands where the made base does, so that what is due in two weeks is."""
    said = {"NURTURE_HOME": folder, "NURTURE_LIVE": "1", "NURTURE_CLOCK_START": _base.NOW.isoformat()}
    return load_settings(said)


def _measure(runtime: Runtime, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    client = _signed_in(runtime)
    bound = median(_timed(client, "/account") for _turn in range(20))
    pages = {address: _best(client, address) for address in _of_leads(client)}
    for address in sorted(pages, key=lambda one: -pages[one])[:5]:
        say(f"  {pages[address]:6.1f} ms  {address}")
    lists = {address: _best(client, address) for address in LISTS}
    for address in sorted(lists, key=lambda one: -lists[one]):
        say(f"  {lists[address]:6.1f} ms  {address}")
    for figure, found in zip(FIGURE, (pages, lists), strict=True):
        value = _percentile(list(found.values()), 0.95)
        most = max(found.values())
        say(
            f"  {figure}: {len(found)} addresses, p50 {median(found.values()):.1f} ms, p95 {value:.1f} ms,"
            f" at most {most:.1f} ms"
        )
        yield {
            "figure": figure,
            "value": round(value, 1),
            "most": round(most, 1),
            "unit": "ms",
            "bound": round(bound, 1),
            "bound_name": "a page of one row",
            "ratio": round(bound / value, 3),
        }


def _signed_in(runtime: Runtime) -> FlaskClient:
    app = create_app(runtime)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    if answer.status_code != 302:
        raise SystemExit(f"signing in answered {answer.status_code}")
    return client


def _of_leads(client: FlaskClient) -> Iterator[str]:
    """Every filter with every order, both ways, and the second page where there is one."""
    for asked in FILTERS:
        for name in SORTS:
            for sign in ("", "-"):
                address = "/leads?" + urlencode({**asked, "sort": sign + name, "view": "all"})
                yield address
                if (later := _next(client.get(address).text)) is not None:
                    yield later


def _next(page: str) -> str | None:
    """The address of the next page, as the page itself says it."""
    before, mark, _rest = page.partition('" rel="next"')
    return before.rpartition('href="')[2].replace("&amp;", "&") if mark else None


def _best(client: FlaskClient, address: str) -> float:
    """The middle of a few times: a shared machine adds what is not the page's."""
    return median(_timed(client, address) for _turn in range(_ROUNDS))


def _timed(client: FlaskClient, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answered {answer.status_code}")
    return (time.perf_counter() - began) * 1000


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[max(math.ceil(len(values) * share) - 1, 0)]
