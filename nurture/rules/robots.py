"""Who was behind a hit: a person, a machine, or a proxy that opens mail on everyone's behalf.

No single fact decides it: link scanners come with a browser's User-Agent from rented addresses. So each
hit is judged by what it says, when it came and what came around it (rules/surroundings), and every verdict
carries reasons.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from nurture.rules import user_agents
from nurture.rules.hits import CLICK, OPEN, Hit
from nurture.rules.signs import MANY_RECIPIENTS

HUMAN = "human"
MACHINE = "machine"
PRIVACY_PROXY = "privacy_proxy"
UNKNOWN = "unknown"
# The reason of a verdict that a person of ours has given to all hits of a kind.
OVERRULED = "overruled"
VERDICTS = (HUMAN, MACHINE, PRIVACY_PROXY, UNKNOWN)

# Nobody reads a subject line and reaches a link this soon after the server took the mail (seconds): it has
# to be filed, announced, opened and read first.
TOO_SOON = 3.0
# A proxy that fetches images this soon after acceptance scans; later it fetches because someone looks.
PROXY_TOO_SOON = 10.0


# A tuple, as hits are: one is made for each.
class Context(NamedTuple):
    """What surrounds a hit. `since_sent`: seconds from the server's 250 (None: not known to be accepted);
    `signs`: what its company tells against it, by Surroundings.signs."""

    since_sent: float | None = None
    signs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    verdict: str
    reasons: tuple[str, ...]


def judge(hit: Hit, context: Context) -> Verdict:
    """The verdict on one hit, with every reason that speaks for it (short stable names)."""
    headers = _of_the_headers(hit) if hit.headers else ()
    moment = _of_the_moment(hit, context)
    if moment:
        return Verdict(MACHINE, (*_of_the_request(hit.kind, hit.method, hit.ua, headers), *moment))
    return _by_the_request(hit.kind, hit.method, hit.ua, headers)


def says_robot(hit: Hit) -> bool:
    """Whether the request says of itself that no person stands behind it."""
    return hit.method == "HEAD" or user_agents.kind_of(hit.ua) == user_agents.MACHINE


# Few kinds of request make up nearly all hits.
@lru_cache(maxsize=8192)
def _by_the_request(what: str, method: str, ua: str, headers: tuple[str, ...]) -> Verdict:
    """The verdict on a hit that nothing but its request speaks of."""
    machine = _of_the_request(what, method, ua, headers)
    kind = user_agents.kind_of(ua)
    if machine:
        return Verdict(MACHINE, machine)
    if kind == user_agents.PRIVACY_PROXY:
        return Verdict(PRIVACY_PROXY, ("image_proxy",))
    if kind == user_agents.OTHER:
        return Verdict(UNKNOWN, ("unknown_program",))
    return Verdict(HUMAN, ("browser",))


def _of_the_request(what: str, method: str, ua: str, headers: tuple[str, ...]) -> tuple[str, ...]:
    kind = user_agents.kind_of(ua)
    found = {
        "head_request": method == "HEAD",
        "no_user_agent": not ua.strip(),
        "robot_user_agent": kind == user_agents.MACHINE and bool(ua.strip()),
        # Proxies fetch images; one that follows links is a scanner in the same coat.
        "proxy_followed_link": kind == user_agents.PRIVACY_PROXY and what == CLICK,
    }
    return (*(reason for reason, holds in found.items() if holds), *headers)


def _of_the_moment(hit: Hit, context: Context) -> list[str]:
    if not context.signs and (context.since_sent is None or context.since_sent >= PROXY_TOO_SOON):
        return []
    proxy = user_agents.kind_of(hit.ua) == user_agents.PRIVACY_PROXY
    bare = hit.ua.strip() == user_agents.BARE_MOZILLA
    since = context.since_sent
    found = {
        "too_soon": since is not None and since < TOO_SOON and not (bare and hit.kind == OPEN),
        "proxy_too_soon": since is not None and TOO_SOON <= since < PROXY_TOO_SOON and proxy and not bare,
    }
    # Image proxies serve everybody from few addresses, which says nothing against the reader.
    signs = [sign for sign in context.signs if not (proxy and sign == MANY_RECIPIENTS)]
    return [*(reason for reason, holds in found.items() if holds), *signs]


def _of_the_headers(hit: Hit) -> tuple[str, ...]:
    """What the kept headers tell. Browsers of people say which languages they read with every page they ask
    for (RFC 9110, section 12.5.4); headless ones leave that out by default, and so do programs that only
    borrow a browser's name (puppeteer-extra, issues 51 and 568)."""
    found = []
    if _is_prefetch(hit):
        found.append("prefetch")
    page = "text/html" in hit.headers.get("accept", "")
    if hit.kind == CLICK and page and not hit.headers.get("accept-language") and _is_dressed(hit.ua):
        found.append("no_language")
    return tuple(found)


def _is_dressed(ua: str) -> bool:
    return ua.startswith("Mozilla/5.0 (") and user_agents.kind_of(ua) == user_agents.BROWSER


def _is_prefetch(hit: Hit) -> bool:
    named = (hit.headers.get(name, "") for name in ("purpose", "sec-purpose", "x-purpose", "x-moz"))
    return any("prefetch" in value.lower() or "preview" in value.lower() for value in named)
