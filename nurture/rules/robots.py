"""Who was behind a hit: a person, a machine, or a proxy that opens mail on everyone's behalf.

No single fact decides it: link scanners come with a browser's User-Agent from rented addresses. So each
hit is judged by what it says, when it came and what came around it, and every verdict carries reasons.
"""

from dataclasses import dataclass

from nurture.rules import user_agents
from nurture.rules.hits import CLICK, OPEN, Hit

HUMAN = "human"
MACHINE = "machine"
PRIVACY_PROXY = "privacy_proxy"
UNKNOWN = "unknown"

# Nobody reads a subject line and reaches a link this soon after the server took the mail (seconds).
TOO_SOON = 2.0
# A proxy that fetches images this soon after acceptance scans; later it fetches because someone looks.
PROXY_TOO_SOON = 10.0
# A person does not follow three links of one mail within two seconds.
SWEEP_LINKS = 3
SWEEP_SECONDS = 2.0
# A scanner at a company's gate touches the mail of all its people at once (recipients in 60 seconds).
GATE_RECIPIENTS = 20
GATE_SECONDS = 60.0
# Hits of one mail are looked at together within this many seconds around each.
NEAR_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a hit. `since_sent`: seconds from the server's 250 (None: not known to be accepted);
    `swept_links`: distinct links of the same mail within SWEEP_SECONDS, this one included;
    `trapped`: a link that no person can see was followed within NEAR_SECONDS; `gate_recipients`: how many
    recipients' mails were hit from the same address within GATE_SECONDS."""

    since_sent: float | None = None
    swept_links: int = 1
    trapped: bool = False
    gate_recipients: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    verdict: str
    reasons: tuple[str, ...]


def judge(hit: Hit, context: Context) -> Verdict:
    """The verdict on one hit, with every reason that speaks for it (short stable names)."""
    machine = [*_of_the_request(hit), *_of_the_moment(hit, context)]
    if machine:
        return Verdict(MACHINE, tuple(machine))
    kind = user_agents.kind_of(hit.ua)
    if kind == user_agents.PRIVACY_PROXY:
        return Verdict(PRIVACY_PROXY, ("image_proxy",))
    if kind == user_agents.OTHER:
        return Verdict(UNKNOWN, ("unknown_program",))
    return Verdict(HUMAN, ("browser",))


def _of_the_request(hit: Hit) -> list[str]:
    kind = user_agents.kind_of(hit.ua)
    found = {
        "head_request": hit.method == "HEAD",
        "no_user_agent": not hit.ua.strip(),
        "robot_user_agent": kind == user_agents.MACHINE and bool(hit.ua.strip()),
        # Proxies fetch images; one that follows links is a scanner in the same coat.
        "proxy_followed_link": kind == user_agents.PRIVACY_PROXY and hit.kind == CLICK,
        "prefetch": _is_prefetch(hit),
    }
    return [reason for reason, holds in found.items() if holds]


def _of_the_moment(hit: Hit, context: Context) -> list[str]:
    proxy = user_agents.kind_of(hit.ua) == user_agents.PRIVACY_PROXY
    bare = hit.ua.strip() == user_agents.BARE_MOZILLA
    since = context.since_sent
    found = {
        "too_soon": since is not None and since < TOO_SOON and not (bare and hit.kind == OPEN),
        "proxy_too_soon": since is not None and TOO_SOON <= since < PROXY_TOO_SOON and proxy and not bare,
        "swept_links": context.swept_links >= SWEEP_LINKS,
        "trap_link": context.trapped,
        # Image proxies serve everybody from few addresses, which says nothing against the reader.
        "many_recipients": context.gate_recipients >= GATE_RECIPIENTS and not proxy,
    }
    return [reason for reason, holds in found.items() if holds]


def _is_prefetch(hit: Hit) -> bool:
    named = (hit.headers.get(name, "") for name in ("purpose", "sec-purpose", "x-purpose", "x-moz"))
    return any("prefetch" in value.lower() or "preview" in value.lower() for value in named)
