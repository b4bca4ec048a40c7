"""Answers that are about us and not about the recipient: go slower, or nobody believes this sender.

Google, Microsoft and Yahoo say of a sender whose SPF, DKIM or DMARC does not hold: 550 5.7.26, 5.7.515,
5.7.509,
554 5.7.9, 5.7.30; RFC 7372 and 7489 registered 5.7.20 to 5.7.27 for the same. Such an answer stands for
every mail
of the domain, so going on only makes a bad name worse.
"""

import re

_AUTHENTICATION = frozenset(
    f"{number}.7.{detail}"
    for number in (4, 5)
    for detail in (20, 21, 22, 23, 24, 25, 26, 27, 29, 30, 31, 32, 40, 509, 515)
)
# Statuses that say more than one thing: the words decide.
_MAYBE = re.compile(r"^[45]\.7\.(?:0|1|5|9|60|67)$")
_WORDS = re.compile(
    r"\b(?:dmarc|spf|dkim)\b[^.]{0,80}"
    r"\b(?:fail|not pass|did not pass|unauthenticated|reject|required|missing|align)"
    r"|\b(?:unauthenticated (?:e-?mail|sender)|not authenticated"
    r"|authentication (?:checks? )?(?:failed|required|level))",
    re.IGNORECASE,
)
_SLOW = re.compile(r"^4\.7\.\d+$")
_SLOW_WORDS = re.compile(
    r"rate.?limit|too many|too fast|throttl|slow down|unusual rate|deferred due to|temporarily deferred",
    re.IGNORECASE,
)
_GREYLISTED = re.compile(r"gr[ae]y.?list", re.IGNORECASE)


def sender_not_believed(code: int, status: str, text: str) -> bool:
    """Whether a refusal means that the sending domain does not authenticate: ours to mend, and no word about
    the recipient."""
    if code < 500 and not status.startswith("5"):
        return False
    if status in _AUTHENTICATION:
        return True
    return bool((not status or _MAYBE.match(status)) and _WORDS.search(text))


def asks_to_slow_down(code: int, status: str, text: str) -> bool:
    """Whether an answer asks for fewer mails at a time: 421, or 4.7.x that is no greylisting."""
    if code >= 500 or _GREYLISTED.search(text):
        return False
    return code == 421 or bool(_SLOW.match(status)) or bool(_SLOW_WORDS.search(text))
